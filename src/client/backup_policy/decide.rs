//! Decides on the outcome of an add of a backup policy: a pure function of the request, the server's response,
//! and what is listed afterwards. `ARCHITECTURE.md` has the table in words.

use std::collections::BTreeSet;

#[cfg(test)]
mod tests;

use crate::client::codes::{Meaning, Request};
use crate::client::hints;
use crate::client::reply;
use crate::client::spec::BackupPolicySpec;
use crate::client::try_error::TryError;
use crate::client::warning;
use crate::error::{Error, ErrorKind, Result};
use crate::escape::name;
use crate::outcome::{Difference, Evidence, Outcome, Property};
use crate::protocol::messages::AddBackupPolicyResponse;
use crate::resource::{BackupPolicy, FieldValue};

/// The warning about a listed policy that differs, unless it cannot be the one that this call requested.
const MAY_BE_CHANGED: &str = "another client may have changed the policy since it was added; if so, this call may \
    have added it";

/// An add of a backup policy, and the tables that it names.
#[derive(Debug, Clone)]
pub(super) struct Question<'a> {
    pub(super) spec: &'a BackupPolicySpec,
    pub(super) table_ids: BTreeSet<i32>,
}

/// What came back for an add that was sent.
pub(super) type Reply = reply::Reply<AddBackupPolicyResponse>;

/// A reply, by the row of the table that it belongs to.
#[derive(Debug, Clone)]
enum Row {
    /// ERR_OK, which does not prove that this add made the policy.
    Accepted,
    /// A refusal, as an error. This add did nothing.
    Refused(Error),
    /// No response, or a response that proves nothing.
    Lost,
}

/// For how long the policy is queried before the decision is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LookFor {
    /// Until one query succeeds.
    Anything,
    /// The same, but if there is no policy, this contradicts the response. The server gets the time to list it.
    Confirmation,
    /// A policy, until the deadline.
    Appearance,
}

/// What was found when the policy was queried after an add.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Afterwards {
    /// There is no policy of that name.
    Nothing,
    /// There is a policy of that name.
    One(BackupPolicy),
    /// The policy could not be queried, and why.
    Unknown(String),
}

/// An add and the response to it.
#[derive(Debug)]
pub(super) struct Case<'a> {
    question: &'a Question<'a>,
    reply: &'a Reply,
    row: Row,
}

impl<'a> Case<'a> {
    /// Finds the row of the table for an add and the response to it.
    ///
    /// # Errors
    ///
    /// The server did nothing with the add, and the policy need not be queried.
    pub(super) fn new(
        question: &'a Question<'a>,
        reply: &'a Reply,
    ) -> std::result::Result<Case<'a>, TryError> {
        Ok(Case { question, reply, row: row(question, reply)? })
    }

    /// Returns for how long the policy is queried before [`Case::decide`].
    pub(super) fn look_for(&self) -> LookFor {
        match &self.row {
            Row::Accepted => LookFor::Confirmation,
            Row::Refused(error) if error.kind() == ErrorKind::Busy => LookFor::Confirmation,
            Row::Refused(_) => LookFor::Anything,
            Row::Lost => LookFor::Appearance,
        }
    }

    /// Returns the outcome.
    pub(super) fn decide(self, found: Afterwards) -> Result<Outcome<BackupPolicy>> {
        let Case { question, reply, row } = self;
        match (row, found) {
            // This add was refused, so the listed policy is another one.
            (Row::Refused(_), Afterwards::One(one)) => {
                Ok(already_exists(question, one, Evidence::ListedAfter, None))
            }
            (Row::Refused(error), Afterwards::Nothing | Afterwards::Unknown(_)) => Err(error),
            (Row::Accepted | Row::Lost, Afterwards::One(one)) => {
                let differences = differences(question, &one);
                if differences.is_empty() {
                    let warning = state_warning(&one);
                    let evidence = Evidence::AppearedDuringCall;
                    return Ok(Outcome::Created {
                        value: one,
                        unverified: Vec::new(),
                        evidence,
                        warning,
                    });
                }
                // Only the provider of a policy cannot be changed.
                let certain = differences.iter().any(|one| one.field == Property::Provider);
                let warning = (!certain).then(|| MAY_BE_CHANGED.to_owned());
                Ok(already_exists(question, one, Evidence::ListedAfter, warning))
            }
            (Row::Accepted, Afterwards::Nothing) => {
                Err(unknown(question, reply, "the server does not list the policy"))
            }
            (Row::Lost, Afterwards::Nothing) => {
                Err(unknown(question, reply, "the server does not list the policy (yet)"))
            }
            (Row::Accepted | Row::Lost, Afterwards::Unknown(why)) => {
                Err(unknown(question, reply, &format!("the policy could not be queried: {why}")))
            }
        }
    }
}

/// Returns the row that a reply belongs to, or an error if the server did nothing with the add and the policy
/// need not be queried.
fn row(question: &Question<'_>, reply: &Reply) -> std::result::Result<Row, TryError> {
    const ADD: Request = Request::AddPolicy;
    let subject = format!("policy={}", name(&question.spec.policy));
    let answer = match reply {
        Reply::Lost(_) => return Ok(Row::Lost),
        Reply::Framework(code) => {
            return match ADD.refused_by_rpc_layer(code) {
                Some(kind) => Err(TryError::Refused(ADD.refused(kind, code, &subject))),
                None => Ok(Row::Lost),
            };
        }
        Reply::Answer(answer) => answer,
    };
    let hint = answer.hint_message.as_deref();
    Ok(match ADD.meaning(&answer.err, hint) {
        Meaning::Done => Row::Accepted,
        Meaning::NotApplied => return Err(TryError::NotApplied(answer.err.clone())),
        Meaning::Refused(kind) => {
            let error = ADD.refused(kind, &answer.err, &subject);
            Row::Refused(match hint.filter(|hint| !hint.is_empty()) {
                Some(hint) => error.with_hint(hint),
                None => error.with_hint(hints::REFUSED_POLICY),
            })
        }
        Meaning::Exists | Meaning::Unclear => Row::Lost,
    })
}

/// Returns an AlreadyExists with the comparison with the request.
pub(super) fn already_exists(
    question: &Question<'_>,
    existing: BackupPolicy,
    evidence: Evidence,
    warning: Option<String>,
) -> Outcome<BackupPolicy> {
    let warning = warning::join(warning, state_warning(&existing));
    Outcome::AlreadyExists {
        differences: differences(question, &existing),
        existing,
        // Every server reports all properties of a policy.
        unverified: Vec::new(),
        evidence,
        warning,
    }
}

/// Returns the properties in which a policy differs from the request.
fn differences(question: &Question<'_>, existing: &BackupPolicy) -> Vec<Difference> {
    let Question { spec, table_ids } = question;
    let ids =
        |ids: &mut dyn Iterator<Item = i32>| ids.map(FieldValue::from).collect::<FieldValue>();
    let pairs: [(Property, FieldValue, FieldValue); 5] = [
        (Property::Provider, spec.provider.as_str().into(), existing.provider.as_str().into()),
        (
            Property::TableIds,
            ids(&mut table_ids.iter().copied()),
            ids(&mut existing.table_ids.iter().copied()),
        ),
        (Property::IntervalSeconds, spec.interval_seconds.into(), existing.interval_seconds.into()),
        (Property::HistoryCount, spec.history_count.into(), existing.history_count.into()),
        (Property::StartTime, spec.start_time.as_str().into(), existing.start_time.as_str().into()),
    ];
    pairs
        .into_iter()
        .filter(|(_, asked, existing)| asked != existing)
        .map(|(field, asked, existing)| Difference::new(field, asked, existing))
        .collect()
}

/// Returns a warning if the policy is not in the state in which a new one would be.
fn state_warning(policy: &BackupPolicy) -> Option<String> {
    policy.disabled.then(|| "the policy is disabled".to_owned())
}

/// Returns the error for an add that was sent and whose effect is not known.
fn unknown(question: &Question<'_>, reply: &Reply, why: &str) -> Error {
    let code = match reply {
        Reply::Answer(answer) => Some(&answer.err),
        Reply::Framework(code) => Some(code),
        Reply::Lost(_) => None,
    };
    let message = format!(
        "whether the backup policy was created is not known: the add was sent and {}; {why}: policy={}",
        reply.words(|answer| &answer.err),
        name(&question.spec.policy)
    );
    let error =
        Error::new(ErrorKind::OutcomeUnknown, message).with_hint(hints::AFTER_A_LOST_POLICY);
    match code {
        Some(code) => error.with_code(code),
        None => error,
    }
}
