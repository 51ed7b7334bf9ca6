//! The embedded meta server: a real one to try a client against, for tests, and for the CI of
//! people's scripts. Real bytes over TCP, a durable store, and the rules of the generation asked for.

mod blocking;
mod clock;
mod config;
mod connection;
mod error;
mod hub;
mod life;
mod listener;
mod node;
mod reads;
mod rules;
mod state;
pub mod store;
mod table;

pub use blocking::BlockingMetaServer;
pub use clock::{Clock, SystemClock};
pub use config::{
    Behaviour, ClockMode, Limits, ParseError, RemoteCluster, ServerConfig, StoreChoice, TableSpec,
};
pub use error::{ServerError, StoreError};
pub use hub::Hub;
pub use listener::MetaServer;
