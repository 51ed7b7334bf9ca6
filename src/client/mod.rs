//! The client: one file per operation.
//!
//! From the bottom up: [`core`] holds the state that calls share, [`ask`], [`attempt`] and [`read_back`]
//! are the steps that operations have in common, each operation has a file of its own, and [`handle`]
//! offers the operations as methods of [`Client`].

mod add;
mod ask;
mod attempt;
pub mod blocking;
mod builder;
mod codes;
mod compare;
mod core;
mod decide;
mod handle;
mod harm;
pub(crate) mod hints;
#[cfg(any(feature = "capi", feature = "python"))]
pub(crate) mod in_flight;
mod info;
mod learn;
mod list;
mod listed;
mod modify;
#[cfg(any(feature = "capi", feature = "cli", feature = "python"))]
pub(crate) mod operation;
pub mod progress;
mod query;
mod read_back;
mod spec;
mod try_error;
mod turns;
mod unsettled;
mod warning;

pub use builder::ClientBuilder;
pub use handle::Client;
pub use spec::{DuplicationSpec, Mode, Selector, TablePattern};
