//! The parts without IO, each over schemas of growing size: reading YAML, comparing, lowering, planning,
//! rendering, reading a catalog, and splitting a script. `cargo bench` shows time for each element, which
//! stays the same where cost is linear.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use dbtool::diag::Source;
use dbtool::dialect::Dialect;
use dbtool::dialect::mssql::{Edition, Mssql};
use dbtool::dialect::sqlite::Sqlite;
use dbtool::diff::{Renames, diff};
use dbtool::model::Schema;
use dbtool::plan;
use dbtool::yaml::schema::{Rules, load};

const SIZES: [usize; 3] = [10, 100, 1_000];

/// The schema files of so many tables, much like those of `make_project.py`.
fn files(count: usize) -> Vec<Arc<Source>> {
    let file = |number: usize| {
        let name = format!("entity{number}");
        Arc::new(Source {
            name: format!("schema/{name}.yaml"),
            text: format!(
                "table: {name}\n\
                 columns:\n  \
                   tenantId: {{ type: key(64) }}\n  \
                   {name}Id: {{ type: uuid, default: newSequentialId }}\n  \
                   status: {{ type: string(32), oneOf: [open, running, done], default: open }}\n  \
                   amount: {{ type: \"decimal(9,2)\", default: 0, min: 0 }}\n  \
                   finishedAt: {{ type: timestamp(3), nullable: true }}\n  \
                   createdAt: {{ type: timestamp(3), default: utcNow }}\n\
                 primaryKey: [tenantId, {name}Id]\n\
                 indexes:\n  \
                   - columns: [tenantId, status, createdAt desc]\n  \
                   - {{ name: ix{number}Open, columns: [tenantId, createdAt], where: status = 'open' }}\n\
                 checks:\n  \
                   - {{ name: ck{number}Finished, expression: \"status <> 'done' or finishedAt is not null\" }}\n"
            ),
        })
    };
    (0..count).map(file).collect()
}

fn schema(count: usize) -> Schema {
    let (loaded, findings) = load(&files(count), &Rules::default());
    assert!(findings.is_empty(), "{findings:?}");
    loaded.schema
}

fn server() -> Mssql {
    Mssql {
        schema: "dbo".to_owned(),
        edition: Edition::Azure,
    }
}

/// The script that makes a schema from nothing.
fn script(dialect: &dyn Dialect, schema: &Schema) -> String {
    let (lowered, _) = dialect.lower(schema);
    let steps = plan::steps(
        &Schema::default(),
        &lowered,
        &Renames::default(),
        dialect.capabilities(),
    );
    dialect.script(
        &["a schema from nothing".to_owned()],
        &dialect.render(&steps),
    )
}

fn pure(criterion: &mut Criterion) {
    for count in SIZES {
        let mut group = criterion.benchmark_group("tables");
        group
            .sample_size(20)
            .throughput(Throughput::Elements(count as u64));
        let sources = files(count);
        let before = schema(count);
        let mut after = before.clone();
        if let Some(table) = after.tables.values_mut().last() {
            table.columns[2].nullable = true;
        }
        let id = |name: &str| BenchmarkId::new(name, count);
        group.bench_function(id("read YAML"), |bench| {
            bench.iter(|| load(black_box(&sources), &Rules::default()));
        });
        group.bench_function(id("diff, one change"), |bench| {
            bench.iter(|| diff(black_box(&before), black_box(&after), &Renames::default()));
        });
        group.bench_function(id("diff from nothing"), |bench| {
            bench.iter(|| {
                plan::order(diff(
                    &Schema::default(),
                    black_box(&after),
                    &Renames::default(),
                ))
            });
        });
        for (name, dialect) in [
            ("T-SQL", &server() as &dyn Dialect),
            ("SQLite", &Sqlite as &dyn Dialect),
        ] {
            group.bench_function(id(&format!("lower, plan and render {name}")), |bench| {
                bench.iter(|| script(dialect, black_box(&before)));
            });
            let text = script(dialect, &before);
            group.bench_function(id(&format!("split {name}")), |bench| {
                bench.iter(|| dialect.split(black_box(&text)));
            });
        }
        group.finish();
    }
}

criterion_group!(benches, pure);
criterion_main!(benches);
