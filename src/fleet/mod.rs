//! Fleets: declares the duplications that a cluster should have, shows what differs, and applies it.
//!
//! A [`Fleet`] is the content of a file: declarations of duplications, each for one table or for many. A
//! [`State`] is what the cluster has. [`compare()`] compares the two without any I/O, and the result is a
//! [`Plan`]. [`export()`] goes the other way and declares what a cluster has.
//!
//! This layer stands above the client. It uses the operations of [`Client`](crate::Client) as any program
//! would, and nothing below knows it.
//!
//! [`Plan::make`] reads the state of a cluster and compares it. The same without a cluster:
//!
//! ```
//! use pegasus_dup::fleet::{Fleet, Format, Plan, State, TableState};
//! use pegasus_dup::{Generation, Verdict};
//!
//! let text = r#"
//! [[duplication]]
//! table = "app_*,!app_tmp*"
//! cluster = "target"
//! checkpoint = true
//! "#;
//! let fleet = Fleet::parse(text, Format::Toml)?;
//!
//! let mut state = State { generation: Some(Generation::DupExist), ..State::default() };
//! for (table, table_id) in [("app_users", 1), ("app_tmp7", 2)] {
//!     state.tables.insert(table.into(), TableState { table_id, ..TableState::default() });
//! }
//! let plan = Plan::of("127.0.0.1:34601".into(), &fleet, &state)?;
//! assert_eq!(plan.items.len(), 1);
//! assert_eq!((&*plan.items[0].table, plan.items[0].verdict), ("app_users", Verdict::Create));
//!
//! // A plan file holds what the plan has seen. Later, the plan can be compared with what the cluster has then.
//! let plan = Plan::parse(&plan.to_text())?;
//! assert_eq!(plan.staleness(&state)?, [None]);
//! # Ok::<(), pegasus_dup::Error>(())
//! ```

mod apply;
mod audit;
mod compare;
mod export;
mod file;
mod lock;
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
pub use lock::HostLock;
pub use pattern::{BadPattern, TableGlobs};
pub use plan::{Existing, Item, ItemDifference, Plan, SourceCluster, Wanted};
pub use spec::{Declaration, DeclaredFailMode, DeclaredStatus, Fleet, RemoteTable, Scope};
pub use state::{RemoteState, State, TableState};
