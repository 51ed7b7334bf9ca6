//! Queries the duplications of one table.

use super::attempt::Attempts;
use super::core::Call;
use crate::error::Result;
use crate::resource::Duplication;

pub(super) async fn query(call: Call<'_>, table: &str) -> Result<Vec<Duplication>> {
    let mut attempts = Attempts::new(call, table);
    loop {
        let connection = attempts.leader().await?;
        let nothing = |asked: &super::ask::Asked| asked.duplications.is_empty();
        if let Some(asked) = attempts.ask(&connection, &nothing).await? {
            return Ok(asked.duplications);
        }
    }
}
