//! A client that sends exactly what a test requests. The tests of the server also need requests
//! that the real client never sends.

use std::time::Duration;

use pegasus_dup::protocol::error_code::ErrorCode;
use pegasus_dup::protocol::frame::{decode_response, encode_request, response_length};
use pegasus_dup::protocol::messages::{
    AddDuplication, AddRequest, AddResponse, ModifyDuplication, ModifyRequest, ModifyResponse,
    QueryDuplication, QueryRequest, QueryResponse, Rpc,
};
use pegasus_dup::server::Hub;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

/// A timeout that is longer than any call in the tests takes.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A connection to a server.
pub(crate) struct Peer {
    pub(crate) stream: Box<dyn Stream>,
    seqid: i32,
    input: Vec<u8>,
}

/// The frame of a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Framed {
    pub(crate) framework: ErrorCode,
    pub(crate) name: String,
    pub(crate) seqid: i32,
    pub(crate) payload: Vec<u8>,
}

impl Framed {
    /// Decodes the frame of a response, after its length.
    pub(crate) fn decoded(payload: &[u8]) -> Framed {
        let frame = decode_response(payload).expect("an answer");
        Framed {
            framework: frame.framework.clone(),
            name: frame.name.to_owned(),
            seqid: frame.seqid,
            payload: payload.to_vec(),
        }
    }

    /// Decodes the response struct.
    pub(crate) fn response<R: Rpc>(&self) -> R::Response {
        let frame = decode_response(&self.payload).expect("decoded before");
        assert_eq!(frame.framework, ErrorCode::Ok);
        assert!(frame.is_response_to(R::NAME), "{} answers {}", self.name, R::NAME);
        frame.response::<R::Response>().expect("an answer")
    }
}

impl Peer {
    /// Returns a connection over the given stream.
    pub(crate) fn over(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Peer {
        Peer { stream: Box::new(stream), seqid: 0, input: Vec::new() }
    }

    /// Returns a connection in memory to a server without a port.
    pub(crate) fn in_memory(hub: &Hub) -> Peer {
        let (ours, theirs) = tokio::io::duplex(64 * 1024);
        let hub = hub.clone();
        tokio::spawn(async move { hub.serve(theirs).await });
        Peer::over(ours)
    }

    /// Sends bytes as they are. If the server has closed the connection, the next read shows it.
    pub(crate) async fn send_bytes(&mut self, bytes: &[u8]) {
        let _ = timeout(PATIENCE, self.stream.write_all(bytes)).await.expect("sent in time");
    }

    /// Sends a request, and returns its seqid.
    pub(crate) async fn send<R: Rpc>(&mut self, request: &R::Request) -> i32 {
        self.seqid += 1;
        let bytes = encode_request::<R>(request, self.seqid, 1000);
        self.send_bytes(&bytes).await;
        self.seqid
    }

    /// Returns the next response, or `None` if the server closes the connection.
    pub(crate) async fn receive(&mut self) -> Option<Framed> {
        loop {
            if let Some(length) =
                response_length(&self.input, 64 << 20).expect("an answer's length")
                && self.input.len() >= length
            {
                let rest = self.input.split_off(length);
                let whole = std::mem::replace(&mut self.input, rest);
                return Some(Framed::decoded(&whole[4..]));
            }
            // The buffer is on the heap, because otherwise every future that a test awaits would
            // contain it.
            let mut chunk = vec![0; 65_536];
            let read = timeout(PATIENCE, self.stream.read(&mut chunk))
                .await
                .expect("the server answers or closes");
            match read {
                Ok(0) | Err(_) => return None,
                Ok(count) => self.input.extend_from_slice(&chunk[..count]),
            }
        }
    }

    /// Sends a request, and returns the response, or `None` if the server closes the connection.
    pub(crate) async fn try_call<R: Rpc>(&mut self, request: &R::Request) -> Option<R::Response> {
        let seqid = self.send::<R>(request).await;
        let framed = self.receive().await?;
        assert_eq!(framed.seqid, seqid);
        Some(framed.response::<R>())
    }

    /// Sends a request, and returns the response.
    pub(crate) async fn call<R: Rpc>(&mut self, request: &R::Request) -> R::Response {
        self.try_call::<R>(request).await.expect("a response, and not the end of the connection")
    }

    pub(crate) async fn add(&mut self, request: &AddRequest) -> AddResponse {
        self.call::<AddDuplication>(request).await
    }

    pub(crate) async fn query(&mut self, table: &str) -> QueryResponse {
        self.call::<QueryDuplication>(&QueryRequest { app_name: table.to_owned() }).await
    }

    pub(crate) async fn modify(&mut self, request: &ModifyRequest) -> ModifyResponse {
        self.call::<ModifyDuplication>(request).await
    }
}

/// Returns an add of `table` to `cluster`, without a checkpoint.
pub(crate) fn add(table: &str, cluster: &str) -> AddRequest {
    AddRequest {
        app_name: table.to_owned(),
        remote_cluster_name: cluster.to_owned(),
        is_duplicating_checkpoint: Some(false),
        remote_app_name: None,
        remote_replica_count: None,
    }
}

/// Returns a request that changes a status.
pub(crate) fn set_status(table: &str, dupid: i32, status: i32) -> ModifyRequest {
    ModifyRequest { app_name: table.to_owned(), dupid, status: Some(status), fail_mode: None }
}
