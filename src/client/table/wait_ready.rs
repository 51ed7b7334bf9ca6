//! Waits until a table is ready.

use crate::client::core::Call;

use crate::error::{Error, ErrorKind, Result};

use crate::resource::Table;

pub(crate) async fn wait_ready(_: Call<'_>, _: &str) -> Result<Table> {
    Err(Error::new(ErrorKind::Unsupported, "STUB"))
}
