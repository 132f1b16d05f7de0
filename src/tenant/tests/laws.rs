//! The laws: a statement that lost a condition is denied, and what is allowed neither sees nor
//! touches another tenant's rows.

use proptest::prelude::*;

use super::generator::{Made, Maker};
use super::*;
use crate::engine::sqlite::{MEMORY, OpenOptions, SqliteSession};
use crate::engine::{Rows, Session as _, Value};
use crate::testing::Tape;

fn verdict(sql: &str) -> Verdict {
    let guard = Guard {
        engine: Engine::Sqlite,
        schema: &schema(),
        tenancy: &tenancy(),
        namespace: "main",
        parameter: "@P1",
    };
    guard.judge(sql)
}

fn tape() -> impl Strategy<Value = Vec<u16>> {
    prop::collection::vec(any::<u16>(), 40..160)
}

/// A row of `jobs` or `entries`, without its tenant.
type Row = (bool, u8, u8);

fn rows() -> impl Strategy<Value = Vec<Row>> {
    prop::collection::vec((any::<bool>(), 0_u8..6, 0_u8..6), 0..8)
}

/// A database with these rows for tenants a and b.
fn database(a: &[Row], b: &[Row]) -> SqliteSession {
    let options = OpenOptions {
        create: true,
        read_only: false,
    };
    let mut session = SqliteSession::open(MEMORY, options).unwrap();
    session
        .execute(
            "CREATE TABLE jobs (tenantId TEXT, jobId INTEGER, status TEXT, attempts INTEGER, parentId INTEGER);
             CREATE TABLE entries (tenantId TEXT, entryId INTEGER, jobId INTEGER, note TEXT);
             CREATE TABLE plans (tenantId TEXT, code INTEGER, name TEXT);
             CREATE TABLE countries (code INTEGER, name TEXT);
             INSERT INTO plans VALUES ('a', 1, 'x'), ('b', 2, 'y'), ('b', 3, 'z');
             INSERT INTO countries VALUES (1, 'x'), (2, 'y'), (4, 'z');",
        )
        .unwrap();
    for (tenant, rows) in [("a", a), ("b", b)] {
        for (job, key, other) in rows {
            let sql = match job {
                true => "INSERT INTO jobs VALUES (@P1, @P2, @P3, @P2, @P3)",
                false => "INSERT INTO entries VALUES (@P1, @P3, @P2, @P3)",
            };
            let values = [
                Value::Text(tenant.into()),
                Value::Integer((*key).into()),
                Value::Integer((*other).into()),
            ];
            session.execute_with(sql, &values).unwrap();
        }
    }
    session
}

/// What the tenant a gets, in an order of its own; or the error, which must be the same too.
fn answer(session: &mut SqliteSession, sql: &str) -> Result<Vec<String>, String> {
    let Rows { rows, .. } = session
        .query(sql, &parameters(sql))
        .map_err(|error| error.message)?;
    let mut rows: Vec<String> = rows.iter().map(|row| format!("{row:?}")).collect();
    rows.sort();
    Ok(rows)
}

fn parameters(sql: &str) -> Vec<Value> {
    let all = [("@P1", "a"), ("@P2", "b")];
    let last = all.iter().rposition(|(name, _)| sql.contains(name));
    let used = &all[..last.map_or(0, |last| last + 1)];
    used.iter()
        .map(|(_, value)| Value::Text((*value).into()))
        .collect()
}

/// All rows of a tenant.
fn owned(session: &mut SqliteSession, tenant: &str) -> Vec<String> {
    let mut all = Vec::new();
    for table in ["jobs", "entries"] {
        let sql = format!(
            "SELECT '{table}', * FROM {table} WHERE tenantId IS NOT NULL AND tenantId = @P1"
        );
        let rows = session.query(&sql, &[Value::Text(tenant.into())]).unwrap();
        all.extend(rows.rows.iter().map(|row| format!("{row:?}")));
    }
    all.sort();
    all
}

fn made(choices: &[u16], wild: bool, change: bool) -> Made {
    let mut tape = Tape::new(choices.to_vec());
    let maker = Maker::new(&mut tape, wild);
    match change {
        true => maker.change(),
        false => maker.query(),
    }
}

/// As many cases as a test can afford; `PROPTEST_CASES` asks for more.
fn cases(cases: u32) -> ProptestConfig {
    let default = ProptestConfig::default();
    ProptestConfig {
        cases: match std::env::var_os("PROPTEST_CASES") {
            Some(_) => default.cases,
            None => cases,
        },
        max_global_rejects: 1_000_000,
        ..default
    }
}

proptest! {
    #![proptest_config(cases(16))]

    /// Sound statements are allowed: a guard that denies everything would pass the other laws.
    #[test]
    fn what_is_sound_is_mostly_allowed(tapes in prop::collection::vec(tape(), 20), change: bool) {
        let allowed = tapes
            .iter()
            .filter(|tape| verdict(&made(tape, false, change).sql(None)).is_allowed())
            .count();
        prop_assert!(allowed >= 6, "{allowed} of 20");
    }
}

proptest! {
    #![proptest_config(cases(100))]

    #[test]
    fn without_any_one_condition_it_is_denied(tape in tape(), change: bool) {
        let made = made(&tape, false, change);
        prop_assume!(verdict(&made.sql(None)).is_allowed());
        for at in 0..made.conditions.len() {
            for instead in ["1 = 1", "1 = 1 OR 1 = 1", "'a' = @P1"] {
                let sql = made.sql(Some((at, instead)));
                prop_assert!(!verdict(&sql).is_allowed(), "{sql}");
            }
        }
    }
}

proptest! {
    #![proptest_config(cases(250))]

    #[test]
    fn an_answer_does_not_depend_on_other_tenants(
        tape in tape(),
        mine in rows(),
        theirs in rows(),
        other in rows(),
    ) {
        let sql = made(&tape, true, false).sql(None);
        prop_assume!(verdict(&sql).is_allowed());
        let alone = answer(&mut database(&mine, &[]), &sql);
        for theirs in [&theirs, &other] {
            let beside = answer(&mut database(&mine, theirs), &sql);
            prop_assert_eq!(&alone, &beside, "{}", sql);
        }
    }

    #[test]
    fn a_change_leaves_other_tenants_alone(tape in tape(), mine in rows(), theirs in rows()) {
        let sql = made(&tape, true, true).sql(None);
        prop_assume!(verdict(&sql).is_allowed());
        let mut alone = database(&mine, &[]);
        let mut beside = database(&mine, &theirs);
        let before = owned(&mut beside, "b");
        let done: Vec<_> = [&mut alone, &mut beside]
            .into_iter()
            .map(|session| {
                let done = session.execute_with(&sql, &parameters(&sql));
                done.map_err(|error| error.message)
            })
            .collect();
        prop_assert_eq!(&done[0], &done[1], "{}", &sql);
        prop_assert_eq!(before, owned(&mut beside, "b"), "{}", &sql);
        prop_assert_eq!(owned(&mut alone, "a"), owned(&mut beside, "a"), "{}", &sql);
    }
}
