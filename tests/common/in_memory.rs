//! Connects a client with a group of servers in one thread, over streams in memory. The wall time
//! follows tokio's clock, which a test may pause.

use std::net::SocketAddr;

use pegasus_dup::server::{Clock, Group};
use pegasus_dup::transport::seams::{Connecting, Connector, Stream};

/// The wall time, which follows tokio's clock from a fixed time on.
#[derive(Debug)]
pub(crate) struct SimulatedClock(tokio::time::Instant);

impl SimulatedClock {
    #[allow(clippy::disallowed_methods)] // the paused clock of these tests
    pub(crate) fn begin() -> SimulatedClock {
        SimulatedClock(tokio::time::Instant::now())
    }
}

impl Clock for SimulatedClock {
    fn now_ms(&self) -> i64 {
        1_795_000_000_000 + i64::try_from(self.0.elapsed().as_millis()).expect("a short run")
    }
}

/// A connector to the servers of a group.
#[derive(Debug, Clone)]
pub(crate) struct InMemory(pub(crate) Group);

impl Connector for InMemory {
    fn connect(&self, to: SocketAddr) -> Connecting {
        let SocketAddr::V4(to) = to else { unreachable!("the group has IPv4 addresses") };
        let hub = self.0.at(to).cloned();
        Box::pin(async move {
            let hub = hub.ok_or(std::io::ErrorKind::ConnectionRefused)?;
            let (ours, theirs) = tokio::io::duplex(64 * 1024);
            tokio::spawn(async move { hub.serve(theirs).await });
            Ok(Box::new(ours) as Box<dyn Stream>)
        })
    }
}
