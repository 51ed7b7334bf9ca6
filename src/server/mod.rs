//! The embedded meta server, to try a client against, for tests, and for the CI of scripts. It
//! speaks the real protocol over TCP, keeps duplications in a durable store, and behaves as the
//! generation of servers that the configuration names.
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
//! From the socket inwards: a [`MetaServer`] accepts connections. The module `connection` turns
//! bytes into requests, and enforces the [`Limits`] for clients. A [`Hub`] carries requests to the
//! `node`, and the node's decisions to the connections and the store. The node knows its role in a
//! [`Group`], which [`Fault`] a request meets, and what waits for its time. The state machine,
//! `state`, applies the `rules` of the [`Behaviour`], in two phases before and after a change is
//! written to the [`store`].
//!
//! The node and the state machine do no I/O and are given the time, and a hub serves any stream. A
//! simulation therefore runs the same code in one thread.

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
pub use config::{BLOCK_SERVICE, Limits, MAX_NODES, ServerConfig, StoreChoice};
pub use error::{ServerError, StoreError};
pub use event::Event;
pub use fault::{Fault, FaultRule, When, WhichRpc};
pub use group::{Election, Group, MetaGroup};
pub use hub::Hub;
pub use listener::MetaServer;
pub use parse::ParseError;
pub use partition::{HoldBack, PartitionRule};
pub use spec::{RemoteCluster, TableSpec};
