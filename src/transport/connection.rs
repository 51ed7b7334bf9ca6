//! One connection to a meta server. Many requests can be in flight; responses are matched by seqid.
//!
//! A separate task reads and writes. It ends when the connection ends or when the last handle is dropped.
//! The connection always knows whether a request may have left this process, and accordingly reports a
//! failure as [`CallError::NotSent`] or as [`CallError::Lost`].

use std::collections::BTreeMap;
use std::io;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU8, Ordering};

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{mpsc, oneshot};
use tokio::task::AbortHandle;

use super::address::ServerAddr;
use super::learnt::Learnt;
use super::seams::{Connector, Deadline, Resolver, Stream, VersionLookup};
use crate::history;
use crate::protocol::error_code::ErrorCode;
use crate::protocol::frame::{self, FrameError};
use crate::protocol::generation::Generation;
use crate::protocol::messages::Rpc;
use crate::protocol::thrift::DecodeError;

/// The longest response that the client accepts, in bytes. A list of a hundred thousand duplications with 64
/// partitions each has about 170 MB. The buffer grows only with the bytes that arrive.
const MAX_ANSWER: usize = 512 << 20;
/// How many requests may wait until the task takes them.
const QUEUE: usize = 256;
/// The size of the buffer for one read, in bytes.
const READ_AT_ONCE: usize = 4096;
/// The size of the largest read buffer that is used again, in bytes.
const MAX_KEPT: usize = 64 << 10;
/// How many bytes may wait to be written before the task stops taking requests.
const MAX_UNWRITTEN: usize = 256 << 10;

/// The reason why a call got no response.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum CallError {
    /// No part of the request has left this process.
    #[error("nothing was sent: {0}")]
    NotSent(Why),
    /// The request may have been sent, and no readable response arrived.
    #[error("no response arrived: {0}")]
    Lost(Why),
    /// The server's RPC layer refused the request, because the server does not have this RPC or cannot
    /// handle any.
    #[error("the server's RPC layer refused the request with {0}")]
    Framework(ErrorCode),
}

/// The reason why a call or a connection ended.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum Why {
    #[error("the timeout expired")]
    Timeout,
    #[error("the connection was closed")]
    Closed,
    #[error("the connection failed: {0}")]
    Io(Arc<io::Error>),
    #[error("the bytes received are not a response: {0}")]
    Frame(FrameError),
    #[error("the response cannot be read: {0}")]
    Body(DecodeError),
    #[error("the response belongs to another request: expected={expected} name={name:?}")]
    WrongName { expected: &'static str, name: String },
    #[error("the response has a seqid that was never sent: seqid={0}")]
    UnknownSeqid(i32),
}

impl Why {
    /// Returns whether the reason is a response that cannot come from a meta server. For all other reasons,
    /// no response arrived.
    pub(crate) fn is_garbage(&self) -> bool {
        match self {
            Why::Timeout | Why::Closed | Why::Io(_) => false,
            Why::Frame(_) | Why::Body(_) | Why::WrongName { .. } | Why::UnknownSeqid(_) => true,
        }
    }
}

/// Whether the task has taken a request. Until then the caller can withdraw the request.
#[derive(Debug, Default)]
struct JobState(AtomicU8);

impl JobState {
    const WAITING: u8 = 0;
    const TAKEN: u8 = 1;
    const WITHDRAWN: u8 = 2;

    fn step(&self, to: u8) -> bool {
        self.0.compare_exchange(Self::WAITING, to, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

/// A request that waits for the task.
struct Job {
    name: &'static str,
    seqid: i32,
    frame: Vec<u8>,
    state: Arc<JobState>,
    reply: oneshot::Sender<Result<Bytes, CallError>>,
}

/// The environment that connections need.
#[derive(Debug, Clone)]
pub(crate) struct Seams {
    pub(crate) resolver: Arc<dyn Resolver>,
    pub(crate) connector: Arc<dyn Connector>,
    pub(crate) versions: Arc<dyn VersionLookup>,
    /// The stated generation, which each connection checks.
    pub(crate) generation: Option<Generation>,
}

/// A connection to a meta server. It closes when the last handle is dropped.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) server: ServerAddr,
    pub(crate) learnt: Learnt,
    versions: Arc<dyn VersionLookup>,
    jobs: mpsc::Sender<Job>,
    last_seqid: Arc<AtomicI32>,
    received: Arc<AtomicBool>,
    task: AbortHandle,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Connection {
    /// Opens a connection.
    pub(crate) async fn open(
        seams: &Seams,
        server: &ServerAddr,
        deadline: Deadline,
    ) -> Result<Connection, Why> {
        let stream = deadline
            .limit(seams.connector.connect(server.address))
            .await
            .ok_or(Why::Timeout)?
            .map_err(|error| Why::Io(Arc::new(error)))?;
        let (jobs, queue) = mpsc::channel(QUEUE);
        let last_seqid = Arc::new(AtomicI32::new(0));
        let received = Arc::new(AtomicBool::new(false));
        let task = Task {
            queue,
            last_seqid: last_seqid.clone(),
            received: received.clone(),
            pending: BTreeMap::new(),
            taken: 0,
            written: 0,
        };
        let task = tokio::spawn(task.run(stream)).abort_handle();
        Ok(Connection {
            server: server.clone(),
            learnt: Learnt::new(seams.generation),
            versions: seams.versions.clone(),
            jobs,
            last_seqid,
            received,
            task,
        })
    }

    /// Returns the version that the server reports, or `None` if it reports none before the deadline.
    pub(crate) async fn version(&self, deadline: Deadline) -> Option<String> {
        let version = deadline.limit(self.versions.version(self.server.address)).await.flatten();
        history::version(&self.server, version.as_deref());
        version
    }

    /// Returns whether the configuration of the server is known to lack the name of the cluster.
    pub(crate) async fn lacks_cluster_name(&self, deadline: Deadline) -> bool {
        let name = deadline.limit(self.versions.cluster_name(self.server.address)).await.flatten();
        name.is_some_and(|name| name.is_empty())
    }

    /// Returns whether the server has sent anything over this connection.
    pub(crate) fn has_received(&self) -> bool {
        self.received.load(Ordering::Relaxed)
    }

    /// Returns whether the connection has ended.
    pub(crate) fn is_closed(&self) -> bool {
        self.jobs.is_closed()
    }

    /// Closes the connection for all its users.
    pub(crate) fn close(&self) {
        self.task.abort();
    }

    /// Sends a request and waits for its response until the deadline.
    pub(crate) async fn call<R: Rpc>(
        &self,
        request: &R::Request,
        deadline: Deadline,
    ) -> Result<R::Response, CallError> {
        self.call_for_a_while::<R>(request, deadline).await.0
    }

    /// Sends a request and waits for its response until the deadline. If the response has not arrived
    /// by then, [`Late`] still receives it.
    pub(crate) async fn call_for_a_while<R: Rpc>(
        &self,
        request: &R::Request,
        deadline: Deadline,
    ) -> (Result<R::Response, CallError>, Late<R>) {
        let recorded = history::request(&self.server, R::NAME, request);
        let (result, answer) = match self.exchange::<R>(request, deadline).await {
            Ok(payload) => (self.read_answer::<R>(&payload), None),
            Err((error, answer)) => (Err(error), answer),
        };
        if let Some(recorded) = &recorded {
            recorded.ended(result.as_ref());
        }
        (result, Late { answer, recorded, of: PhantomData })
    }

    /// Returns the bytes of the response. The error contains the receiver of a response that may still
    /// arrive.
    async fn exchange<R: Rpc>(
        &self,
        request: &R::Request,
        deadline: Deadline,
    ) -> Result<Bytes, (CallError, Option<AnswerReceiver>)> {
        let seqid = self.last_seqid.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        if seqid <= 0 {
            // This happens after two thousand million requests. A new connection counts from 1 again.
            self.close();
            return Err((CallError::NotSent(Why::Closed), None));
        }
        let timeout_ms = u32::try_from(deadline.left().as_millis()).unwrap_or(u32::MAX);
        let (reply, mut answer) = oneshot::channel();
        let state = Arc::new(JobState::default());
        let job = Job {
            name: R::NAME,
            seqid,
            frame: frame::encode_request::<R>(request, seqid, timeout_ms),
            state: state.clone(),
            reply,
        };
        // A request must not be sent after its call was dropped.
        let withdraw = Withdraw(state);
        match deadline.limit(self.jobs.send(job)).await {
            None => return Err((CallError::NotSent(Why::Timeout), None)),
            Some(Err(_)) => return Err((CallError::NotSent(Why::Closed), None)),
            Some(Ok(())) => {}
        }
        match deadline.limit(&mut answer).await {
            Some(Ok(result)) => result.map_err(|error| (error, None)),
            // The task was aborted before or after it took the request.
            Some(Err(_)) => Err((withdraw.error(Why::Closed), None)),
            None => Err((withdraw.error(Why::Timeout), Some(answer))),
        }
    }

    fn read_answer<R: Rpc>(&self, payload: &Bytes) -> Result<R::Response, CallError> {
        // The task has already read the envelope in order to match the response.
        let answer =
            frame::decode_response(payload).map_err(|error| CallError::Lost(Why::Frame(error)))?;
        if answer.framework != ErrorCode::Ok {
            return Err(CallError::Framework(answer.framework));
        }
        answer.response().map_err(|error| {
            // If one body cannot be read, the next response cannot be trusted either.
            self.close();
            CallError::Lost(Why::Body(error))
        })
    }
}

/// Receives the bytes of a response.
type AnswerReceiver = oneshot::Receiver<Result<Bytes, CallError>>;

/// A response that did not arrive in time. It may still arrive while the connection exists.
#[derive(Debug)]
pub(crate) struct Late<R> {
    answer: Option<AnswerReceiver>,
    /// The entry of the request in the history of the call.
    recorded: Option<history::Sent>,
    of: PhantomData<fn() -> R>,
}

impl<R: Rpc> Late<R> {
    /// Returns a value for a request without a response to wait for.
    pub(crate) fn none() -> Late<R> {
        Late { answer: None, recorded: None, of: PhantomData }
    }

    /// Waits for the response until the deadline. Returns `None`, possibly before the deadline, if no
    /// readable response can arrive any more.
    pub(crate) async fn wait(&mut self, deadline: Deadline) -> Option<R::Response> {
        let come = deadline.limit(self.answer.as_mut()?).await?;
        self.answer = None;
        let payload = come.ok()?.ok()?;
        let answer = frame::decode_response(&payload).ok()?;
        let response = (answer.framework == ErrorCode::Ok).then(|| answer.response().ok())??;
        if let Some(recorded) = &self.recorded {
            recorded.late_response(&response);
        }
        Some(response)
    }
}

impl<R> Late<R> {
    /// Gives up waiting for the response, and keeps only whether it has arrived.
    pub(crate) fn into_signal(self) -> LateSignal {
        LateSignal(self.answer)
    }
}

/// Tells whether a response has arrived for which no call waits any more.
#[derive(Debug)]
pub(crate) struct LateSignal(Option<AnswerReceiver>);

impl LateSignal {
    /// Returns the signal of a response that cannot arrive any more.
    pub(crate) fn none() -> LateSignal {
        LateSignal(None)
    }

    /// Returns whether a response of the server has arrived since the previous call of this function.
    pub(crate) fn has_come(&mut self) -> bool {
        let Some(Ok(Ok(payload))) = self.0.as_mut().map(oneshot::Receiver::try_recv) else {
            return false;
        };
        self.0 = None;
        frame::decode_response(&payload).is_ok_and(|answer| answer.framework == ErrorCode::Ok)
    }
}

/// Withdraws a request when its caller is dropped, unless the task has already taken the request.
struct Withdraw(Arc<JobState>);

impl Withdraw {
    fn error(&self, why: Why) -> CallError {
        if self.0.step(JobState::WITHDRAWN)
            || self.0.0.load(Ordering::Acquire) == JobState::WITHDRAWN
        {
            CallError::NotSent(why)
        } else {
            CallError::Lost(why)
        }
    }
}

impl Drop for Withdraw {
    fn drop(&mut self) {
        self.0.step(JobState::WITHDRAWN);
    }
}

/// The state of the connection's task.
struct Task {
    queue: mpsc::Receiver<Job>,
    last_seqid: Arc<AtomicI32>,
    /// Whether the server has sent anything.
    received: Arc<AtomicBool>,
    /// The requests in flight, by seqid. The map is ordered, so that callers wake in the same order in
    /// every run.
    pending: BTreeMap<i32, Pending>,
    /// The number of bytes of all requests that were taken, and how many of them were written to the
    /// stream.
    taken: u64,
    written: u64,
}

/// A request in flight.
struct Pending {
    name: &'static str,
    /// How many bytes must be written before the first byte of this request.
    behind: u64,
    reply: oneshot::Sender<Result<Bytes, CallError>>,
}

impl Task {
    async fn run(mut self, stream: Box<dyn Stream>) {
        let why = self.exchange(stream).await;
        tracing::debug!(%why, "a connection to a meta server ended");
        // Further requests are refused. Each waiting call learns whether its request was sent.
        self.queue.close();
        while let Ok(job) = self.queue.try_recv() {
            let _ = job.reply.send(Err(CallError::NotSent(why.clone())));
        }
        for (_, pending) in std::mem::take(&mut self.pending) {
            let _ = pending.reply.send(Err(if self.written > pending.behind {
                CallError::Lost(why.clone())
            } else {
                CallError::NotSent(why.clone())
            }));
        }
    }

    async fn exchange(&mut self, stream: Box<dyn Stream>) -> Why {
        let (mut reader, mut writer) = tokio::io::split(stream);
        let mut incoming = BytesMut::new();
        let mut outgoing = BytesMut::new();
        loop {
            // Otherwise the buffer of one large response would be kept as long as the connection.
            if incoming.is_empty() && incoming.capacity() > MAX_KEPT {
                incoming = BytesMut::new();
            }
            incoming.reserve(READ_AT_ONCE);
            tokio::select! {
                biased;
                // Reading comes first, so that a connection which the server has closed is noticed
                // before another request is taken and counts as sent.
                read = reader.read_buf(&mut incoming) => match read {
                    Ok(0) => return Why::Closed,
                    Ok(_) => {
                        self.received.store(true, Ordering::Relaxed);
                        if let Err(why) = self.take_answers(&mut incoming) {
                            return why;
                        }
                    },
                    Err(error) => return Why::Io(Arc::new(error)),
                },
                written = writer.write_buf(&mut outgoing), if outgoing.has_remaining() => match written {
                    Ok(0) => return Why::Closed,
                    Ok(count) => self.written += count as u64,
                    Err(error) => return Why::Io(Arc::new(error)),
                },
                job = self.queue.recv(), if outgoing.len() < MAX_UNWRITTEN => match job {
                    Some(job) => self.take_job(job, &mut outgoing),
                    None => return Why::Closed,
                },
            }
        }
    }

    fn take_job(&mut self, job: Job, outgoing: &mut BytesMut) {
        // Requests whose callers stopped waiting must not accumulate if a server never responds.
        if self.pending.len() >= QUEUE {
            self.pending.retain(|_, pending| !pending.reply.is_closed());
        }
        if job.state.step(JobState::TAKEN) {
            let pending = Pending { name: job.name, behind: self.taken, reply: job.reply };
            outgoing.extend_from_slice(&job.frame);
            self.taken += job.frame.len() as u64;
            self.pending.insert(job.seqid, pending);
        }
    }

    fn take_answers(&mut self, incoming: &mut BytesMut) -> Result<(), Why> {
        while let Some(length) = frame::response_length(incoming, MAX_ANSWER).map_err(Why::Frame)? {
            if incoming.len() < length {
                break;
            }
            let payload = incoming.split_to(length).freeze().slice(4..);
            let answer = frame::decode_response(&payload).map_err(Why::Frame)?;
            match self.pending.remove(&answer.seqid) {
                Some(pending) if answer.is_response_to(pending.name) => {
                    let _ = pending.reply.send(Ok(payload));
                }
                Some(pending) => {
                    let why =
                        Why::WrongName { expected: pending.name, name: answer.name.to_owned() };
                    let _ = pending.reply.send(Err(CallError::Lost(why.clone())));
                    return Err(why);
                }
                // The response is a repetition, or its caller has stopped waiting.
                None if (1..=self.last_seqid.load(Ordering::Relaxed)).contains(&answer.seqid) => {}
                None => return Err(Why::UnknownSeqid(answer.seqid)),
            }
        }
        Ok(())
    }
}
