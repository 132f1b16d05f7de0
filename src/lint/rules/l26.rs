//! L26: a key that long values break.

use super::{Hit, Rule, Scene};
use crate::diag::Severity;
use crate::lint::state::KeyClass;
use crate::lint::tsql::statement::{Name, Part, Rule as Demand};

/// The rule.
pub const RULE: Rule = Rule {
    id: "L26",
    code: "lint/L26",
    name: "key-too-long",
    title: r"a key over 1,700 bytes, 900 if clustered",
    severity: Severity::Error,
    explanation: r"The key of an index takes 1,700 bytes, of a clustered one 900. When columns of fixed length alone are
longer, it cannot be made; with columns of variable length it is made with a warning that nobody reads,
and an INSERT or UPDATE of a long value fails later (error 1946). nvarchar takes two bytes a character.
Columns of (max) types fit into no key (error 1919).

Included columns do not count.",
    help: r"shorten the columns, or put a hash of the long one into the key",
    rewrite: r"ALTER TABLE dbo.files ADD pathHash AS CAST(HASHBYTES('SHA2_256', path) AS binary(32)) PERSISTED;
GO
CREATE UNIQUE NONCLUSTERED INDEX uxFilesPathHash ON dbo.files (tenantId, pathHash);",
    check,
};

fn check(scene: &Scene<'_>, hits: &mut Vec<Hit>) {
    if let Some((name, index)) = scene.created_index() {
        if !index.columnstore {
            check_key(
                scene,
                name,
                &index.columns,
                index.clustered,
                &index.name.name,
                hits,
            );
        }
        return;
    }
    let Some(adding) = scene.adding() else {
        return;
    };
    for constraint in adding.constraints {
        if let Demand::Key {
            columns,
            clustered,
            primary,
            ..
        } = &constraint.rule
        {
            let name = constraint.name.as_ref().map(|name| name.name.as_str());
            let unnamed = match primary {
                true => "the primary key",
                false => "the unique constraint",
            };
            let clustered =
                clustered.unwrap_or_else(|| *primary && is_clustered(scene, adding.table, columns));
            let name = name.unwrap_or(unnamed);
            check_key(scene, adding.table, columns, clustered, name, hits);
        }
    }
    for index in adding.indexes.iter().filter(|index| !index.columnstore) {
        let name = &index.name.name;
        check_key(
            scene,
            adding.table,
            &index.columns,
            index.clustered,
            name,
            hits,
        );
    }
}

/// Whether the primary key over these columns came out as the clustered one.
fn is_clustered(scene: &Scene<'_>, name: &Name, columns: &[Part]) -> bool {
    let Some(table) = scene.table_with(name) else {
        return true;
    };
    let columns: Vec<String> = columns.iter().map(Part::folded).collect();
    table
        .keys
        .iter()
        .any(|key| key.class == KeyClass::Primary && key.clustered && key.columns == columns)
}

fn check_key(
    scene: &Scene<'_>,
    name: &Name,
    columns: &[Part],
    clustered: bool,
    key: &str,
    hits: &mut Vec<Hit>,
) {
    let Some(table) = scene.table_with(name) else {
        return;
    };
    let (mut bytes, mut large) = (0_u64, None);
    for column in columns {
        let Some(ty) = table.column(&column.name).and_then(|it| it.ty.as_ref()) else {
            continue;
        };
        match ty.bytes() {
            Some((most, _)) => bytes += u64::from(most),
            None if ty.is_large() => large = large.or(Some((column, ty))),
            None => {}
        }
    }
    let limit = if clustered { 900 } else { 1_700 };
    let (Some(first), Some(last)) = (columns.first(), columns.last()) else {
        return;
    };
    let place = first.range.start..last.range.end.max(first.range.end);
    if let Some((column, ty)) = large {
        hits.push(
            Hit::new(
                column.range.clone(),
                format!(
                    "{}.{} is {ty}, which fits into no key",
                    name.last(),
                    column.name
                ),
            )
            .about(name.last(), Some(&column.name)),
        );
    } else if bytes > limit {
        let kind = if clustered {
            "clustered"
        } else {
            "nonclustered"
        };
        hits.push(
            Hit::new(
                place,
                format!("the key of {key} can be {bytes} bytes long and a {kind} one takes {limit}: long values are refused"),
            )
            .about(name.last(), None),
        );
    }
}
