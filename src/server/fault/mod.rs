//! Faults: what can go wrong with a request, and which requests it goes wrong with. Faults are data, so
//! that a test in Rust or Python, the command line and a simulation write them the same way.

mod help;
mod rule;
mod table;
#[cfg(test)]
mod tests;

pub(crate) use rule::Faults;
pub use rule::{FaultRule, When, WhichRpc};
pub use table::Fault;
