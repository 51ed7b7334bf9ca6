//! One connection to a meta server: many requests in flight, matched to their answers by seqid.
//!
//! A task of its own reads and writes; it ends when the connection does or when the last handle is
//! dropped. Whether a request may have left this process is always known: that decides whether a
//! failure is [`CallError::NotSent`] or [`CallError::Lost`].

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
use crate::protocol::error_code::ErrorCode;
use crate::protocol::frame::{self, FrameError};
use crate::protocol::generation::Generation;
use crate::protocol::messages::Rpc;
use crate::protocol::thrift::DecodeError;

/// The longest answer that is taken, in bytes. A list of ten thousand duplications fits.
const MAX_ANSWER: usize = 64 << 20;
/// Requests that may wait for the task to take them.
const QUEUE: usize = 256;
/// Room for one read, in bytes.
const READ_AT_ONCE: usize = 4096;
/// Bytes that may wait to be written before the task takes no further requests.
const MAX_UNWRITTEN: usize = 256 << 10;

/// Why a call got no answer.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum CallError {
    /// Nothing of the request left this process.
    #[error("nothing was sent: {0}")]
    NotSent(Why),
    /// It was sent, and no answer that can be read came back.
    #[error("no answer came: {0}")]
    Lost(Why),
    /// The RPC layer of the server refused it: it has no such RPC, or can't handle any.
    #[error("the server's RPC layer refused it with {0}")]
    Framework(ErrorCode),
}

/// What ended a call or a connection.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum Why {
    #[error("the time ran out")]
    Timeout,
    #[error("the connection was closed")]
    Closed,
    #[error("the connection failed: {0}")]
    Io(Arc<io::Error>),
    #[error("what came back is not an answer: {0}")]
    Frame(FrameError),
    #[error("the answer cannot be read: {0}")]
    Body(DecodeError),
    #[error("the answer is to another request: expected={expected} name={name:?}")]
    WrongName { expected: &'static str, name: String },
    #[error("the answer has a seqid that was never sent: seqid={0}")]
    UnknownSeqid(i32),
}

impl Why {
    /// Whether what came back can't be from a meta server, rather than nothing having come.
    pub(crate) fn is_garbage(&self) -> bool {
        match self {
            Why::Timeout | Why::Closed | Why::Io(_) => false,
            Why::Frame(_) | Why::Body(_) | Why::WrongName { .. } | Why::UnknownSeqid(_) => true,
        }
    }
}

/// A request on its way. The caller may withdraw it as long as the task has not taken it.
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

struct Job {
    name: &'static str,
    seqid: i32,
    frame: Vec<u8>,
    state: Arc<JobState>,
    reply: oneshot::Sender<Result<Bytes, CallError>>,
}

/// What connections are made with.
#[derive(Debug, Clone)]
pub(crate) struct Seams {
    pub(crate) resolver: Arc<dyn Resolver>,
    pub(crate) connector: Arc<dyn Connector>,
    pub(crate) versions: Arc<dyn VersionLookup>,
    /// The generation that somebody has stated, which each connection checks.
    pub(crate) generation: Option<Generation>,
}

/// A connection. It closes when the last handle is dropped.
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
    /// Connects.
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

    /// The version that the server says it is, if it says one in time.
    pub(crate) async fn version(&self, deadline: Deadline) -> Option<String> {
        deadline.limit(self.versions.version(self.server.address)).await.flatten()
    }

    /// Whether the server has sent anything at all over this connection.
    pub(crate) fn has_received(&self) -> bool {
        self.received.load(Ordering::Relaxed)
    }

    /// Whether it can't be used further.
    pub(crate) fn is_closed(&self) -> bool {
        self.jobs.is_closed()
    }

    /// Ends it, for all who use it.
    pub(crate) fn close(&self) {
        self.task.abort();
    }

    /// Sends a request and waits for its answer.
    pub(crate) async fn call<R: Rpc>(
        &self,
        request: &R::Request,
        deadline: Deadline,
    ) -> Result<R::Answer, CallError> {
        self.call_for_a_while::<R>(request, deadline).await.0
    }

    /// Sends a request and waits for its answer until the deadline. The answer that has not come by
    /// then may still come.
    pub(crate) async fn call_for_a_while<R: Rpc>(
        &self,
        request: &R::Request,
        deadline: Deadline,
    ) -> (Result<R::Answer, CallError>, Late<R>) {
        match self.exchange::<R>(request, deadline).await {
            Ok(payload) => (self.read_answer::<R>(&payload), Late::none()),
            Err((error, answer)) => (Err(error), Late { answer, of: PhantomData }),
        }
    }

    /// The answer's bytes; with an error, where those may still come from.
    async fn exchange<R: Rpc>(
        &self,
        request: &R::Request,
        deadline: Deadline,
    ) -> Result<Bytes, (CallError, Option<AnswerReceiver>)> {
        let seqid = self.last_seqid.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        if seqid <= 0 {
            // Two thousand million requests: a new connection counts from 1 again.
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
        // A call that is dropped before its turn must not be sent later.
        let withdraw = Withdraw(state);
        match deadline.limit(self.jobs.send(job)).await {
            None => return Err((CallError::NotSent(Why::Timeout), None)),
            Some(Err(_)) => return Err((CallError::NotSent(Why::Closed), None)),
            Some(Ok(())) => {}
        }
        match deadline.limit(&mut answer).await {
            Some(Ok(result)) => result.map_err(|error| (error, None)),
            // The task was aborted with the request in its hands or before.
            Some(Err(_)) => Err((withdraw.error(Why::Closed), None)),
            None => Err((withdraw.error(Why::Timeout), Some(answer))),
        }
    }

    fn read_answer<R: Rpc>(&self, payload: &Bytes) -> Result<R::Answer, CallError> {
        // The task has read the envelope once, to match it.
        let answer =
            frame::decode_answer(payload).map_err(|error| CallError::Lost(Why::Frame(error)))?;
        if answer.framework != ErrorCode::Ok {
            return Err(CallError::Framework(answer.framework));
        }
        answer.answer().map_err(|error| {
            // A server that sends one body that can't be read is not to be believed on the next.
            self.close();
            CallError::Lost(Why::Body(error))
        })
    }
}

/// Where the bytes of an answer come from.
type AnswerReceiver = oneshot::Receiver<Result<Bytes, CallError>>;

/// An answer that did not come in time, and may still come as long as the connection lasts.
#[derive(Debug)]
pub(crate) struct Late<R> {
    answer: Option<AnswerReceiver>,
    of: PhantomData<fn() -> R>,
}

impl<R: Rpc> Late<R> {
    /// No answer that could still come.
    pub(crate) fn none() -> Late<R> {
        Late { answer: None, of: PhantomData }
    }

    /// Waits for the answer until the deadline. `None`, perhaps before the deadline, where none comes
    /// that can be read.
    pub(crate) async fn wait(&mut self, deadline: Deadline) -> Option<R::Answer> {
        let come = deadline.limit(self.answer.as_mut()?).await?;
        self.answer = None;
        let payload = come.ok()?.ok()?;
        let answer = frame::decode_answer(&payload).ok()?;
        (answer.framework == ErrorCode::Ok).then(|| answer.answer().ok())?
    }
}

impl<R> Late<R> {
    /// What is left to know when nobody waits for the answer any more: whether it has come.
    pub(crate) fn into_signal(self) -> LateSignal {
        LateSignal(self.answer)
    }
}

/// Whether an answer has come that nobody waits for.
#[derive(Debug)]
pub(crate) struct LateSignal(Option<AnswerReceiver>);

impl LateSignal {
    /// Of an answer that can't come any more.
    pub(crate) fn none() -> LateSignal {
        LateSignal(None)
    }

    /// Whether the server's own answer has come since it was last asked.
    pub(crate) fn has_come(&mut self) -> bool {
        let Some(Ok(Ok(payload))) = self.0.as_mut().map(oneshot::Receiver::try_recv) else {
            return false;
        };
        self.0 = None;
        frame::decode_answer(&payload).is_ok_and(|answer| answer.framework == ErrorCode::Ok)
    }
}

/// Takes a request back when its caller goes, if the task has not taken it.
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

/// What the connection's task owns.
struct Task {
    queue: mpsc::Receiver<Job>,
    last_seqid: Arc<AtomicI32>,
    /// Whether anything has been read.
    received: Arc<AtomicBool>,
    /// By seqid. Ordered, so that callers wake in the same order in every run.
    pending: BTreeMap<i32, Pending>,
    /// Bytes of all requests that were taken, and how many of them the stream has taken.
    taken: u64,
    written: u64,
}

struct Pending {
    name: &'static str,
    /// How many bytes were to be written before it.
    behind: u64,
    reply: oneshot::Sender<Result<Bytes, CallError>>,
}

impl Task {
    async fn run(mut self, stream: Box<dyn Stream>) {
        let why = self.exchange(stream).await;
        tracing::debug!(%why, "a connection to a meta server ended");
        // Refuse what comes from now on, then tell those who wait which it is for them.
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
            incoming.reserve(READ_AT_ONCE);
            tokio::select! {
                biased;
                // Reading first: a server that has closed must be noticed before another request is
                // taken and counted as sent.
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
        // Callers that stopped waiting must not pile up behind a server that never answers.
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
        while let Some(length) = frame::answer_length(incoming, MAX_ANSWER).map_err(Why::Frame)? {
            if incoming.len() < length {
                break;
            }
            let payload = incoming.split_to(length).freeze().slice(4..);
            let answer = frame::decode_answer(&payload).map_err(Why::Frame)?;
            match self.pending.remove(&answer.seqid) {
                Some(pending) if answer.answers(pending.name) => {
                    let _ = pending.reply.send(Ok(payload));
                }
                Some(pending) => {
                    let why =
                        Why::WrongName { expected: pending.name, name: answer.name.to_owned() };
                    let _ = pending.reply.send(Err(CallError::Lost(why.clone())));
                    return Err(why);
                }
                // Answered twice, or after its caller stopped waiting.
                None if (1..=self.last_seqid.load(Ordering::Relaxed)).contains(&answer.seqid) => {}
                None => return Err(Why::UnknownSeqid(answer.seqid)),
            }
        }
        Ok(())
    }
}
