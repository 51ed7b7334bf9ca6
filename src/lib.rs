//! Adds an Apache Pegasus *duplication* and reports what the add did: [`Outcome::Created`],
//! [`Outcome::AlreadyExists`] or an [`Error`].
#![deny(missing_docs, unreachable_pub)]

#[cfg(feature = "capi")]
pub mod capi;
#[cfg(feature = "cli")]
pub mod cli;
pub mod client;
#[cfg(any(feature = "fleet", feature = "server"))]
mod clock;
pub mod clusters;
#[doc(hidden)]
pub mod enums;
pub mod error;
mod escape;
#[cfg(any(feature = "capi", feature = "python"))]
mod events;
#[cfg(feature = "fleet")]
pub mod fleet;
pub mod history;
pub mod info;
pub mod json;
pub mod outcome;
pub mod protocol;
#[cfg(feature = "python")]
mod python;
pub mod remote_cluster;
pub mod resource;
#[cfg(any(feature = "cli", feature = "python"))]
mod seconds;
#[cfg(feature = "server")]
pub mod server;
mod text;
mod threads;
pub mod transport;

pub use client::blocking::BlockingClient;
pub use client::{
    BackupPolicySpec, Client, ClientBuilder, DEFAULT_PARTITION_LIMIT, DuplicationSpec, Mode,
    PROOF_KEY, RecallSpec, Selector, TablePattern, TableSelection, TableSpec,
};
pub use clusters::Clusters;
pub use enums::TableStatus;
pub use enums::{ItemResult, PlanStep, Verdict};
pub use error::{Error, ErrorKind, Result};
pub use info::{Info, KnownBy, Role, ServerInfo};
pub use outcome::{Change, Difference, Evidence, FailMode, Outcome, Property, Removal, Status};
pub use protocol::error_code::ErrorCode;
pub use protocol::generation::Generation;
pub use remote_cluster::{RemoteCluster, RemoteClusterState};
pub use resource::{
    BackupPolicy, Duplication, FieldValue, Identity, PartitionProgress, PartitionReplicas,
    Resource, Table, TableDuplications,
};

/// Compiles and runs the examples of the page about Rust.
#[cfg(all(doctest, feature = "server"))]
#[doc = include_str!("../docs/rust.md")]
struct RustPage;
