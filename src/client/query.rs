//! The duplications of one table.

use super::attempt::Attempts;
use super::core::Core;
use super::spec::check_name;
use crate::error::Result;
use crate::outcome::Duplication;
use crate::transport::seams::Deadline;

pub(super) async fn query(
    core: &Core,
    table: &str,
    deadline: Deadline,
) -> Result<Vec<Duplication>> {
    check_name("table", table)?;
    let mut attempts = Attempts::new(core, table, deadline);
    loop {
        let connection = attempts.leader().await?;
        let nothing = |asked: &super::ask::Asked| asked.duplications.is_empty();
        if let Some(asked) = attempts.ask(&connection, &nothing).await? {
            return Ok(asked.duplications);
        }
    }
}
