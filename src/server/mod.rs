//! The embedded meta server: a real one to try a client against, for tests, and for the CI of
//! people's scripts. Real bytes over TCP, a durable store, and the rules of the generation asked
//! for.
//!
//! ```no_run
//! use pegasus_dup::server::{BlockingMetaServer, ServerConfig};
//!
//! let server = BlockingMetaServer::start(ServerConfig {
//!     listen: "127.0.0.1:0".parse().unwrap(),
//!     remote_clusters: vec!["target=127.0.0.1:35601".parse().unwrap()],
//!     tables: vec!["temp".parse().unwrap()],
//!     faults: vec!["add#1=drop-reply".parse().unwrap()],
//!     ..ServerConfig::default()
//! })
//! .unwrap();
//! println!("serving on {}", server.address());
//! server.stop();
//! ```
//!
//! From the socket inwards: [`MetaServer`] accepts; `connection` turns bytes into requests and
//! keeps a client to its [`Limits`]; a [`Hub`] carries requests to the `node` and what that decides
//! to where it belongs; the node knows its role in a [`Group`], which [`Fault`] a request meets,
//! and what waits for its time; `state` decides by the `rules` of the [`Behaviour`], in two phases
//! around the [`store`]. Everything from the node inwards does no I/O and is given the time, and a
//! hub serves any stream: a simulation runs the same code in one thread.

mod behaviour;
mod blocking;
mod clock;
mod config;
mod connection;
mod error;
mod event;
mod fault;
mod group;
mod http;
mod hub;
mod listener;
mod node;
mod parse;
mod partition;
mod reply;
mod spec;
mod state;
pub mod store;

pub use behaviour::{Behaviour, ClockMode};
pub use blocking::{BlockingMetaGroup, BlockingMetaServer};
pub use clock::{Clock, SystemClock};
pub use config::{Limits, ServerConfig, StoreChoice};
pub use error::{ServerError, StoreError};
pub use event::Event;
pub use fault::{Fault, FaultRule, When, WhichRpc};
pub use group::{Election, Group, MetaGroup};
pub use hub::Hub;
pub use listener::MetaServer;
pub use parse::ParseError;
pub use partition::{HoldBack, PartitionRule};
pub use spec::{RemoteCluster, TableSpec};
