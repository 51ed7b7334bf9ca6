//! Draws the faults of a server.

use fastrand::Rng;
use pegasus_dup::ErrorCode;
use pegasus_dup::protocol::messages::{
    AddDuplication, CreateApp, DropApp, GetMaxReplicaCount, ListApps, ListDuplication,
    ModifyDuplication, QueryConfig, QueryDuplication, RecallApp, RenameApp, Rpc,
};
use pegasus_dup::server::{Fault, FaultRule, When, WhichRpc};

use super::plan::{chance, pick};

/// Returns the rule that holds the first add in DS_INIT.
pub(crate) fn slow_store_of_the_first_add(slow_ms: u64) -> FaultRule {
    FaultRule {
        rpc: WhichRpc::Named(AddDuplication::NAME.to_owned()),
        when: When::Nth(1),
        fault: Fault::SlowStore(slow_ms),
    }
}

/// Draws a fault rule for schedules of tables.
pub(crate) fn draw_for_tables(rng: &mut Rng) -> FaultRule {
    let rpc = match rng.u32(..100) {
        0..48 => CreateApp::NAME,
        48..60 => ListApps::NAME,
        60..78 => DropApp::NAME,
        78..87 => RecallApp::NAME,
        87..90 => RenameApp::NAME,
        90..95 => QueryConfig::NAME,
        _ => GetMaxReplicaCount::NAME,
    };
    let rule = draw_rule(rng, rpc);
    match rule.fault {
        Fault::Refuse(_) if rpc == CreateApp::NAME && chance(rng, 60) => {
            let code = pick(
                rng,
                &[
                    "ERR_APP_EXIST",
                    "ERR_BUSY_CREATING",
                    "ERR_BUSY_DROPPING",
                    "ERR_INVALID_PARAMETERS",
                    "ERR_STATE_FREEZED",
                ],
            );
            FaultRule { fault: Fault::Refuse(ErrorCode::from_name(code)), ..rule }
        }
        Fault::Refuse(_) if rpc == DropApp::NAME && chance(rng, 60) => {
            let code = pick(rng, &["ERR_BUSY_CREATING", "ERR_BUSY_DROPPING", "ERR_SPLITTING"]);
            FaultRule { fault: Fault::Refuse(ErrorCode::from_name(code)), ..rule }
        }
        _ => rule,
    }
}

/// Draws a fault rule.
pub(crate) fn draw(rng: &mut Rng) -> FaultRule {
    let rpc = match rng.u32(..100) {
        0..60 => AddDuplication::NAME,
        60..72 => ListDuplication::NAME,
        72..84 => QueryDuplication::NAME,
        84..92 => ModifyDuplication::NAME,
        92..97 => QueryConfig::NAME,
        _ => GetMaxReplicaCount::NAME,
    };
    draw_rule(rng, rpc)
}

fn draw_rule(rng: &mut Rng, rpc: &str) -> FaultRule {
    let when = match rng.u32(..10) {
        0..5 => When::Nth(1),
        5..7 => When::Nth(2),
        7..9 => When::Nth(rng.u64(3..7)),
        _ => When::From(rng.u64(1..4)),
    };
    let fault = draw_fault(rng);
    let when = match (&fault, when) {
        // The group would never settle if the leader changed or crashed at each request.
        (
            Fault::ChangeLeader(_)
            | Fault::ChangeLeaderAfter(_)
            | Fault::CrashBeforeStore(_)
            | Fault::CrashAfterStore(_),
            When::From(nth),
        ) => When::Nth(nth),
        (_, when) => when,
    };
    FaultRule { rpc: WhichRpc::Named(rpc.to_owned()), when, fault }
}

fn draw_fault(rng: &mut Rng) -> Fault {
    let ms = pick(rng, &[1, 40, 250, 900, 2_100, 4_000, 7_000, 12_000]);
    let early_ms = pick(rng, &[0, 0, 300, 1_000, 1_900, 5_000]);
    let down_ms = pick(rng, &[0, 20, 500, 2_500]);
    match rng.u32(..14) {
        0 => Fault::DropReply,
        1 => Fault::CloseBefore,
        2 => Fault::CloseAfter,
        3 => Fault::Delay(ms),
        4 => Fault::Hold(ms),
        5 => Fault::SlowStore(ms),
        6 => Fault::FailStore,
        7 => Fault::AnswerTwice,
        8 => Fault::AnotherSeqid,
        9 => Fault::Refuse(ErrorCode::from_name(pick(
            rng,
            &[
                "ERR_FORWARD_TO_OTHERS",
                "ERR_SERVICE_NOT_ACTIVE",
                "ERR_UNDER_RECOVERY",
                "ERR_BUSY",
                "ERR_ACL_DENY",
                "ERR_TIMEOUT",
            ],
        ))),
        10 => Fault::ChangeLeader(early_ms),
        11 => Fault::ChangeLeaderAfter(early_ms),
        12 => Fault::CrashBeforeStore(down_ms),
        _ if chance(rng, 50) => Fault::CrashAfterStore(down_ms),
        _ => Fault::Hold(ms),
    }
}
