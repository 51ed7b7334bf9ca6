//! One connection: bytes in, bytes out, and the limits that keep a client from using more than its
//! share. It works with any stream, for example with a stream in memory.

use std::time::Duration;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

use super::clock::instant;
use super::config::Limits;
use super::http::{self, BadHttp, Page};
use crate::protocol::frame::{Format, FrameError};

/// The number of bytes that are read at a time within a request.
const READ_CHUNK: usize = 16 * 1024;
/// The number of bytes that are reserved for the start of a request. Most requests fit, and
/// thousands of idle connections need little memory.
const FIRST_CHUNK: usize = 1024;
/// The number of bytes of unsent responses from which on no more requests are read.
const MAX_OUTPUT: usize = 1024 * 1024;

/// A message from the server to a connection.
#[derive(Debug)]
pub(crate) enum Output {
    /// Send these bytes. They are the response to one request.
    Response(Vec<u8>),
    /// Send these bytes as well. They are the response to no request.
    More(Vec<u8>),
    /// One request is finished without a response.
    Done,
    /// Close the connection at once.
    Close,
}

/// The server, as a connection sees it.
pub(crate) trait Requests {
    /// Handles a complete request frame.
    fn request(&self, frame: &[u8]);
    /// Notes bytes that are no frame. The connection will be closed.
    fn not_a_frame(&self, error: &FrameError);
    /// Returns the page for an HTTP request, or `None` if the connection must be closed.
    fn http(&self, target: &str) -> Option<Page>;
}

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum End {
    #[error("the client closed the connection")]
    Closed,
    #[error("the server stops")]
    Stopped,
    #[error("the server closed the connection because of a request")]
    ByRequest,
    #[error("the connection was silent for too long")]
    Idle,
    #[error("a request took too long to arrive")]
    SlowRequest,
    #[error("the client did not read a response in time")]
    SlowReader,
    #[error("not a request: {0}")]
    Garbage(#[from] FrameError),
    #[error("not an HTTP request: {0}")]
    BadHttp(#[from] BadHttp),
    #[error("{0}")]
    Io(#[from] std::io::Error),
}

/// Serves a connection until it ends.
pub(crate) async fn serve<S, R>(
    stream: S,
    requests: &R,
    outputs: mpsc::UnboundedReceiver<Output>,
    stop: watch::Receiver<bool>,
    limits: &Limits,
) -> End
where
    S: AsyncRead + AsyncWrite + Send + Unpin,
    R: Requests,
{
    let (reader, writer) = tokio::io::split(stream);
    let mut connection = Connection {
        reader,
        writer,
        outputs,
        stop,
        limits,
        input: BytesMut::new(),
        output: BytesMut::new(),
        ended: false,
        protocol: None,
        in_flight: 0,
        frame_began: None,
        last_heard: instant(),
        write_began: None,
    };
    match connection.run(requests).await {
        Ok(end) | Err(end) => end,
    }
}

struct Connection<'a, S> {
    reader: ReadHalf<S>,
    writer: WriteHalf<S>,
    outputs: mpsc::UnboundedReceiver<Output>,
    stop: watch::Receiver<bool>,
    limits: &'a Limits,
    /// The bytes of further requests that have arrived.
    input: BytesMut,
    /// The bytes of responses that have not been sent.
    output: BytesMut,
    /// Whether no more requests are read: the client has closed its side, or the server has told
    /// the client that it will close the connection.
    ended: bool,
    /// The protocol of the client, once the first bytes have shown it.
    protocol: Option<Protocol>,
    /// The number of requests without a response.
    in_flight: usize,
    frame_began: Option<Instant>,
    last_heard: Instant,
    write_began: Option<Instant>,
}

/// A protocol that a client may speak.
#[derive(Clone, Copy)]
enum Protocol {
    /// Requests in that format, to the end of the connection.
    Rpc(Format),
    Http,
}

/// What woke a connection up.
enum Wake {
    Written(std::io::Result<usize>),
    Output(Option<Output>),
    Read(std::io::Result<usize>),
    Stop(Result<(), watch::error::RecvError>),
    Late,
}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Connection<'_, S> {
    async fn run<R: Requests>(&mut self, requests: &R) -> Result<End, End> {
        loop {
            let stopping = *self.stop.borrow();
            let room = self.in_flight < self.limits.max_in_flight && self.output.len() < MAX_OUTPUT;
            if room && !stopping && self.take_request(requests)? {
                continue;
            }
            let settled = self.in_flight == 0 && self.output.is_empty();
            if settled && (stopping || self.ended) {
                let _ = self.writer.shutdown().await;
                return Ok(if stopping { End::Stopped } else { End::Closed });
            }
            let may_read = room && !stopping && !self.ended;
            if !may_read {
                // The timeout for slow requests applies only while the server reads from the
                // connection.
                self.frame_began = None;
            }
            match self.wait(may_read, stopping).await {
                Wake::Written(written) => self.wrote(written?),
                Wake::Output(Some(Output::Response(bytes))) => {
                    self.in_flight -= 1;
                    self.output.extend_from_slice(&bytes);
                    self.write_began.get_or_insert_with(instant);
                }
                Wake::Output(Some(Output::More(bytes))) => {
                    self.output.extend_from_slice(&bytes);
                    self.write_began.get_or_insert_with(instant);
                }
                Wake::Output(Some(Output::Done)) => self.in_flight -= 1,
                Wake::Output(Some(Output::Close) | None) => {
                    self.write_what_fits().await;
                    return Ok(End::ByRequest);
                }
                Wake::Read(read) => {
                    self.ended = read? == 0;
                    self.last_heard = instant();
                }
                Wake::Stop(Ok(())) => {}
                Wake::Stop(Err(_)) => return Ok(End::Stopped),
                Wake::Late => return Ok(self.lateness()),
            }
        }
    }

    /// Takes the next request from the input, if it is complete.
    fn take_request<R: Requests>(&mut self, requests: &R) -> Result<bool, End> {
        if self.input.is_empty() {
            self.frame_began = None;
            return Ok(false);
        }
        let protocol = match self.protocol {
            Some(protocol) => protocol,
            None if self.input.starts_with(http::GET) => Protocol::Http,
            None if http::GET.starts_with(&self.input) => {
                self.frame_began.get_or_insert_with(instant);
                return Ok(false);
            }
            None => match Format::of(&self.input)? {
                Some(format) => Protocol::Rpc(format),
                None => {
                    self.frame_began.get_or_insert_with(instant);
                    return Ok(false);
                }
            },
        };
        self.protocol = Some(protocol);
        match protocol {
            Protocol::Rpc(format) => self.take_frame(format, requests),
            Protocol::Http => self.take_page_request(requests),
        }
    }

    fn take_page_request<R: Requests>(&mut self, requests: &R) -> Result<bool, End> {
        let Some(request) = http::parse(&self.input)? else {
            self.frame_began.get_or_insert_with(instant);
            return Ok(false);
        };
        let Some(page) = requests.http(&request.target) else { return Err(End::ByRequest) };
        self.input.advance(request.length);
        self.frame_began = None;
        self.output.extend_from_slice(&page.to_bytes());
        self.write_began.get_or_insert_with(instant);
        if !request.keep_alive {
            self.input.clear();
            self.ended = true;
        }
        Ok(true)
    }

    fn take_frame<R: Requests>(&mut self, format: Format, requests: &R) -> Result<bool, End> {
        let length = format
            .request_length(&self.input, self.limits.max_body)
            .inspect_err(|error| requests.not_a_frame(error))?;
        match length {
            Some(length) if self.input.len() >= length => {
                self.in_flight += 1;
                requests.request(&self.input[..length]);
                self.input.advance(length);
                self.frame_began = None;
                Ok(true)
            }
            // Memory grows with the bytes that arrive, never by the length that a header announces.
            Some(_) | None => {
                self.frame_began.get_or_insert_with(instant);
                Ok(false)
            }
        }
    }

    async fn wait(&mut self, may_read: bool, stopping: bool) -> Wake {
        let deadline = self.deadline();
        if self.input.is_empty() && self.input.capacity() > FIRST_CHUNK {
            self.input = BytesMut::new();
        }
        if may_read {
            self.input.reserve(if self.input.is_empty() { FIRST_CHUNK } else { READ_CHUNK });
        }
        tokio::select! {
            biased;
            output = self.outputs.recv() => Wake::Output(output),
            written = self.writer.write(&self.output), if !self.output.is_empty() => {
                Wake::Written(written)
            }
            stop = self.stop.changed(), if !stopping => Wake::Stop(stop),
            read = self.reader.read_buf(&mut self.input), if may_read => Wake::Read(read),
            () = sleep_until(deadline) => Wake::Late,
        }
    }

    /// Sends what can be sent without waiting. A response that came before the end of a server is not lost.
    async fn write_what_fits(&mut self) {
        tokio::select! {
            biased;
            // The connection ends whether or not this succeeds.
            _ = self.writer.write_all(&self.output) => {}
            () = std::future::ready(()) => {}
        }
    }

    fn wrote(&mut self, count: usize) {
        self.output.advance(count);
        self.write_began = Some(instant());
        if self.output.is_empty() {
            self.output = BytesMut::new();
            self.write_began = None;
            self.last_heard = instant();
        }
    }

    /// Returns when the connection will have been too slow.
    fn deadline(&self) -> Instant {
        let after = |began: Instant, timeout: Duration| {
            // A timeout that is too long for the clock counts as a year.
            began.checked_add(timeout).unwrap_or(began + Duration::from_secs(86_400 * 365))
        };
        // A connection that waits for a response is not idle.
        let idle = (self.in_flight == 0).then(|| after(self.last_heard, self.limits.idle_timeout));
        let frame = self.frame_began.map(|began| after(began, self.limits.frame_timeout));
        let write = self.write_began.map(|began| after(began, self.limits.frame_timeout));
        [idle, frame, write]
            .into_iter()
            .flatten()
            .min()
            .unwrap_or_else(|| after(instant(), self.limits.idle_timeout))
    }

    fn lateness(&self) -> End {
        let now = instant();
        let late = |began: Option<Instant>| {
            began.is_some_and(|began| now.duration_since(began) >= self.limits.frame_timeout)
        };
        if late(self.write_began) {
            End::SlowReader
        } else if late(self.frame_began) {
            End::SlowRequest
        } else {
            End::Idle
        }
    }
}
