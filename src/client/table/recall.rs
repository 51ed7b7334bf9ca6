//! Recalls a dropped table.

use crate::client::core::Call;
use crate::client::spec::RecallSpec;
use crate::error::{Error, ErrorKind, Result};
use crate::outcome::Change;
use crate::resource::Table;

pub(crate) async fn recall(_: Call<'_>, _: &RecallSpec) -> Result<Change<Table>> {
    Err(Error::new(ErrorKind::Unsupported, "STUB"))
}
