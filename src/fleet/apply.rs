//! Applies a plan: sends what it takes to bring a cluster into the declared state.

mod decide;
mod item;
mod options;
mod preparing;
mod report;
mod schedule;
mod stop;
#[cfg(test)]
mod tests;
mod work;

pub use options::{ApplyOptions, Fix};
pub use report::{Event, ItemReport, Summary};
pub use stop::Stop;
pub use work::Work;
