//! Applies a plan: sends what it takes to bring a cluster into the declared state.

mod options;
mod report;
mod stop;
mod work;

pub use options::{ApplyOptions, Fix};
pub use report::{Event, ItemReport, Summary};
pub use stop::Stop;
pub use work::Work;
