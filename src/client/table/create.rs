//! Creates a table.

use crate::client::core::Call;
use crate::client::spec::TableSpec;
use crate::error::{Error, ErrorKind, Result};
use crate::outcome::Outcome;
use crate::resource::Table;

pub(crate) async fn create(_: Call<'_>, _: &TableSpec) -> Result<Outcome<Table>> {
    Err(Error::new(ErrorKind::Unsupported, "STUB"))
}
