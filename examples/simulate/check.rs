//! The rules that must hold in every schedule. Each rule uses only the record.

use pegasus_dup::{ErrorKind, ItemResult};

use super::plan::{Plan, What, Who};
use super::trace::{Ended, Log};
use super::truth::{Truth, Whole, error_of};
use super::world::Remains;
use super::{
    check_add, check_add_moving, check_change, check_drop, check_fleet, check_server, check_table,
};

/// How much later than its deadline a call may end, in milliseconds. This is the resolution of the
/// clock.
const GRAIN_MS: u64 = 2;

/// Returns all violations of a run.
pub(crate) fn check(plan: &Plan, log: &Log, remains: Remains) -> Vec<String> {
    let truth = Truth::of(plan, log);
    let mut wrong = remains.wrong;
    let tables = check_table::Tables::of(&truth);
    check_server::one_of_each(&tables, &mut wrong);
    check_server::nothing_harmful(&truth, &mut wrong);
    tables.one_of_each(&mut wrong);
    for whole in &truth.calls {
        if plan.actors[log.calls[whole.call].who].who == Who::Raw {
            continue;
        }
        in_time(&truth, whole, &mut wrong);
        nothing_sent_afterwards(&truth, whole, &mut wrong);
        check_add::check(&truth, whole, &mut wrong);
        check_change::check(&truth, whole, &mut wrong);
        check_add_moving::check(&tables, whole, &mut wrong);
        check_table::check(&tables, whole, &mut wrong);
        check_drop::check(&tables, whole, &mut wrong);
        check_fleet::check(&truth, whole, &mut wrong);
    }
    if truth.calls.len() != log.calls.len() {
        wrong.push("a call did not end".to_owned());
    }
    for left in &remains.left {
        let settled = truth
            .calls
            .iter()
            .filter(|whole| log.calls[whole.call].who == left.who)
            .all(|whole| !leaves_a_doubt(whole.how));
        if settled && !left.unsettled.is_empty() {
            wrong.push(format!(
                "all calls of actor {} are settled, but its client reports unsettled requests: {:?}",
                left.who, left.unsettled
            ));
        }
    }
    wrong
}

/// Returns whether a call with this result may have had an effect that is not known.
fn leaves_a_doubt(how: &Ended) -> bool {
    let unknown = |how: &Ended| match how {
        Ended::Applied(Ok(result)) => result.1.count(ItemResult::Unknown) > 0,
        _ => false,
    };
    matches!(how, Ended::GaveUp)
        || unknown(how)
        || error_of(how).is_some_and(|error| error.kind() == ErrorKind::OutcomeUnknown)
}

/// Checks that every call ends within its deadline.
fn in_time(truth: &Truth<'_>, whole: &Whole<'_>, wrong: &mut Vec<String>) {
    let step = &truth.log.calls[whole.call].step;
    // The timeout of an apply is that of each request.
    if let What::Apply(_) = step.what {
        return;
    }
    let limit = step.timeout_ms.min(step.give_up_ms.unwrap_or(u64::MAX));
    let took = whole.ended_ms - whole.began_ms;
    if took > limit + GRAIN_MS {
        wrong.push(format!("call {} took {took} ms, but its limit is {limit} ms", whole.call));
    }
}

/// Checks that a call sends nothing after its end.
fn nothing_sent_afterwards(truth: &Truth<'_>, whole: &Whole<'_>, wrong: &mut Vec<String>) {
    for sent in &truth.sent[whole.call] {
        if sent.line > whole.ends && sent.ms > whole.ended_ms {
            wrong.push(format!("call {} has ended, but sends {}", whole.call, sent.what));
        }
    }
}
