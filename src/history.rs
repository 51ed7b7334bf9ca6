//! The history of calls: what was sent, what the servers responded and what was concluded, attempt by
//! attempt.
//!
//! A [`Recorder`] belongs to the calls that it records, and travels with their futures. The signatures of
//! the operations therefore do not mention it, and a call without a recorder costs one look-up for each
//! request. The layers below the client record into it too.
//!
//! A history contains no times, so the same state gives the same history. The entries are in the order in
//! which the client took the steps and sent the requests, in whatever order the responses arrived.

use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::Either;
use serde::{Serialize, Serializer};

pub use crate::enums::EntryKind;
use crate::enums::StepKind;
use crate::escape::{json, sentence};
use crate::protocol::thrift::{ROOM, Wire};
use crate::resource::{FieldValue, Fields, fields};
use crate::text;

/// One entry of a [`History`].
///
/// [`fmt::Display`] writes the entry as one or more lines, without a line end after the last line.
/// Serialization writes an object with all keys, in which a value that does not exist is `null`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// The kind of the entry.
    pub kind: EntryKind,
    /// The number of the call of the client among the calls of the recorder, from 1.
    pub call: u32,
    /// The number of the attempt within the call, from 1. An attempt that starts over gets the next number.
    pub attempt: u32,
    /// The server that the entry is about.
    pub server: Option<String>,
    /// The code name of the RPC, `GET /version` for a look-up of the version, or the name of the step.
    pub name: Option<&'static str>,
    /// The fields of the request, by their names in the IDL files of Pegasus. Absent fields are left out,
    /// and a container with many elements is described by their number.
    pub request: Option<FieldValue>,
    /// The fields of the response, likewise.
    pub response: Option<FieldValue>,
    /// The detail of the step, the reason why there is no response, the version, what was found out about
    /// the server, or the result of the call. The result is the text that the command line writes, and may
    /// have several lines.
    pub text: Option<String>,
}

impl Entry {
    /// Returns the values of the entry with their names, in the order in which all faces show them.
    pub fn fields(&self) -> Fields {
        let described = |value: &Option<FieldValue>| value.clone().unwrap_or(FieldValue::Absent);
        fields! {
            entry: self.kind.name(),
            call: i64::from(self.call),
            attempt: i64::from(self.attempt),
            server: self.server.as_deref(),
            name: self.name,
            request: described(&self.request),
            response: described(&self.response),
            text: self.text.as_deref(),
        }
    }

    /// Returns the entry as JSON on one line.
    pub(crate) fn json(&self) -> String {
        // Serialization only fails for maps whose keys are not strings.
        json(self).unwrap_or_default()
    }

    /// Returns the lines of the entry, without the number of the call.
    fn lines(&self) -> Vec<String> {
        let server = sentence(self.server.as_deref().unwrap_or_default());
        let name = self.name.unwrap_or_default();
        let words = sentence(self.text.as_deref().unwrap_or_default());
        let numbered = |text: String| format!("attempt {}: {text}", self.attempt);
        match self.kind {
            EntryKind::Step => vec![numbered(text::step(name, self.text.as_deref()))],
            EntryKind::Request => {
                let request = format!("request to {server}: {name}{}", shown(&self.request));
                let response = match (&self.response, &self.text) {
                    (Some(_), _) => {
                        format!("response from {server}: {name}{}", shown(&self.response))
                    }
                    (None, Some(_)) => format!("request to {server} failed: {name}: {words}"),
                    (None, None) => format!("no response from {server} yet: {name}"),
                };
                vec![numbered(request), numbered(response)]
            }
            EntryKind::LateResponse => vec![numbered(format!(
                "late response from {server}: {name}{}",
                shown(&self.response)
            ))],
            EntryKind::Version => {
                let version = self.text.as_ref().map_or("no version", |_| &*words);
                vec![numbered(format!("response from {server}: {name}: {version}"))]
            }
            EntryKind::Server => vec![numbered(format!("{server}: {words}"))],
            EntryKind::Conclusion => {
                let text = self.text.as_deref().unwrap_or_default();
                text.lines().map(|line| format!("conclusion: {}", sentence(line))).collect()
            }
        }
    }
}

/// Returns the fields of a message, with a space before each.
fn shown(message: &Option<FieldValue>) -> String {
    match message {
        Some(FieldValue::Map(fields)) => {
            fields.iter().map(|(name, value)| format!(" {name}={}", value.shown())).collect()
        }
        _ => String::new(),
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines().join("\n"))
    }
}

impl Serialize for Entry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        FieldValue::Map(self.fields()).serialize(serializer)
    }
}

/// The history of one or more calls: a copy of what a [`Recorder`] had recorded at a time.
///
/// [`fmt::Display`] writes the lines of all entries, without a line end after the last line. If there are
/// several calls, each line starts with the number of the call.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct History {
    entries: Vec<Entry>,
}

impl History {
    /// Returns the entries in their order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Returns each entry as JSON on one line, without a line end after the last line.
    pub fn json_lines(&self) -> String {
        let lines: Vec<String> = self.entries.iter().map(Entry::json).collect();
        lines.join("\n")
    }

    /// Returns the lines of the text.
    pub(crate) fn lines(&self) -> Vec<String> {
        let several = self.entries.iter().any(|entry| entry.call > 1);
        let lines = self.entries.iter().flat_map(|entry| {
            let call = if several { format!("call {} ", entry.call) } else { String::new() };
            entry.lines().into_iter().map(move |line| format!("{call}{line}"))
        });
        lines.collect()
    }
}

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines().join("\n"))
    }
}

/// Records the history of calls.
///
/// ```no_run
/// # async fn example(client: pegasus_dup::Client) {
/// use pegasus_dup::history::Recorder;
/// let recorder = Recorder::default();
/// let queried = recorder.record(client.query("temp")).await;
/// println!("{}", recorder.history());
/// # }
/// ```
///
/// The history can be read at any time, also during a call and after a call was cancelled. Clones record
/// into the same history.
#[derive(Debug, Clone, Default)]
pub struct Recorder(Arc<Mutex<Part>>);

/// The entries of one task of a call, of one call, or of several calls.
#[derive(Debug, Default)]
struct Part {
    /// The number of calls that all parts of a history have.
    calls: Arc<AtomicU32>,
    /// The number of the call that the part belongs to. A part of several calls only has parts.
    call: u32,
    attempt: u32,
    items: Vec<Item>,
}

/// An entry, or the place of a part that another task records.
#[derive(Debug)]
enum Item {
    Entry(Entry),
    Part(Recorder),
}

tokio::task_local! {
    static CURRENT: Recorder;
}

impl Recorder {
    /// Makes the recorder record a call, or all calls that a future makes in its task. Calls may overlap. The
    /// history has them in the order in which they began, each with its number.
    pub fn record<F: Future>(&self, call: F) -> impl Future<Output = F::Output> + use<F> {
        CURRENT.scope(self.clone(), call)
    }

    /// Returns what was recorded until now.
    pub fn history(&self) -> History {
        let mut history = History::default();
        self.collect(&mut history.entries);
        history
    }

    /// Returns a recorder whose calls are a part of this history.
    #[cfg(feature = "cli")]
    pub(crate) fn begin(&self) -> Recorder {
        let mut all = self.part();
        let part = Part { calls: all.calls.clone(), ..Part::default() };
        all.begin(part)
    }

    /// Records the result that a face reports, for all calls that were dropped before they had a result of their
    /// own.
    #[cfg(any(feature = "capi", feature = "cli"))]
    pub(crate) fn conclude(&self, result: impl Fn() -> String) {
        for item in &self.part().items {
            let Item::Part(call) = item else { continue };
            let mut call = call.part();
            let concluded = |item: &Item| match item {
                Item::Entry(entry) => entry.kind == EntryKind::Conclusion,
                Item::Part(_) => false,
            };
            if !call.items.last().is_some_and(concluded) {
                call.add(EntryKind::Conclusion, |entry| entry.text = Some(result()));
            }
        }
    }

    fn collect(&self, entries: &mut Vec<Entry>) {
        for item in &self.part().items {
            match item {
                Item::Entry(entry) => entries.push(entry.clone()),
                Item::Part(part) => part.collect(entries),
            }
        }
    }

    fn part(&self) -> MutexGuard<'_, Part> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Part {
    /// Adds the place of a part.
    fn begin(&mut self, part: Part) -> Recorder {
        let part = Recorder(Arc::new(Mutex::new(part)));
        self.items.push(Item::Part(part.clone()));
        part
    }

    /// Adds an entry of this kind, and returns its index. `fill` sets its values.
    fn add(&mut self, kind: EntryKind, fill: impl FnOnce(&mut Entry)) -> usize {
        let mut entry = Entry {
            kind,
            call: self.call,
            attempt: self.attempt,
            server: None,
            name: None,
            request: None,
            response: None,
            text: None,
        };
        fill(&mut entry);
        self.items.push(Item::Entry(entry));
        self.items.len() - 1
    }
}

/// Makes the recorder record a call, if there is a recorder.
#[cfg(any(feature = "capi", feature = "cli"))]
pub(crate) fn recorded<F: Future>(
    recorder: Option<&Recorder>,
    call: F,
) -> impl Future<Output = F::Output> + use<F> {
    match recorder {
        Some(recorder) => Either::Left(recorder.record(call)),
        None => Either::Right(call),
    }
}

/// Adds an entry to the history of this call, if it is recorded.
fn add(kind: EntryKind, fill: impl FnOnce(&mut Entry)) {
    let _ = CURRENT.try_with(|recorder| recorder.part().add(kind, fill));
}

/// Returns whether this call is recorded.
pub(crate) fn is_recorded() -> bool {
    CURRENT.try_with(|_| ()).is_ok()
}

/// Makes a future that is a call of a client have its own part of the history, if it is recorded.
pub(crate) fn as_a_call<F: Future>(call: F) -> impl Future<Output = F::Output> + use<F> {
    within_part(call, |all| {
        let call = all.calls.fetch_add(1, Ordering::Relaxed) + 1;
        Part { calls: all.calls.clone(), call, attempt: 1, items: Vec::new() }
    })
}

/// Makes a future that runs as another task record into the history of this call, if it is recorded. Its
/// entries are at the place where this function was called.
pub(crate) fn in_this_call<F: Future>(future: F) -> impl Future<Output = F::Output> + use<F> {
    within_part(future, |part| {
        let (calls, call, attempt) = (part.calls.clone(), part.call, part.attempt);
        Part { calls, call, attempt, items: Vec::new() }
    })
}

/// Makes a future record into the part that `make` returns for the current part.
fn within_part<F: Future, M: FnOnce(&Part) -> Part>(
    future: F,
    make: M,
) -> impl Future<Output = F::Output> + use<F, M> {
    let part = CURRENT.try_with(|recorder| {
        let mut current = recorder.part();
        let part = make(&current);
        current.begin(part)
    });
    match part {
        Ok(part) => Either::Left(CURRENT.scope(part, future)),
        Err(_) => Either::Right(future),
    }
}

/// Records that the call starts over.
pub(crate) fn next_attempt() {
    let _ = CURRENT.try_with(|recorder| recorder.part().attempt += 1);
}

/// Records a step.
pub(crate) fn step(kind: StepKind, detail: Option<&str>) {
    add(EntryKind::Step, |entry| {
        entry.name = Some(kind.name());
        entry.text = detail.map(str::to_owned);
    });
}

/// Records the version that a server reports by HTTP, or that it reports none.
pub(crate) fn version(server: &impl fmt::Display, version: Option<&str>) {
    add(EntryKind::Version, |entry| {
        entry.server = Some(server.to_string());
        entry.name = Some("GET /version");
        entry.text = version.map(str::to_owned);
    });
}

/// Records what the search for the leader has found out about a server.
pub(crate) fn found_server(server: &impl fmt::Display, what: impl FnOnce() -> String) {
    add(EntryKind::Server, |entry| {
        entry.server = Some(server.to_string());
        entry.text = Some(what());
    });
}

/// Records the result of the call.
pub(crate) fn conclude(result: impl FnOnce() -> String) {
    add(EntryKind::Conclusion, |entry| entry.text = Some(result()));
}

/// Records a request that is about to be sent. Returns `None` if the call is not recorded.
pub(crate) fn request(
    server: &impl fmt::Display,
    name: &'static str,
    request: &impl Wire,
) -> Option<Sent> {
    let recorder = CURRENT.try_with(Recorder::clone).ok()?;
    let index = recorder.part().add(EntryKind::Request, |entry| {
        entry.server = Some(server.to_string());
        entry.name = Some(name);
        entry.request = Some(request.describe(ROOM));
    });
    Some(Sent { recorder, index })
}

/// A request that was recorded.
#[derive(Debug)]
pub(crate) struct Sent {
    recorder: Recorder,
    index: usize,
}

impl Sent {
    /// Records the response, or the reason why there is none.
    pub(crate) fn ended(&self, result: Result<&impl Wire, &impl fmt::Display>) {
        if let Some(Item::Entry(entry)) = self.recorder.part().items.get_mut(self.index) {
            match result {
                Ok(response) => entry.response = Some(response.describe(ROOM)),
                Err(why) => entry.text = Some(why.to_string()),
            }
        }
    }

    /// Records a response that arrived after all.
    pub(crate) fn late_response(&self, response: &impl Wire) {
        let mut part = self.recorder.part();
        let Some(Item::Entry(sent)) = part.items.get(self.index) else { return };
        let (server, name) = (sent.server.clone(), sent.name);
        part.add(EntryKind::LateResponse, |entry| {
            entry.server = server;
            entry.name = name;
            entry.response = Some(response.describe(ROOM));
        });
    }
}
