//! The embedded meta server: a real one to try a client against, for tests, and for the CI of
//! people's scripts. Real bytes over TCP, a durable store, and the rules of the generation asked for.

mod blocking;
mod config;
mod error;
mod listener;

pub use blocking::BlockingMetaServer;
pub use config::{
    Behaviour, ClockMode, Limits, ParseError, RemoteCluster, ServerConfig, StoreChoice, TableSpec,
};
pub use error::{ServerError, StoreError};
pub use listener::MetaServer;
