//! Functions of the peer that only the tests of the server use: TCP connections, and their end.

use std::net::SocketAddr;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::common::peer::Peer;

impl Peer {
    pub(crate) async fn connect(address: SocketAddr) -> Peer {
        Peer::try_connect(address).await.expect("connected")
    }

    /// Connects to a server that may be gone.
    pub(crate) async fn try_connect(address: SocketAddr) -> std::io::Result<Peer> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Peer::over(stream))
    }

    /// Closes the sending side of the connection.
    pub(crate) async fn end(&mut self) {
        self.stream.shutdown().await.expect("shut down");
    }

    /// Waits until the server closes the connection without a response.
    pub(crate) async fn closed(&mut self) {
        assert_eq!(self.receive().await, None);
    }
}
