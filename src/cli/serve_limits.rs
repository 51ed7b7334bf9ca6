//! The options of `serve` that limit what a client may use.

use std::time::Duration;

use crate::seconds;
use crate::server::Limits;

/// The limits for clients.
#[derive(Debug, clap::Args)]
pub(super) struct LimitArgs {
    /// The number of connections at the same time [default: 16384].
    #[arg(long, value_name = "N")]
    max_connections: Option<usize>,

    /// The length of a request, in bytes [default: 1048576].
    #[arg(long, value_name = "BYTES")]
    max_body: Option<usize>,

    /// The number of requests of one connection that are in flight [default: 256].
    #[arg(long, value_name = "N")]
    max_in_flight: Option<usize>,

    /// The timeout for receiving a request, and for sending a response to a slow client [default: 10].
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    frame_timeout: Option<Duration>,

    /// The time after which an idle connection is closed [default: 600].
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    idle_timeout: Option<Duration>,

    /// The time that a stop waits for requests in flight [default: 5].
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    stop_grace: Option<Duration>,
}

/// Parses a time in seconds.
pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    seconds::from_f64(seconds::number(text)?)
}

impl LimitArgs {
    /// Returns the limits, with the defaults for the options that are not given.
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
