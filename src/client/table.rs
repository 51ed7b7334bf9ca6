//! Operations on tables: one file per operation.

pub(super) mod ask;
mod compare;
mod create;
mod drop;
mod list;
mod named;
mod nodes;
pub(super) mod queue;
mod recall;
mod wait_ready;

pub(super) use create::create;
pub(super) use drop::drop;
pub(super) use list::{describe, list};
pub(super) use recall::recall;
pub(super) use wait_ready::wait_ready;
