//! Every operation meets every fault at the default timeout, on every generation, on a single
//! server and in a group. The result of the client is compared with the expected result of the
//! fault, and with the state of the server afterwards. The clock is paused.

use std::time::Duration;

use pegasus_dup::server::{Behaviour, Group};
use pegasus_dup::{
    Change, Client, Duplication, DuplicationSpec, Error, ErrorKind, FailMode, Mode, Outcome,
    Removal, Selector, Status, TablePattern,
};
use tokio::time::sleep;

use super::support::in_memory;
use crate::common::embedded;
use crate::common::peer::{self, Peer};

/// An operation of the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    Add,
    /// An add in direct mode by a client that knows the server and the table already.
    Direct,
    Start,
    Pause,
    Remove,
    SetFailMode,
    Query,
    List,
}

use Operation::{Add, Direct, List, Pause, Query, Remove, SetFailMode, Start};

const OPERATIONS: [Operation; 8] = [Add, Direct, Start, Pause, Remove, SetFailMode, Query, List];

impl Operation {
    fn reads(self) -> bool {
        matches!(self, Query | List)
    }

    fn adds(self) -> bool {
        matches!(self, Add | Direct)
    }

    /// Returns the RPC that executes the operation, as fault rules name it.
    fn rpc(self, behaviour: Behaviour) -> &'static str {
        let lists = matches!(behaviour, Behaviour::DupExist | Behaviour::Idempotent);
        match self {
            Add | Direct => "add",
            Start | Pause | Remove | SetFailMode => "modify",
            Query if lists => "list",
            Query => "query",
            List if lists => "list",
            List => "list-apps",
        }
    }
}

/// The result of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// The operation was executed, and the client reports it.
    Done,
    /// The request was sent, and the client reports that its effect is not known.
    Unknown,
    /// The client reports an error of another kind. Nothing was done.
    Failed(ErrorKind),
    /// There is no error, but nothing was created, changed or listed.
    Otherwise,
}

use End::{Done, Failed, Otherwise, Unknown};

/// Returns the expected result of an operation whose request meets a fault once.
fn expected(operation: Operation, behaviour: Behaviour, servers: u8, fault: &str) -> End {
    let (word, argument) = fault.split_once(':').unwrap_or((fault, ""));
    if let (Direct, Behaviour::Freezed | Behaviour::Checkpoint | Behaviour::RemoteName) =
        (operation, behaviour)
    {
        return Failed(ErrorKind::Unsupported);
    }
    if word == "refuse" {
        return expected_of_refusal(operation, behaviour, argument);
    }
    if operation.reads() {
        return match fault {
            // The client does not trust a server that confuses responses.
            "another-seqid" => Failed(ErrorKind::Protocol),
            // The server becomes the leader again on the same connection, which the call cannot
            // notice.
            "change-leader-after:1500"
                if servers == 1 && operation.rpc(behaviour) == "list-apps" =>
            {
                Otherwise
            }
            // A read is repeated until a response arrives.
            _ => Done,
        };
    }
    let short = argument.is_empty() || argument == "0" || argument == "1000" || argument == "1500";
    // A direct add did not read first, so the listed duplication may have existed before.
    let lost = if operation == Direct { Unknown } else { Done };
    match word {
        "close-before" | "fail-store" | "crash-before-store" => Unknown,
        "drop-reply" | "close-after" | "another-seqid" | "crash-after-store" => lost,
        "delay" if short => Done,
        "delay" => lost,
        "hold" | "slow-store" if short => Done,
        "hold" | "slow-store" => Unknown,
        "answer-twice" | "change-leader" | "change-leader-after" => Done,
        _ => panic!("what comes of {fault}?"),
    }
}

fn expected_of_refusal(operation: Operation, behaviour: Behaviour, code: &str) -> End {
    let failed = |kind| Failed(kind);
    match code {
        "ERR_SERVICE_NOT_ACTIVE" | "ERR_FORWARD_TO_OTHERS" | "ERR_UNDER_RECOVERY" => Done,
        // If the list RPC is refused, the client uses the query RPC.
        _ if operation == Query && operation.rpc(behaviour) == "list" => Done,
        "ERR_BUSY" => failed(ErrorKind::Busy),
        "ERR_ACL_DENY" => failed(ErrorKind::PermissionDenied),
        "ERR_APP_NOT_EXIST" => failed(ErrorKind::TableNotFound),
        "ERR_OBJECT_NOT_FOUND" if operation.reads() => failed(ErrorKind::TableNotFound),
        "ERR_OBJECT_NOT_FOUND" if operation.adds() => Unknown,
        // For a removal this is no error.
        "ERR_OBJECT_NOT_FOUND" if operation == Remove => Otherwise,
        "ERR_OBJECT_NOT_FOUND" => failed(ErrorKind::DuplicationNotFound),
        "ERR_INVALID_PARAMETERS" if operation.adds() => failed(ErrorKind::InvalidArgument),
        "ERR_INVALID_PARAMETERS" if !operation.reads() => failed(ErrorKind::WrongState),
        _ if operation.reads() => failed(ErrorKind::Protocol),
        _ => Unknown,
    }
}

const FAULTS: [&str; 27] = [
    "drop-reply",
    "close-before",
    "close-after",
    "delay:1000",
    "delay:20000",
    "hold:1000",
    "hold:20000",
    "slow-store:1000",
    "slow-store:20000",
    "fail-store",
    "answer-twice",
    "another-seqid",
    "refuse:ERR_SERVICE_NOT_ACTIVE",
    "refuse:ERR_FORWARD_TO_OTHERS",
    "refuse:ERR_UNDER_RECOVERY",
    "refuse:ERR_BUSY",
    "refuse:ERR_ACL_DENY",
    "refuse:ERR_APP_NOT_EXIST",
    "refuse:ERR_OBJECT_NOT_FOUND",
    "refuse:ERR_INVALID_PARAMETERS",
    "refuse:ERR_UNKNOWN",
    "change-leader",
    "change-leader:1500",
    "change-leader-after",
    "change-leader-after:1500",
    "crash-before-store:1000",
    "crash-after-store:1000",
];

const TABLE: &str = "temp";

fn target() -> Selector {
    Selector::Cluster("target".to_owned())
}

/// The result of a call, and the text of its error.
struct Ended {
    end: End,
    error: Option<Error>,
}

/// Returns the result of a call. `as_requested` checks the value of a call without an error.
fn ended<T>(result: Result<T, Error>, as_requested: impl Fn(&T) -> bool) -> Ended {
    let end = match &result {
        Ok(value) if as_requested(value) => Done,
        Ok(_) => Otherwise,
        Err(error) if error.kind() == ErrorKind::OutcomeUnknown => Unknown,
        Err(error) => Failed(error.kind()),
    };
    Ended { end, error: result.err() }
}

async fn call(client: &Client, operation: Operation) -> Ended {
    match operation {
        Add | Direct => {
            let mode = if operation == Direct { Mode::Direct } else { Mode::Safe };
            let spec = DuplicationSpec::new(TABLE, "target");
            ended(client.with_mode(mode).add(&spec).await, Outcome::created)
        }
        Start => ended(client.start(TABLE, &target()).await, Change::changed),
        Pause => ended(client.pause(TABLE, &target()).await, Change::changed),
        SetFailMode => {
            let changed = client.set_fail_mode(TABLE, &target(), FailMode::Skip).await;
            ended(changed, Change::changed)
        }
        Remove => ended(client.remove(TABLE, &target()).await, |removal| {
            matches!(removal, Removal::Removed { .. })
        }),
        Query => ended(client.query(TABLE).await, |found| found.len() == 1),
        List => ended(client.list(&TablePattern::All).await, |found| found.len() == 1),
    }
}

/// Returns the final state of the duplication on the server.
async fn truth(client: &Client) -> Option<Duplication> {
    sleep(Duration::from_secs(60)).await;
    client.query(TABLE).await.expect("an answer").pop()
}

/// Returns whether the state is the one that the operation should create.
fn is_made(operation: Operation, now: Option<&Duplication>) -> bool {
    match operation {
        Add | Direct | Query | List => now.is_some(),
        Start => now.is_some_and(|now| now.status.is_some_and(Status::is_running)),
        Pause => now.is_some_and(|now| now.status == Some(Status::Pause)),
        Remove => now.is_none(),
        SetFailMode => now.is_some_and(|now| now.fail_mode == Some(FailMode::Skip)),
    }
}

/// Creates the duplication that the operation needs, with requests of the test.
async fn prepare(group: &Group, operation: Operation, behaviour: Behaviour) {
    if operation.adds() {
        return;
    }
    let mut peer = Peer::in_memory(group.hub(0).expect("a server"));
    let made = peer.add(&peer::add(TABLE, "target")).await;
    let dupid = made.dupid.expect("a dupid");
    if operation == Start {
        let paused = behaviour.generation().status_number(Status::Pause).expect("a number");
        peer.modify(&peer::set_status(TABLE, dupid, paused)).await;
    }
}

/// Runs one combination, and returns what is wrong.
async fn run(
    operation: Operation,
    behaviour: Behaviour,
    servers: u8,
    fault: &str,
) -> Result<(), String> {
    let group = in_memory::group(&embedded::still(behaviour), servers);
    prepare(&group, operation, behaviour).await;
    let client = in_memory::client(&group, behaviour)
        .generation_if_it_cannot_be_told(behaviour)
        .build()
        .expect("a client");
    if operation == Direct {
        client.query(TABLE).await.expect("an answer");
    }
    let rule = format!("{}#1={fault}", operation.rpc(behaviour));
    group.set_faults(vec![rule.parse().expect("a rule")]);
    let ended = call(&client, operation).await;
    group.set_faults(Vec::new());
    let now = truth(&in_memory::client(&group, behaviour).build().expect("a client")).await;
    let made = is_made(operation, now.as_ref());
    let expected = expected(operation, behaviour, servers, fault);
    let wrong = |what: &str| {
        let error = ended.error.as_ref().map(ToString::to_string).unwrap_or_default();
        Err(format!(
            "{operation:?} on {behaviour}, {servers} server(s), {rule}: {what} \
             (expected {expected:?}, got {:?}) {error}",
            ended.end
        ))
    };
    if ended.end != expected {
        return wrong("it ends otherwise");
    }
    if group.would_have_died() > 0 {
        return wrong("the request would have ended a real server");
    }
    match ended.end {
        Done if !made => wrong("the client reports success, but nothing was done"),
        Failed(_) if made && !operation.reads() => {
            wrong("the client reports a failure, but the operation was executed")
        }
        Done | Failed(_) | Otherwise | Unknown => Ok(()),
    }
}

/// States the generation if the client cannot find it out.
trait Told {
    fn generation_if_it_cannot_be_told(self, behaviour: Behaviour) -> Self;
}

impl Told for pegasus_dup::ClientBuilder {
    fn generation_if_it_cannot_be_told(self, behaviour: Behaviour) -> Self {
        match behaviour {
            Behaviour::RemoteName => self.generation(behaviour.generation()),
            _ => self,
        }
    }
}

#[test]
fn every_operation_meets_every_fault_at_the_default_timeout() {
    let mut wrong = Vec::new();
    for operation in OPERATIONS {
        for behaviour in Behaviour::ALL {
            for servers in [1, 2] {
                for fault in FAULTS {
                    let runtime = tokio::runtime::Builder::new_current_thread()
                        .enable_time()
                        .start_paused(true)
                        .build()
                        .expect("a runtime");
                    let ran = runtime.block_on(run(operation, behaviour, servers, fault));
                    wrong.extend(ran.err());
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// Runs `call` with a client with the given timeout and a server with the given fault. If `exists`
/// is true, the server has a duplication to the cluster `target`.
fn with_time_limit<T>(
    seconds: u64,
    exists: bool,
    rule: &str,
    call: impl AsyncFnOnce(Client) -> T,
) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let group = in_memory::group(&embedded::still(Behaviour::DupExist), 1);
        let operation = if exists { Remove } else { Add };
        prepare(&group, operation, Behaviour::DupExist).await;
        group.set_faults(vec![rule.parse().expect("a rule")]);
        let client = in_memory::client(&group, Behaviour::DupExist)
            .timeout(Duration::from_secs(seconds))
            .build()
            .expect("a client");
        call(client).await
    })
}

#[test]
fn a_removal_with_a_single_read_says_that_the_time_was_too_short() {
    let error = with_time_limit(3, true, "modify#1=drop-reply", async |client| {
        client.remove(TABLE, &target()).await.expect_err("a doubt")
    });
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
    let said = error.to_string();
    assert!(said.contains("absent in one read"), "{said}");
    assert!(said.contains("no time was left for a second read 2 s later"), "{said}");
}

#[test]
fn an_unknown_change_reports_what_was_read_last() {
    let error = with_time_limit(10, true, "modify#1=close-before", async |client| {
        client.pause(TABLE, &target()).await.expect_err("a doubt")
    });
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
    let said = error.to_string();
    assert!(said.contains("listed with status=DS_LOG fail_mode=FAIL_SLOW"), "{said}");
    assert_eq!(error.known().len(), 1, "{error:?}");
}

#[test]
fn a_response_that_arrives_during_the_reads_counts() {
    let removal = with_time_limit(3, true, "modify#1=delay:2500", async |client| {
        client.remove(TABLE, &target()).await.expect("a removal")
    });
    assert!(matches!(removal, Removal::Removed { warning: None, .. }), "{removal:?}");
    let outcome = with_time_limit(10, false, "add#1=hold:8500", async |client| {
        client.add(&DuplicationSpec::new(TABLE, "target")).await.expect("an outcome")
    });
    assert!(outcome.created() && outcome.certain(), "{outcome:?}");
}

#[test]
fn a_list_after_a_change_of_the_leader_needs_time() {
    let error = with_time_limit(2, true, "list#1=change-leader:1500", async |client| {
        client.list(&TablePattern::All).await.expect_err("too short")
    });
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
}
