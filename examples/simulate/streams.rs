//! Streams in memory between clients and servers. They record the requests and responses, and may
//! delay them.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use pegasus_dup::ErrorCode;
use pegasus_dup::protocol::frame::{
    decode_request, decode_response, request_length, response_length,
};
use pegasus_dup::protocol::messages::{
    AddDuplication, CreateApp, DropApp, GetMaxReplicaCount, ListApps, ListDuplication,
    ModifyDuplication, QueryConfig, QueryConfigResponse, QueryDuplication, RecallApp,
    ResponseStruct as _, Rpc,
};
use pegasus_dup::server::{Behaviour, Group};
use pegasus_dup::transport::MetaAddr;
use pegasus_dup::transport::seams::{
    Connecting, Connector, LookingUp, Resolver, Resolving, Stream, VersionLookup,
};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio::time::{Sleep, sleep};

use super::trace::{Asked, Line, Pen, Told};

/// The capacity of a stream in bytes. Nothing here writes more before the other side reads.
const ROOM: usize = 16 * 1024;
/// The maximum length of a frame.
const LONGEST: usize = 1 << 20;

/// A stream that delays its bytes.
pub(crate) struct Lagging {
    inner: DuplexStream,
    lag: Duration,
    /// The bytes that have arrived and are still held back. `ended` says whether the end of the
    /// stream has arrived.
    held: Vec<u8>,
    ended: bool,
    until: Option<Pin<Box<Sleep>>>,
}

impl Lagging {
    fn new(inner: DuplexStream, lag_ms: u64) -> Lagging {
        let lag = Duration::from_millis(lag_ms);
        Lagging { inner, lag, held: Vec::new(), ended: false, until: None }
    }
}

impl AsyncRead for Lagging {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let this = &mut *self;
        if this.lag.is_zero() {
            return Pin::new(&mut this.inner).poll_read(cx, buf);
        }
        if this.held.is_empty() && !this.ended {
            let mut room = [0; 2048];
            let mut room = ReadBuf::new(&mut room);
            match Pin::new(&mut this.inner).poll_read(cx, &mut room) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Ready(Ok(())) => {
                    this.ended = room.filled().is_empty();
                    this.held.extend_from_slice(room.filled());
                    this.until = Some(Box::pin(sleep(this.lag)));
                }
            }
        }
        if let Some(until) = &mut this.until {
            if until.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            this.until = None;
        }
        let count = this.held.len().min(buf.remaining());
        buf.put_slice(&this.held[..count]);
        this.held.drain(..count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Lagging {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

/// The client's end of a stream. It records the requests and the responses.
struct Tapped {
    inner: Lagging,
    pen: Pen,
    who: usize,
    meta: usize,
    connection: u64,
    outgoing: Vec<u8>,
    incoming: Vec<u8>,
}

impl Tapped {
    fn sent(&mut self, bytes: &[u8]) {
        self.outgoing.extend_from_slice(bytes);
        while let Ok(Some(length)) = request_length(&self.outgoing, LONGEST) {
            if self.outgoing.len() < length {
                break;
            }
            let rest = self.outgoing.split_off(length);
            let frame = std::mem::replace(&mut self.outgoing, rest);
            let frame = decode_request(&frame).expect("our own request");
            let what = match &*frame.name {
                AddDuplication::NAME => Asked::Add(frame.request().expect("our own add")),
                ModifyDuplication::NAME => Asked::Modify(frame.request().expect("our own modify")),
                ListDuplication::NAME => {
                    let request: <ListDuplication as Rpc>::Request =
                        frame.request().expect("our own list");
                    Asked::Table { rpc: "list", table: request.app_name_pattern }
                }
                QueryDuplication::NAME => {
                    let request: <QueryDuplication as Rpc>::Request =
                        frame.request().expect("our own query");
                    Asked::Table { rpc: "query", table: request.app_name }
                }
                CreateApp::NAME => Asked::CreateTable(frame.request().expect("our own create")),
                DropApp::NAME => Asked::DropTable(frame.request().expect("our own drop")),
                RecallApp::NAME => Asked::RecallTable(frame.request().expect("our own recall")),
                ListApps::NAME => Asked::Tables,
                other => Asked::Other(other.to_owned()),
            };
            let (meta, connection, seqid) = (self.meta, self.connection, frame.seqid);
            let call = self.pen.latest(self.who);
            self.pen.write(Line::Sent { call, meta, connection, seqid, what });
        }
    }

    fn got(&mut self, bytes: &[u8]) {
        self.incoming.extend_from_slice(bytes);
        while let Ok(Some(length)) = response_length(&self.incoming, LONGEST) {
            if self.incoming.len() < length {
                break;
            }
            let rest = self.incoming.split_off(length);
            let whole = std::mem::replace(&mut self.incoming, rest);
            let (seqid, what) = told(&whole[4..]);
            let (meta, connection) = (self.meta, self.connection);
            let call = self.pen.latest(self.who);
            self.pen.write(Line::Got { call, meta, connection, seqid, what });
        }
    }
}

/// Decodes a response, without its length.
fn told(payload: &[u8]) -> (i32, Told) {
    let Ok(frame) = decode_response(payload) else { return (0, Told::Garbage) };
    let rpc = frame.name.strip_suffix("_ACK").unwrap_or(frame.name).to_owned();
    if frame.framework != ErrorCode::Ok {
        return (frame.seqid, Told::Framework { rpc, err: frame.framework });
    }
    let what = match rpc.as_str() {
        AddDuplication::NAME => frame.response().map(Told::Add),
        ModifyDuplication::NAME => frame.response().map(Told::Modify),
        QueryDuplication::NAME => {
            frame.response::<<QueryDuplication as Rpc>::Response>().map(|answer| Told::Table {
                err: answer.err,
                entries: answer.entry_list.unwrap_or_default(),
            })
        }
        ListDuplication::NAME => {
            frame.response::<<ListDuplication as Rpc>::Response>().map(|answer| Told::Table {
                err: answer.err,
                entries: answer
                    .app_states
                    .unwrap_or_default()
                    .into_values()
                    .flat_map(|state| state.duplications.into_values())
                    .collect(),
            })
        }
        CreateApp::NAME => frame.response().map(Told::CreateTable),
        DropApp::NAME => frame
            .response::<<DropApp as Rpc>::Response>()
            .map(|answer| Told::ChangedTable { rpc: DropApp::NAME, err: answer.err }),
        RecallApp::NAME => frame
            .response::<<RecallApp as Rpc>::Response>()
            .map(|answer| Told::ChangedTable { rpc: RecallApp::NAME, err: answer.err }),
        ListApps::NAME => frame.response::<<ListApps as Rpc>::Response>().map(|answer| {
            Told::Tables { err: answer.err, infos: answer.infos.unwrap_or_default() }
        }),
        QueryConfig::NAME => frame.response::<QueryConfigResponse>().map(|answer| {
            let first = answer.partitions.as_deref().unwrap_or_default().first();
            let names_leader = first.is_some_and(|first| first.primary.0.is_some());
            Told::Other { rpc: "query-config".to_owned(), err: answer.err().clone(), names_leader }
        }),
        GetMaxReplicaCount::NAME => frame
            .response::<<GetMaxReplicaCount as Rpc>::Response>()
            .map(|answer| Told::Other { rpc, err: answer.err, names_leader: false }),
        _ => Ok(Told::Other { rpc, err: ErrorCode::Ok, names_leader: false }),
    };
    (frame.seqid, what.unwrap_or(Told::Garbage))
}

impl AsyncRead for Tapped {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.inner).poll_read(cx, buf);
        if buf.filled().len() > before {
            self.got(&buf.filled()[before..]);
        }
        polled
    }
}

impl AsyncWrite for Tapped {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        let polled = Pin::new(&mut self.inner).poll_write(cx, bytes);
        if let Poll::Ready(Ok(count)) = &polled {
            self.sent(&bytes[..*count]);
        }
        polled
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

/// The connections from one actor to the servers.
#[derive(Debug, Clone)]
pub(crate) struct Network {
    pub(crate) group: Group,
    pub(crate) behaviours: Vec<Behaviour>,
    pub(crate) pen: Pen,
    /// The number of running tasks of servers.
    pub(crate) serving: Arc<AtomicUsize>,
    pub(crate) who: usize,
    /// How long bytes take to the server and back.
    pub(crate) lag_ms: (u64, u64),
    /// Whether the servers report their version over HTTP.
    pub(crate) tells_version: bool,
    /// Whether the clients know the servers by one name.
    pub(crate) by_name: bool,
}

/// Counts a task of a server until the task ends.
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Network {
    /// Connects to a server.
    pub(crate) fn open(&self, meta: usize) -> DuplexStreamOf {
        let (ours, theirs) = tokio::io::duplex(ROOM);
        let hub = self.group.hub(meta).expect("one of the group").clone();
        let connection = hub.reserve();
        self.pen.write(Line::Connected { who: self.who, meta, connection });
        let theirs = Lagging::new(theirs, self.lag_ms.0);
        self.serving.fetch_add(1, Ordering::Relaxed);
        let counted = Counted(Arc::clone(&self.serving));
        tokio::spawn(async move {
            let _counted = counted;
            hub.serve_reserved(connection, theirs).await;
        });
        DuplexStreamOf { stream: Lagging::new(ours, self.lag_ms.1), connection }
    }

    /// Returns the addresses of the servers.
    pub(crate) fn addresses(&self) -> Vec<SocketAddr> {
        (0..self.behaviours.len()).map(address).collect()
    }

    fn meta_at(&self, to: SocketAddr) -> Option<usize> {
        self.addresses().iter().position(|&address| address == to)
    }
}

/// A stream, and the number that the server gave to its connection.
pub(crate) struct DuplexStreamOf {
    pub(crate) stream: Lagging,
    pub(crate) connection: u64,
}

/// Returns the address of a server of the group.
pub(crate) fn address(meta: usize) -> SocketAddr {
    let last = u8::try_from(meta + 1).expect("a small group");
    SocketAddr::from(([10, 0, 0, last], 34601))
}

impl Resolver for Network {
    fn resolve(&self, _: &MetaAddr) -> Resolving {
        let addresses = self.addresses();
        Box::pin(async move { Ok(addresses) })
    }
}

impl Connector for Network {
    fn connect(&self, to: SocketAddr) -> Connecting {
        let network = self.clone();
        let meta = self.meta_at(to);
        Box::pin(async move {
            let meta = meta.ok_or(std::io::ErrorKind::ConnectionRefused)?;
            let DuplexStreamOf { stream: inner, connection } = network.open(meta);
            Ok(Box::new(Tapped {
                inner,
                pen: network.pen,
                who: network.who,
                meta,
                connection,
                outgoing: Vec::new(),
                incoming: Vec::new(),
            }) as Box<dyn Stream>)
        })
    }
}

impl VersionLookup for Network {
    fn version(&self, server: SocketAddr) -> LookingUp {
        let version = self.meta_at(server).filter(|_| self.tells_version).map(|meta| {
            let version = match self.behaviours[meta] {
                Behaviour::Freezed => "2.3.0",
                Behaviour::Checkpoint => "2.5.0",
                Behaviour::RemoteName | Behaviour::DupExist | Behaviour::Idempotent => {
                    "2.6.0-SNAPSHOT"
                }
            };
            self.pen.write(Line::LookedUp { who: self.who, meta, version: Some(version) });
            version.to_owned()
        });
        Box::pin(std::future::ready(version))
    }
}
