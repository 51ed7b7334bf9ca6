//! What the meta servers are, as C reads it from an outcome of the kind `PEGASUS_DUP_INFO`.

use std::ffi::c_char;
use std::ptr::null;

use super::facts::{Facts, ServerTexts};
use super::numbers::PEGASUS_DUP_NOT_TOLD;
use super::outcome::{Outcome, read};
use super::pointers::or_null;
use crate::enums::Numbered;

fn server(outcome: &Facts, place: usize) -> Option<&ServerTexts> {
    outcome.info.as_ref()?.servers.get(place)
}

/// The server that leads. NULL if no server says that it does, or the kind is not `PEGASUS_DUP_INFO`.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_info_leader(outcome: Option<&Outcome>) -> *const c_char {
    read(outcome, null(), |outcome| Some(or_null(outcome.info.as_ref()?.leader.as_ref())))
}

/// The version that the leader tells over HTTP. NULL if it tells none.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_info_version(outcome: Option<&Outcome>) -> *const c_char {
    read(outcome, null(), |outcome| Some(or_null(outcome.info.as_ref()?.version.as_ref())))
}

/// The generation of the leader that the client goes by: one of `PEGASUS_DUP_GENERATION_*`, or
/// `PEGASUS_DUP_NOT_TOLD` if it could not be found out.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_info_generation(outcome: Option<&Outcome>) -> i32 {
    read(outcome, PEGASUS_DUP_NOT_TOLD, |outcome| {
        outcome.info.as_ref()?.generation.map(Numbered::abi_number)
    })
}

/// How the generation is known: "list_rpc", "no_replica_count_rpc", "version", "no_version" or
/// "stated"; others may come. NULL if the generation is not known.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_info_known_by(outcome: Option<&Outcome>) -> *const c_char {
    read(outcome, null(), |outcome| Some(or_null(outcome.info.as_ref()?.known_by.as_ref())))
}

/// How many servers were asked: each address of a listed name counts, and so do the servers that a
/// follower named.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_info_server_count(outcome: Option<&Outcome>) -> usize {
    read(outcome, 0, |outcome| Some(outcome.info.as_ref()?.servers.len()))
}

/// The address of one of those servers, by its place, from 0. NULL past the end.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_info_server(
    outcome: Option<&Outcome>,
    place: usize,
) -> *const c_char {
    read(outcome, null(), |outcome| Some(server(outcome, place)?.server.as_ptr()))
}

/// What that server is: "leader", "follower", "not_ready", "unreachable", "no_answer" or
/// "no_meta_server"; others may come. NULL past the end.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_info_server_role(
    outcome: Option<&Outcome>,
    place: usize,
) -> *const c_char {
    read(outcome, null(), |outcome| Some(server(outcome, place)?.role.as_ptr()))
}

/// What more is known of that server, in words: why it cannot be reached, whom a follower names. NULL
/// if there is nothing, and past the end.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_info_server_detail(
    outcome: Option<&Outcome>,
    place: usize,
) -> *const c_char {
    read(outcome, null(), |outcome| Some(or_null(server(outcome, place)?.detail.as_ref())))
}
