//! Decides what is to be done with each duplication of a plan. Nothing here does any I/O.

use super::options::ApplyOptions;
use crate::enums::{ItemResult, PlanStep, Status, Verdict};
use crate::fleet::Item;

/// A duplication that was created longer ago than this, in milliseconds, may have been paused for long.
const LONG_MS: i64 = 60 * 60 * 1_000;

/// What is to be done with a duplication.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Todo {
    /// Takes these steps, in order.
    Steps {
        /// The steps.
        steps: Vec<PlanStep>,
        /// What differs from the declaration even after the steps, and why it is left.
        left: Option<String>,
    },
    /// Leaves the duplication as it is.
    Leave {
        /// The result.
        result: ItemResult,
        /// Why it is left.
        why: Option<String>,
    },
}

impl Todo {
    /// Returns the steps to take.
    pub(super) fn steps(&self) -> &[PlanStep] {
        match self {
            Todo::Steps { steps, .. } => steps,
            Todo::Leave { .. } => &[],
        }
    }
}

/// Returns what is to be done with one duplication. `now_ms` is the time in milliseconds since 1970.
pub(super) fn decide(item: &Item, options: &ApplyOptions, now_ms: i64) -> Todo {
    let leave = |result| Todo::Leave { result, why: item.why.clone() };
    match item.verdict {
        Verdict::Create => create(item),
        Verdict::AsWanted => leave(ItemResult::Unchanged),
        // Without a property that cannot be compared, the duplication itself is in the way: it is being
        // removed, is not stored yet, or there are several.
        Verdict::NotComparable if item.unverified.is_empty() => leave(ItemResult::Differs),
        Verdict::NotComparable => leave(ItemResult::Unchanged),
        Verdict::Refused => leave(ItemResult::Failed),
        Verdict::Differs => differs(item, options, now_ms),
        Verdict::Unmanaged if options.prune && item.in_scope => {
            Todo::Steps { steps: vec![PlanStep::Remove], left: None }
        }
        Verdict::Unmanaged => leave(ItemResult::Unchanged),
    }
}

fn create(item: &Item) -> Todo {
    let mut steps = vec![PlanStep::Add];
    let mut left = None;
    for step in &item.steps {
        match step {
            PlanStep::SetFailMode => steps.push(PlanStep::SetFailMode),
            // A server refuses to pause a duplication before its checkpoint was shipped.
            PlanStep::Pause if item.wanted.as_ref().is_some_and(|wanted| wanted.checkpoint) => {
                left = Some(
                    "status: a duplication can only be paused after its checkpoint was shipped; apply again \
                     then, and allow the status to be fixed"
                        .to_owned(),
                );
            }
            PlanStep::Pause => steps.push(PlanStep::Pause),
            PlanStep::Add | PlanStep::Start | PlanStep::Remove | PlanStep::Recreate => {}
        }
    }
    Todo::Steps { steps, left }
}

fn differs(item: &Item, options: &ApplyOptions, now_ms: i64) -> Todo {
    let mut steps = Vec::new();
    let mut left: Vec<String> = Vec::new();
    let status = item.existing.as_ref().and_then(|existing| existing.status);
    for &step in &item.steps {
        let why = match step {
            PlanStep::SetFailMode if options.fix.fail_mode => None,
            PlanStep::SetFailMode => {
                Some("fail_mode: only altered if fail modes are to be fixed".to_owned())
            }
            PlanStep::Start | PlanStep::Pause if !options.fix.status => {
                Some("status: only altered if the status is to be fixed".to_owned())
            }
            PlanStep::Start if paused_for_long(item, now_ms) && !options.start_long_paused => Some(
                "status: it may have been paused for long, so its retained log may be large; it is only \
                 started if this is allowed"
                    .to_owned(),
            ),
            PlanStep::Start => None,
            PlanStep::Pause => match status {
                Some(status @ (Status::Prepare | Status::App)) => {
                    Some(format!("status: it can only be paused after it has left {status}"))
                }
                _ => None,
            },
            PlanStep::Recreate => Some(
                "the other properties of a duplication cannot be altered: remove it and add it again, \
                 which loses the writes in between"
                    .to_owned(),
            ),
            // These steps never belong to a duplication that differs.
            PlanStep::Add | PlanStep::Remove => continue,
        };
        match why {
            None => steps.push(step),
            Some(why) => left.push(why),
        }
    }
    let left = (!left.is_empty()).then(|| left.join("; "));
    match steps.is_empty() {
        true => Todo::Leave { result: ItemResult::Differs, why: left.or_else(|| item.why.clone()) },
        false => Todo::Steps { steps, left },
    }
}

/// Returns whether a duplication is paused and may have been for long. Servers do not say since when a
/// duplication is paused, so its age decides.
fn paused_for_long(item: &Item, now_ms: i64) -> bool {
    item.existing.as_ref().is_some_and(|existing| {
        existing.status == Some(Status::Pause)
            && existing
                .create_ts_ms
                .is_none_or(|created_ms| now_ms.saturating_sub(created_ms) > LONG_MS)
    })
}

/// Returns whether the duplication is to be started, and may have been paused for long.
pub(super) fn starts_long_paused(item: &Item, options: &ApplyOptions, now_ms: i64) -> bool {
    options.fix.status
        && item.verdict == Verdict::Differs
        && item.steps.contains(&PlanStep::Start)
        && paused_for_long(item, now_ms)
}
