//! The values that requests about backup policies need.

use super::Request;
use crate::capi::boundary::status;
use crate::capi::pointers::{Text, given};

/// Sets the name of the backup policy.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_request_set_policy(
    request: Option<&mut Request>,
    policy: Text,
) -> i32 {
    status(|| {
        given(request)?.draft.policy = Some(policy.terminated()?.to_owned());
        Ok(())
    })
}

/// Works like `pegasus_dup_request_set_policy`, for a text of the given length without a NUL.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_request_set_policy_n(
    request: Option<&mut Request>,
    policy: Text,
    length: usize,
) -> i32 {
    status(|| {
        given(request)?.draft.policy = Some(policy.sized(length)?.to_owned());
        Ok(())
    })
}

/// Sets the storage to which the backups are written: the name of a section `block_service.NAME` in
/// the configuration of the meta servers.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_request_set_provider(
    request: Option<&mut Request>,
    provider: Text,
) -> i32 {
    status(|| {
        given(request)?.draft.provider = Some(provider.terminated()?.to_owned());
        Ok(())
    })
}

/// Works like `pegasus_dup_request_set_provider`, for a text of the given length without a NUL.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_request_set_provider_n(
    request: Option<&mut Request>,
    provider: Text,
    length: usize,
) -> i32 {
    status(|| {
        given(request)?.draft.provider = Some(provider.sized(length)?.to_owned());
        Ok(())
    })
}

/// Adds the name of one table to the tables that the policy backs up. The table must exist when the
/// call is made.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_request_add_policy_table(
    request: Option<&mut Request>,
    table: Text,
) -> i32 {
    status(|| {
        given(request)?.draft.policy_tables.push(table.terminated()?.to_owned());
        Ok(())
    })
}

/// Works like `pegasus_dup_request_add_policy_table`, for a text of the given length without a NUL.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_request_add_policy_table_n(
    request: Option<&mut Request>,
    table: Text,
    length: usize,
) -> i32 {
    status(|| {
        given(request)?.draft.policy_tables.push(table.sized(length)?.to_owned());
        Ok(())
    })
}

/// Sets the time between two backups, in seconds. Servers of 2.6 require at least a day.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_request_set_interval_seconds(
    request: Option<&mut Request>,
    interval_seconds: i64,
) -> i32 {
    status(|| {
        given(request)?.draft.interval_seconds = Some(interval_seconds);
        Ok(())
    })
}

/// Sets the number of backups that are kept.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_request_set_history_count(
    request: Option<&mut Request>,
    history_count: i32,
) -> i32 {
    status(|| {
        given(request)?.draft.history_count = Some(history_count);
        Ok(())
    })
}

/// Sets the time of day at which a backup starts, as "HH:MM" from "00:00" to "23:59" in the
/// server's local time. Servers only use the hour.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_request_set_start_time(
    request: Option<&mut Request>,
    start_time: Text,
) -> i32 {
    status(|| {
        given(request)?.draft.start_time = Some(start_time.terminated()?.to_owned());
        Ok(())
    })
}

/// Works like `pegasus_dup_request_set_start_time`, for a text of the given length without a NUL.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_request_set_start_time_n(
    request: Option<&mut Request>,
    start_time: Text,
    length: usize,
) -> i32 {
    status(|| {
        given(request)?.draft.start_time = Some(start_time.sized(length)?.to_owned());
        Ok(())
    })
}
