//! The options of `serve` that say what a client may take.

use std::time::Duration;

use crate::seconds;
use crate::server::Limits;

#[derive(Debug, clap::Args)]
pub(super) struct LimitArgs {
    /// Connections at a time [default: 16384].
    #[arg(long, value_name = "N")]
    max_connections: Option<usize>,

    /// Bytes of a request's body [default: 1048576].
    #[arg(long, value_name = "BYTES")]
    max_body: Option<usize>,

    /// Requests of one connection that wait for their answer [default: 256].
    #[arg(long, value_name = "N")]
    max_in_flight: Option<usize>,

    /// How long a request may take to arrive, and an answer to be taken [default: 10].
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    frame_timeout: Option<Duration>,

    /// How long a connection may be silent [default: 600].
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    idle_timeout: Option<Duration>,

    /// How long a stop waits for answers under way [default: 5].
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    stop_grace: Option<Duration>,
}

fn seconds(text: &str) -> Result<Duration, String> {
    seconds::from_f64(seconds::number(text)?)
}

impl LimitArgs {
    pub(super) fn limits(&self) -> Limits {
        let or = Limits::default();
        Limits {
            max_connections: self.max_connections.unwrap_or(or.max_connections),
            max_body: self.max_body.unwrap_or(or.max_body),
            max_in_flight: self.max_in_flight.unwrap_or(or.max_in_flight),
            frame_timeout: self.frame_timeout.unwrap_or(or.frame_timeout),
            idle_timeout: self.idle_timeout.unwrap_or(or.idle_timeout),
            stop_grace: self.stop_grace.unwrap_or(or.stop_grace),
        }
    }
}
