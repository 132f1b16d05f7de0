//! From the rows of a catalog to the model, and to what drift says of them.

use crate::dialect::mssql::{Edition, Mssql};

mod deeds;
mod drift;
mod laws;
pub(crate) mod simulate;
mod stored;

pub(crate) fn dialect() -> Mssql {
    Mssql {
        schema: "dbo".to_owned(),
        edition: Edition::Azure,
    }
}
