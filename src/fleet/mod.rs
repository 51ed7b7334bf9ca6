//! Fleets: declares the duplications that a cluster should have, shows what differs, and applies it.
//!
//! A [`Fleet`] is the content of a file: declarations of duplications, each for one table or for many. A
//! [`State`] is what the cluster has. [`compare()`] compares the two without any I/O, and the result is a
//! [`Plan`].
//!
//! This layer stands above the client. It uses the operations of [`Client`](crate::Client) as any program
//! would, and nothing below knows it.

mod apply;
mod audit;
mod compare;
mod export;
mod file;
mod pattern;
mod plan;
mod plan_file;
mod spec;
mod stale;
mod state;
#[cfg(test)]
mod tests;
mod warnings;

pub use crate::clock::{Clock, SystemClock};
pub use apply::{ApplyOptions, Event, Fix, ItemReport, Stop, Summary, Work};
pub use audit::{
    Audit, AuditChange, AuditEnd, AuditError, AuditLog, AuditOutcome, AuditRun, Now, Settled,
};
pub use compare::compare;
pub use export::export;
pub use file::Format;
pub use pattern::{BadPattern, TableGlobs};
pub use plan::{Existing, Item, ItemDifference, Plan, SourceCluster, Wanted};
pub use spec::{Declaration, DeclaredFailMode, DeclaredStatus, Fleet, RemoteTable, Scope};
pub use state::{RemoteState, State, TableState};
