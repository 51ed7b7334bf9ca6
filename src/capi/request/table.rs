//! The values that requests about tables need.

use std::time::Duration;

use super::Request;
use crate::capi::boundary::status;
use crate::capi::numbers::*;
use crate::capi::pointers::{Text, given};

/// Sets the number of partitions of the table to create. It cannot be lowered afterwards. Without
/// this number a create is refused with `PEGASUS_DUP_BAD_ARGUMENT`.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_request_set_partition_count(
    request: Option<&mut Request>,
    partition_count: i32,
) -> i32 {
    status(|| {
        given(request)?.draft.partition_count = Some(partition_count);
        Ok(())
    })
}

/// Sets the number of replicas of each partition of the table to create. The default is 3.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_request_set_replica_count(
    request: Option<&mut Request>,
    replica_count: i32,
) -> i32 {
    status(|| {
        given(request)?.draft.replica_count = Some(replica_count);
        Ok(())
    })
}

/// Sets one of the settings ("envs") of the table to create. If the key is set already, the new
/// value replaces the old value.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_request_set_env(
    request: Option<&mut Request>,
    key: Text,
    value: Text,
) -> i32 {
    status(|| {
        let envs = &mut given(request)?.draft.envs;
        envs.insert(key.terminated()?.to_owned(), value.terminated()?.to_owned());
        Ok(())
    })
}

/// Works like `pegasus_dup_request_set_env`, for texts of the given lengths without a NUL.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_request_set_env_n(
    request: Option<&mut Request>,
    key: Text,
    key_length: usize,
    value: Text,
    value_length: usize,
) -> i32 {
    status(|| {
        let envs = &mut given(request)?.draft.envs;
        envs.insert(key.sized(key_length)?.to_owned(), value.sized(value_length)?.to_owned());
        Ok(())
    })
}

/// Sets whether the writes of the table to create are made idempotent before they are replicated: 1
/// or 0. `PEGASUS_DUP_NONE`, the default, leaves it to the server and is never a difference.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_request_set_atomic_idempotent(
    request: Option<&mut Request>,
    atomic_idempotent: i32,
) -> i32 {
    status(|| {
        let request = given(request)?;
        request.draft.atomic_idempotent = match atomic_idempotent {
            PEGASUS_DUP_NONE => None,
            number => Some(boolean(number)?),
        };
        Ok(())
    })
}

/// Sets the largest number of partitions that a create accepts. The limit protects against typing
/// errors, because a server allocates memory for all partitions at once. The default is 1024.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_request_set_partition_limit(
    request: Option<&mut Request>,
    partition_limit: i32,
) -> i32 {
    status(|| {
        given(request)?.draft.partition_limit = Some(partition_limit);
        Ok(())
    })
}

/// Sets whether a create writes a random value into the settings of the table, under the key
/// "pegasus_dup.created_by": 1 or 0. If the response is lost, the value shows whether this call
/// created the table. The setting stays, duplications copy it, and a repeated `create` of the
/// Pegasus shell fails because of it. The default is 0.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_request_set_prove_authorship(
    request: Option<&mut Request>,
    prove_authorship: i32,
) -> i32 {
    status(|| {
        let request = given(request)?;
        request.draft.prove_authorship = boolean(prove_authorship)?;
        Ok(())
    })
}

/// Sets for how many seconds a dropped table can be recalled. `PEGASUS_DUP_NONE`, the default,
/// stands for the reserve time that is configured on the server, which is a week by default. Other
/// negative numbers are refused. With 0 the call fails with `PEGASUS_DUP_ERROR_INVALID_ARGUMENT`,
/// because servers would use their default.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_request_set_reserve_seconds(
    request: Option<&mut Request>,
    reserve_seconds: i64,
) -> i32 {
    status(|| {
        let request = given(request)?;
        request.draft.reserve = if reserve_seconds == i64::from(PEGASUS_DUP_NONE) {
            None
        } else {
            let seconds =
                reserve_seconds.try_into().map_err(|_| Refusal(PEGASUS_DUP_BAD_ARGUMENT))?;
            Some(Duration::from_secs(seconds))
        };
        Ok(())
    })
}

/// Sets the id of the dropped table to recall. Without this id a recall is refused with
/// `PEGASUS_DUP_BAD_ARGUMENT`.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_request_set_table_id(
    request: Option<&mut Request>,
    table_id: i32,
) -> i32 {
    status(|| {
        given(request)?.draft.table_id = Some(table_id);
        Ok(())
    })
}

/// Sets the name that a recalled table gets. NULL, the default, stands for the name that the table
/// had.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_request_set_new_name(
    request: Option<&mut Request>,
    new_name: Text,
) -> i32 {
    status(|| {
        given(request)?.draft.new_name = new_name.terminated_or_null()?.map(str::to_owned);
        Ok(())
    })
}

/// Works like `pegasus_dup_request_set_new_name`, for a text of the given length without a NUL.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_request_set_new_name_n(
    request: Option<&mut Request>,
    new_name: Text,
    length: usize,
) -> i32 {
    status(|| {
        given(request)?.draft.new_name = Some(new_name.sized(length)?.to_owned());
        Ok(())
    })
}

/// Sets whether a table is recalled although the recall may end replica servers, because the table
/// was dropped soon after it was created: 1 or 0. The default is 0.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_request_set_force(request: Option<&mut Request>, force: i32) -> i32 {
    status(|| {
        let request = given(request)?;
        request.draft.force = boolean(force)?;
        Ok(())
    })
}

/// Sets whether `PEGASUS_DUP_OPERATION_LIST_TABLES` returns dropped tables too: 1 or 0. The default
/// is 0.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_request_set_dropped(
    request: Option<&mut Request>,
    dropped: i32,
) -> i32 {
    status(|| {
        let request = given(request)?;
        request.draft.dropped = boolean(dropped)?;
        Ok(())
    })
}

/// Sets whether `PEGASUS_DUP_OPERATION_LIST_TABLES` reads the number of ready partitions, with one
/// request to the server for each table that is available: 1 or 0. The default is 0.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_request_set_health(
    request: Option<&mut Request>,
    health: i32,
) -> i32 {
    status(|| {
        let request = given(request)?;
        request.draft.health = boolean(health)?;
        Ok(())
    })
}
