//! Adds a backup policy.

use crate::client::core::Call;
use crate::client::spec::BackupPolicySpec;
use crate::error::{Error, ErrorKind, Result};
use crate::outcome::Outcome;
use crate::resource::BackupPolicy;

pub(crate) async fn add(_: Call<'_>, _: &BackupPolicySpec) -> Result<Outcome<BackupPolicy>> {
    Err(Error::new(ErrorKind::Unsupported, "STUB"))
}
