//! Statements made up from a tape of choices: some sound, many not. Each condition on a tenant is a
//! piece of its own, so that a test can take one away.

use crate::testing::Tape;

/// A statement in pieces.
#[derive(Debug, Clone)]
pub(super) struct Made {
    /// Its text, with `\u{1}n\u{2}` where condition `n` stands.
    text: String,
    /// The conditions that hold tables to the tenant.
    pub(super) conditions: Vec<String>,
}

impl Made {
    /// The statement, whole or with something else in the place of one condition.
    pub(super) fn sql(&self, instead: Option<(usize, &str)>) -> String {
        let mut sql = self.text.clone();
        for (at, condition) in self.conditions.iter().enumerate() {
            let condition = match instead {
                Some((other, text)) if other == at => text,
                _ => condition,
            };
            sql = sql.replace(&format!("\u{1}{at}\u{2}"), condition);
        }
        sql
    }
}

/// Makes statements. With `wild`, conditions are at times left out, misplaced or twisted.
pub(super) struct Maker<'t> {
    tape: &'t mut Tape,
    wild: bool,
    conditions: Vec<String>,
    aliases: usize,
    depth: usize,
}

/// The tables with a column to join by, and whether they belong to tenants.
const TABLES: [(&str, &str, bool); 4] = [
    ("jobs", "jobId", true),
    ("entries", "jobId", true),
    ("plans", "code", false),
    ("countries", "code", false),
];

struct Table {
    alias: String,
    key: &'static str,
    /// What equals the tenant in it, where something does.
    anchor: Option<String>,
}

impl<'t> Maker<'t> {
    pub(super) fn new(tape: &'t mut Tape, wild: bool) -> Self {
        Self {
            tape,
            wild,
            conditions: Vec::new(),
            aliases: 0,
            depth: 0,
        }
    }

    /// A query whose rows come in an order that depends on nothing else.
    pub(super) fn query(mut self) -> Made {
        let with = if self.tape.chance(20) {
            let body = self.select(&[], &["tenantId", "jobId"]);
            format!("WITH mine AS ({body}) ")
        } else {
            String::new()
        };
        let mut text = self.select(&[], &[]);
        if !with.is_empty() && self.tape.chance(70) {
            text = format!("SELECT COUNT(*), MAX(jobId) FROM mine UNION ALL {text}");
        }
        if self.tape.chance(15) {
            let op = ["UNION", "UNION ALL", "EXCEPT", "INTERSECT"][self.tape.below(4)];
            let other = self.select(&[], &[]);
            text = format!("{text} {op} {other}");
        }
        self.made(format!("{with}{text}"))
    }

    /// A statement that changes rows.
    pub(super) fn change(mut self) -> Made {
        let text = match self.tape.below(4) {
            0 => {
                let condition = self.held("jobs", "jobs.tenantId", &[]);
                let more = self.more("jobs", "jobId", &outer("jobs", true));
                format!("DELETE FROM jobs WHERE {condition}{more}")
            }
            1 => {
                let condition = self.held("jobs", "jobs.tenantId", &[]);
                let more = self.more("jobs", "jobId", &outer("jobs", true));
                let set = match self.wild && self.tape.chance(20) {
                    true => "tenantId = 'b'",
                    false => "status = 'touched'",
                };
                format!("UPDATE jobs SET {set} WHERE {condition}{more}")
            }
            2 => {
                let tenant = match self.wild && self.tape.chance(30) {
                    true => ["'b'", "@P2", "(SELECT @P1)"][self.tape.below(3)],
                    false => "@P1",
                };
                let jobs = self.tape.below(9);
                format!(
                    "INSERT INTO entries (tenantId, jobId, note) VALUES ({tenant}, {jobs}, 'new')"
                )
            }
            _ => {
                let body = self.select(&[], &["tenantId", "jobId"]);
                format!("INSERT INTO entries (tenantId, jobId) {body}")
            }
        };
        self.made(text)
    }

    fn made(self, text: String) -> Made {
        Made {
            text,
            conditions: self.conditions,
        }
    }

    /// A condition that holds a table, put down as a piece.
    fn held(&mut self, alias: &str, column: &str, anchors: &[String]) -> String {
        let anchor = match anchors {
            [] => "@P1".to_owned(),
            anchors if self.tape.chance(60) => anchors[self.tape.below(anchors.len())].clone(),
            _ => "@P1".to_owned(),
        };
        let mut condition = match self.tape.chance(30) {
            true => format!("{anchor} = {column}"),
            false => format!("{column} = {anchor}"),
        };
        if self.wild && self.tape.chance(20) {
            condition = match self.tape.below(9) {
                0 => "1 = 1".into(),
                1 => format!("({condition} OR 1 = 1)"),
                2 => format!("NOT ({condition})"),
                3 => format!("{column} = {column}"),
                4 => format!("{column} = 'b'"),
                5 => format!("{column} <> @P1"),
                6 => format!("COALESCE({column}, @P1) = @P1"),
                7 => format!("{alias}.rowid > 0"),
                _ => format!("{column} IN (@P1, 'b')"),
            };
        }
        self.conditions.push(condition);
        format!("\u{1}{}\u{2}", self.conditions.len() - 1)
    }

    /// Further conditions, with subqueries that may lean on the tables around.
    fn more(&mut self, alias: &str, key: &str, around: &[Table]) -> String {
        match self.tape.below(6) {
            0 if self.depth < 2 => {
                let body = self.select(around, &["jobId"]);
                let not = ["", "NOT "][self.tape.below(2)];
                format!(" AND {alias}.{key} {not}IN ({body})")
            }
            1 if self.depth < 2 => {
                let body = self.select(around, &["jobId"]);
                let not = ["", "NOT "][self.tape.below(2)];
                format!(" AND {not}EXISTS ({body})")
            }
            2 => format!(" AND ({alias}.{key} > 2 OR {alias}.{key} < 2)"),
            3 => format!(" AND NOT {alias}.{key} = 3"),
            _ => String::new(),
        }
    }

    /// A SELECT over one to three tables. `columns` says what it must give; without them it gives
    /// two columns that tell much of the rows.
    fn select(&mut self, around: &[Table], columns: &[&str]) -> String {
        self.depth += 1;
        let count = 1 + self.tape.below(3);
        let mut tables: Vec<Table> = Vec::new();
        let mut from = String::new();
        let (mut filters, mut late) = (Vec::new(), Vec::new());
        for at in 0..count {
            let (name, key, owned) = match at {
                0 => TABLES[self.tape.below(2)],
                _ => TABLES[self.tape.below(4)],
            };
            self.aliases += 1;
            let alias = format!("t{}", self.aliases);
            let column = format!("{alias}.tenantId");
            let mut table = Table {
                alias: alias.clone(),
                key,
                anchor: owned.then(|| column.clone()),
            };
            let mut source = format!("{name} {alias}");
            let derived = owned && self.depth < 3 && self.tape.chance(15);
            if derived {
                let body = self.select(&[], &["tenantId", "jobId"]);
                source = format!("({body}) {alias}");
            }
            let anchors: Vec<String> = tables
                .iter()
                .chain(around)
                .filter_map(|table| table.anchor.clone())
                .collect();
            let hold = owned && !derived;
            let kinds = ["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", ","];
            let kind = match at {
                0 => "",
                _ => kinds[self.tape.below(5)],
            };
            // Where the condition goes: into ON where that is enough, else into WHERE.
            let enough = matches!(kind, "JOIN" | "LEFT JOIN");
            let misplace = self.wild && self.tape.chance(15);
            let in_on = kind != "," && at > 0 && (misplace || (enough && self.tape.chance(60)));
            let mut on = match tables.first() {
                Some(first) => format!("{}.{} = {alias}.{}", first.alias, first.key, table.key),
                None => String::new(),
            };
            // What was put off may come in any ON, and does not hold its table in each.
            if !on.is_empty() && kind != "," && self.tape.chance(70) {
                for condition in late.drain(..) {
                    on = format!("{on} AND {condition}");
                }
            }
            if hold {
                let condition = self.held(&alias, &column, &anchors);
                if in_on {
                    on = format!("{on} AND {condition}");
                } else if self.wild && self.tape.chance(30) {
                    late.push(condition);
                } else {
                    filters.push(condition);
                }
            }
            if derived {
                table.anchor = Some(column);
            }
            match kind {
                "" => from = source,
                "," => {
                    from = format!("{from} CROSS JOIN {source}");
                    filters.push(on);
                }
                kind => from = format!("{from} {kind} {source} ON {on}"),
            }
            tables.push(table);
        }
        filters.extend(late);
        let first = &tables[0];
        let (alias, key) = (first.alias.clone(), first.key);
        let more = self.more(&alias, key, &tables);
        let list = match columns {
            [] if self.tape.chance(30) => format!("COUNT(*), MAX({alias}.{key})"),
            [] => {
                let last = &tables[count - 1];
                let last = format!("{}.{}", last.alias, last.key);
                if self.tape.chance(20) && self.depth < 2 {
                    let body = self.select(&tables, &["jobId"]);
                    format!("(SELECT COUNT(*) FROM ({body})), {last}")
                } else {
                    format!("{alias}.{key}, {last}")
                }
            }
            columns => {
                let columns = columns.iter().map(|column| match *column {
                    "tenantId" => {
                        let given = format!("{alias}.tenantId");
                        match self.tape.below(4) {
                            0 => "@P1 AS tenantId".to_owned(),
                            1 if self.wild => format!("COALESCE({given}, 'b') AS tenantId"),
                            _ => given,
                        }
                    }
                    _ => format!("{alias}.{key} AS jobId"),
                });
                columns.collect::<Vec<_>>().join(", ")
            }
        };
        self.depth -= 1;
        let filters = match filters.is_empty() {
            true => "1 = 1".to_owned(),
            false => filters.join(" AND "),
        };
        format!("SELECT {list} FROM {from} WHERE {filters}{more}")
    }
}

fn outer(alias: &str, owned: bool) -> Vec<Table> {
    vec![Table {
        alias: alias.to_owned(),
        key: "jobId",
        anchor: owned.then(|| format!("{alias}.tenantId")),
    }]
}
