//! Functions that read an outcome of the kind `PEGASUS_DUP_INFO`.

use std::ffi::c_char;
use std::ptr::null;

use super::facts::{Facts, ServerTexts};
use super::numbers::PEGASUS_DUP_NONE;
use super::outcome::{Outcome, read};
use super::pointers::or_null;
use crate::enums::Numbered;

fn server(outcome: &Facts, index: usize) -> Option<&ServerTexts> {
    outcome.info.as_ref()?.servers.get(index)
}

/// Returns the address of the leader, or NULL if no server is the leader or the kind of the outcome
/// is not `PEGASUS_DUP_INFO`.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_info_leader(outcome: Option<&Outcome>) -> *const c_char {
    read(outcome, null(), |outcome| Some(or_null(outcome.info.as_ref()?.leader.as_ref())))
}

/// Returns the name of the cluster itself, or NULL if the leader does not report the name.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_info_cluster_name(outcome: Option<&Outcome>) -> *const c_char {
    read(outcome, null(), |outcome| Some(or_null(outcome.info.as_ref()?.cluster_name.as_ref())))
}

/// Returns the version that the leader reports over HTTP, or NULL if it reports none.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_info_version(outcome: Option<&Outcome>) -> *const c_char {
    read(outcome, null(), |outcome| Some(or_null(outcome.info.as_ref()?.version.as_ref())))
}

/// Returns the generation that the client uses for the leader, one of `PEGASUS_DUP_GENERATION_*`,
/// or `PEGASUS_DUP_NONE` if the generation is not known.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_info_generation(outcome: Option<&Outcome>) -> i32 {
    read(outcome, PEGASUS_DUP_NONE, |outcome| {
        outcome.info.as_ref()?.generation.map(Numbered::abi_number)
    })
}

/// Returns the reason why the generation is known: "list_rpc", "no_replica_count_rpc", "version",
/// "no_version" or "stated". Later versions may return other texts. Returns NULL if the generation
/// is not known.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_info_known_by(outcome: Option<&Outcome>) -> *const c_char {
    read(outcome, null(), |outcome| Some(or_null(outcome.info.as_ref()?.known_by.as_ref())))
}

/// Returns the number of servers that were asked. Each address of a listed name counts, and so does
/// each server that a follower named.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_info_server_count(outcome: Option<&Outcome>) -> usize {
    read(outcome, 0, |outcome| Some(outcome.info.as_ref()?.servers.len()))
}

/// Returns the address of the server at an index, which starts at 0. Returns NULL if the index is
/// too large.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_info_server(
    outcome: Option<&Outcome>,
    index: usize,
) -> *const c_char {
    read(outcome, null(), |outcome| Some(server(outcome, index)?.server.as_ptr()))
}

/// Returns the role of that server: "leader", "follower", "not_ready", "unreachable", "no_answer"
/// or "no_meta_server". Later versions may return other texts. Returns NULL if the index is too
/// large.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_info_server_role(
    outcome: Option<&Outcome>,
    index: usize,
) -> *const c_char {
    read(outcome, null(), |outcome| Some(server(outcome, index)?.role.as_ptr()))
}

/// Returns further information on that server in words, such as the reason why it cannot be reached
/// or the leader that a follower names. Returns NULL if there is no further information or the
/// index is too large.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_info_server_detail(
    outcome: Option<&Outcome>,
    index: usize,
) -> *const c_char {
    read(outcome, null(), |outcome| Some(or_null(server(outcome, index)?.detail.as_ref())))
}
