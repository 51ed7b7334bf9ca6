//! The text of results for people: one order and one vocabulary for the command line, the C library
//! and Python.
//!
//! A text consists of lines. The command line writes the lines of the result to stdout and the remarks
//! to stderr, and adds colours. The other faces return all lines as one string. The text is made from
//! values only, so the same state gives the same text.

use std::borrow::Cow;
use std::fmt::{self, Write};

use crate::enums::{Evidence, OutcomeKind, ResourceKind};
use crate::error::Error;
use crate::escape::{name, sentence};
use crate::info::Info;
use crate::outcome::{Change, Outcome, Removal};
use crate::remote_cluster::RemoteCluster;
use crate::resource::{Described, FieldValue, Fields};

mod conclusion;
#[cfg(any(feature = "capi", feature = "cli"))]
mod listing;

#[cfg(feature = "cli")]
pub(crate) use listing::max_gap;

pub(crate) use conclusion::conclusion;

#[cfg(any(feature = "capi", feature = "cli"))]
pub(crate) use listing::{by_table, duplications, tables};

/// How good the news of a line is. The command line chooses a colour by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Good,
    Attention,
    Bad,
    Neutral,
}

/// A line, or several lines of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    /// The word before the colon. A line without a label is `""`.
    pub(crate) label: &'static str,
    pub(crate) tone: Tone,
    pub(crate) text: String,
}

impl Line {
    pub(crate) fn new(label: &'static str, tone: Tone, text: impl Into<String>) -> Line {
        Line { label, tone, text: text.into() }
    }

    pub(crate) fn plain(text: impl Into<String>) -> Line {
        Line::new("", Tone::Neutral, text)
    }

    pub(crate) fn warning(text: &str) -> Line {
        Line::new("warning", Tone::Attention, sentence(text))
    }

    pub(crate) fn error(text: impl Into<String>) -> Line {
        Line::new("error", Tone::Bad, text)
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.label {
            "" => f.write_str(&self.text),
            label => write!(f, "{label}: {}", self.text),
        }
    }
}

/// The text of a result. [`fmt::Display`] writes all lines, without a line end after the last line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Text {
    /// The result itself.
    pub(crate) result: Vec<Line>,
    /// Warnings and errors.
    pub(crate) remarks: Vec<Line>,
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&joined(self.result.iter().chain(&self.remarks)))
    }
}

/// Returns lines as one text, without a line end after the last line.
pub(crate) fn joined<'a>(lines: impl IntoIterator<Item = &'a Line>) -> String {
    let lines: Vec<String> = lines.into_iter().map(Line::to_string).collect();
    lines.join("\n")
}

/// Returns the fields of a resource as `table=temp dupid=7`. Absent fields are left out, and so are
/// lists of details, for which a line has no room.
pub(crate) fn fields(of: &Fields) -> String {
    let details = |value: &FieldValue| match value {
        FieldValue::List(values) => {
            values.is_empty() || values.iter().any(|value| matches!(value, FieldValue::Map(_)))
        }
        value => *value == FieldValue::Absent,
    };
    let shown: Vec<String> = of
        .iter()
        .filter(|(_, value)| !details(value))
        .map(|(key, value)| format!("{key}={}", value.shown()))
        .collect();
    shown.join(" ")
}

/// Returns the text of an add.
pub(crate) fn outcome<T: Described>(outcome: &Outcome<T>) -> Text {
    let (kind, tone) = match outcome {
        Outcome::Created { .. } => (OutcomeKind::Created, Tone::Good),
        Outcome::AlreadyExists { .. } => (OutcomeKind::AlreadyExists, Tone::Attention),
    };
    let first = format!(
        "{} evidence={} certain={}",
        fields(&outcome.value().fields()),
        outcome.evidence(),
        outcome.certain()
    );
    let mut result = vec![Line::new(kind.name(), tone, first)];
    result.extend(outcome.differences().iter().map(|difference| {
        let (asked, existing) = (difference.asked.shown(), difference.existing.shown());
        let text = format!("field={} asked={asked} existing={existing}", difference.field);
        Line::new("difference", Tone::Neutral, text)
    }));
    result.extend(
        outcome
            .unverified()
            .iter()
            .map(|property| Line::new("unverified", Tone::Neutral, format!("field={property}"))),
    );
    let mut remarks = Vec::new();
    let resource = outcome.value().kind().noun();
    match outcome {
        Outcome::Created { evidence: Evidence::AppearedDuringCall, .. } => {
            remarks.push(Line::warning(&format!(
                "not certain that this call created the {resource}: it did not exist before the call \
                 and exists now, so this call or a concurrent call created it; {}",
                compared(outcome)
            )));
        }
        Outcome::Created { .. } => {}
        Outcome::AlreadyExists { existing, .. } => remarks.push(Line::warning(&format!(
            "nothing was created: the {resource} already exists, {}; {}",
            fields(&existing.fields()),
            compared(outcome)
        ))),
    }
    remarks.extend(outcome.warning().map(Line::warning));
    if outcome.created() && outcome.value().kind() == ResourceKind::BackupPolicy {
        let text = "no server removes a backup policy: a policy can only be disabled";
        remarks.push(Line::new("hint", Tone::Neutral, text));
    }
    Text { result, remarks }
}

/// Says how the existing resource compares with the request. "As requested" is said only if all
/// properties were compared.
fn compared<T>(outcome: &Outcome<T>) -> String {
    let differing: Vec<_> = outcome
        .differences()
        .iter()
        .map(|difference| {
            let (asked, existing) = (difference.asked.shown(), difference.existing.shown());
            format!("{} is {existing}, not {asked}", difference.field)
        })
        .collect();
    let unverified: Vec<_> = outcome
        .unverified()
        .iter()
        .map(|property| format!("{property} ({})", property.why_unverified()))
        .collect();
    let mut text = match (differing.is_empty(), unverified.is_empty()) {
        (false, _) => format!("it differs: {}", differing.join(", ")),
        (true, true) => "it is as requested".to_owned(),
        (true, false) => "what could be compared is as requested".to_owned(),
    };
    if !unverified.is_empty() {
        let _ = write!(text, "; not compared: {}", unverified.join(", "));
    }
    text
}

/// Returns the text of a change. It names the previous value of each field that changed.
pub(crate) fn change<T: Described>(change: &Change<T>) -> Text {
    let now = change.value().fields();
    let mut text = fields(&now);
    let (kind, tone) = match change {
        Change::Changed { before, .. } => {
            let mut before = before.fields();
            before.retain(|field| !now.contains(field));
            for (key, _) in &mut before {
                *key = Cow::Owned(format!("{key}_before"));
            }
            let before = fields(&before);
            if !before.is_empty() {
                let _ = write!(text, " {before}");
            }
            (OutcomeKind::Changed, Tone::Good)
        }
        Change::Unchanged { .. } => (OutcomeKind::Unchanged, Tone::Attention),
    };
    Text {
        result: vec![Line::new(kind.name(), tone, text)],
        remarks: change.warning().map(Line::warning).into_iter().collect(),
    }
}

/// Returns the text of a removal.
pub(crate) fn removal<T: Described>(removal: &Removal<T>) -> Text {
    match removal {
        Removal::Removed { was, evidence, warning } => {
            let first = format!(
                "{} evidence={evidence} certain={}",
                fields(&was.fields()),
                evidence.certain()
            );
            Text {
                result: vec![Line::new(OutcomeKind::Removed.name(), Tone::Good, first)],
                remarks: warning.as_deref().map(Line::warning).into_iter().collect(),
            }
        }
        Removal::NotFound => Text {
            result: vec![Line::new(
                OutcomeKind::NotFound.name(),
                Tone::Attention,
                "there was nothing to remove",
            )],
            remarks: Vec::new(),
        },
    }
}

/// Returns a line for each server, and then what is known about the leader. `-` stands for a value
/// that is not known.
pub(crate) fn info(info: &Info) -> Text {
    let mut result: Vec<Line> = info
        .servers
        .iter()
        .map(|server| {
            let mut line = format!("server={} role={}", name(&server.server), server.role);
            if let Some(detail) = &server.detail {
                let _ = write!(line, " detail={}", name(detail));
            }
            Line::plain(line)
        })
        .collect();
    let or_dash = |value: Option<&str>| FieldValue::from(value).shown().into_owned();
    result.push(Line::plain(format!(
        "leader={} cluster_name={} version={} generation={} known_by={}",
        or_dash(info.leader.as_deref()),
        or_dash(info.cluster_name.as_deref()),
        or_dash(info.version.as_deref()),
        or_dash(info.generation.map(|generation| generation.name())),
        or_dash(info.known_by.map(|known_by| known_by.name())),
    )));
    let mut remarks: Vec<Line> = info.warning.as_deref().map(Line::warning).into_iter().collect();
    if info.leader.is_none() {
        remarks.push(Line::error("no leader among the meta servers"));
    }
    Text { result, remarks }
}

/// Returns a line about a remote cluster.
pub(crate) fn remote_cluster(remote: &RemoteCluster) -> Text {
    Text { result: vec![Line::plain(fields(&remote.fields()))], remarks: Vec::new() }
}

/// Returns the text of an error: what happened, what is known to exist, and what to do next.
pub(crate) fn error(error: &Error) -> Text {
    let mut remarks =
        vec![Line::error(error_line(&ErrorLine { hint: None, ..ErrorLine::from(error) }))];
    remarks.extend(
        error.known().iter().map(|one| Line::new("exists", Tone::Neutral, fields(&one.fields()))),
    );
    remarks.extend(error.hint().map(|hint| Line::new("hint", Tone::Neutral, sentence(hint))));
    Text { result: Vec::new(), remarks }
}

/// The parts of an error that one line shows.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ErrorLine<'a> {
    pub(crate) message: &'a str,
    pub(crate) hint: Option<&'a str>,
    pub(crate) code: Option<&'a str>,
    pub(crate) server: Option<&'a str>,
    pub(crate) cause: Option<&'a str>,
}

impl<'a> From<&'a Error> for ErrorLine<'a> {
    fn from(error: &'a Error) -> ErrorLine<'a> {
        ErrorLine {
            message: error.message(),
            hint: error.hint(),
            code: error.code().map(|code| code.name()),
            server: error.server(),
            cause: None,
        }
    }
}

/// Returns an error on one line: `message: hint code=... server=... cause=...`.
pub(crate) fn error_line(of: &ErrorLine<'_>) -> String {
    let mut text = of.message.to_owned();
    if let Some(hint) = of.hint {
        let _ = write!(text, ": {hint}");
    }
    for (key, value) in [("code", of.code), ("server", of.server), ("cause", of.cause)] {
        if let Some(value) = value {
            let _ = write!(text, " {key}={value}");
        }
    }
    sentence(&text).into_owned()
}

/// Returns a step of a call: `asking: 127.0.0.1:34601`.
pub(crate) fn step(name: &str, detail: Option<&str>) -> String {
    let mut text = name.replace('_', " ");
    if let Some(detail) = detail {
        let _ = write!(text, ": {}", sentence(detail));
    }
    text
}

/// Returns an error and all its causes on one line.
#[cfg(feature = "cli")]
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let _ = write!(text, ": {cause}");
        source = cause.source();
    }
    sentence(&text).into_owned()
}

#[cfg(test)]
mod tests;
