//! Drops a table.

use crate::client::core::Call;

use crate::error::{Error, ErrorKind, Result};
use crate::outcome::Removal;
use crate::resource::Table;

pub(crate) async fn drop(
    _: Call<'_>,
    _: &str,
    _: Option<std::time::Duration>,
) -> Result<Removal<Table>> {
    Err(Error::new(ErrorKind::Unsupported, "STUB"))
}
