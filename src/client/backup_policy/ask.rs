//! Reads one backup policy, and the ids of the tables that a policy names.

use std::collections::BTreeSet;

use crate::client::ask::{check_read, garbled};
use crate::client::progress::{self, Step};
use crate::client::spec::BackupPolicySpec;
use crate::client::table::ask;
use crate::client::try_error::TryError;
use crate::enums::TableStatus;
use crate::error::{Error, ErrorKind};
use crate::escape::name;
use crate::protocol::error_code::ErrorCode;
use crate::protocol::messages::{BackupPolicyEntry, QueryBackupPolicy, QueryBackupPolicyRequest};
use crate::resource::BackupPolicy;
use crate::transport::connection::Connection;
use crate::transport::seams::Deadline;

/// Reads the policy of this name, or returns `None` if there is none.
pub(super) async fn policy(
    connection: &Connection,
    policy: &str,
    deadline: Deadline,
) -> Result<Option<BackupPolicy>, TryError> {
    progress::report(|| Step::Asking { server: connection.server.to_string() });
    let request =
        QueryBackupPolicyRequest { policy_names: vec![policy.to_owned()], backup_info_count: 0 };
    let answer = connection.call::<QueryBackupPolicy>(&request, deadline).await?;
    // This is the response if the server knows none of the names.
    if answer.err == ErrorCode::InvalidParameters {
        return Ok(None);
    }
    let subject = format!("policy={}", name(policy));
    check_read(connection, &answer.err, answer.hint_msg.as_deref(), &subject)?;
    let Some(entries) = answer.policys else {
        let error = garbled(connection, "it says ERR_OK and lacks the policies");
        return Err(TryError::Refused(error));
    };
    match entries.into_iter().find(|one| one.policy_name == policy) {
        Some(entry) => converted(entry).map(Some).ok_or_else(|| {
            TryError::Refused(garbled(connection, "the interval of a policy is not a number"))
        }),
        None => Ok(None),
    }
}

/// Converts an entry of a response, or returns `None` if its interval is not a number.
fn converted(entry: BackupPolicyEntry) -> Option<BackupPolicy> {
    Some(BackupPolicy {
        policy: entry.policy_name,
        provider: entry.backup_provider_type,
        table_ids: entry.app_ids.into_iter().collect(),
        interval_seconds: entry.backup_interval_seconds.parse().ok()?,
        history_count: entry.backup_history_count_to_keep,
        start_time: entry.start_time,
        disabled: entry.is_disable,
    })
}

/// Returns the ids of the tables that a policy names. Only tables that are available count, although servers
/// also accept the ids of dropped tables.
pub(super) async fn table_ids(
    connection: &Connection,
    spec: &BackupPolicySpec,
    deadline: Deadline,
) -> Result<BTreeSet<i32>, TryError> {
    let subject = format!("policy={}", name(&spec.policy));
    let mut infos = ask::tables(connection, &subject, deadline).await?;
    infos.retain(|one| TableStatus::from_number(one.status) == TableStatus::Available);
    let id = |table: &String| {
        let found = infos.iter().find(|one| one.app_name == *table);
        found.map(|one| one.app_id).ok_or_else(|| {
            let error = Error::new(
                ErrorKind::TableNotFound,
                format!("no such table; nothing was sent: table={} {subject}", name(table)),
            );
            TryError::Refused(error.with_hint(
                "list the tables, dropped tables included: a policy is only added for tables that are available",
            ))
        })
    };
    spec.tables.iter().map(id).collect()
}
