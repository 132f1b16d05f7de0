//! From the rows of a catalog to the model, and to what drift says of them.

use crate::dialect::mssql::{Edition, Mssql};

mod deeds;
mod drift;
mod laws;
mod simulate;
mod stored;

fn dialect() -> Mssql {
    Mssql {
        schema: "dbo".to_owned(),
        edition: Edition::Azure,
    }
}
