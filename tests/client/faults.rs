//! Every operation meets every fault at the default time limit, on every generation, alone and in a
//! group. What the client says is compared with what must come of the fault, and with what is there
//! afterwards. Under a paused clock.

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

/// What the client is asked to do.
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

    /// The RPC that does what the operation is for, as fault rules name it.
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

/// How a call ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// Done, and the client says so.
    Done,
    /// The request was sent, and the client says that its effect is not known.
    Unknown,
    /// An error of another kind: nothing was done.
    Failed(ErrorKind),
    /// No error, but not what was asked for: nothing created, nothing changed, nothing listed.
    Otherwise,
}

use End::{Done, Failed, Otherwise, Unknown};

/// What must come of an operation whose request meets a fault once.
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
            // Who confuses answers is not believed.
            "another-seqid" => Failed(ErrorKind::Protocol),
            // The server leads again, by itself and on the same connection: nothing tells the call.
            "change-leader-after:1500"
                if servers == 1 && operation.rpc(behaviour) == "list-apps" =>
            {
                Otherwise
            }
            // A read is repeated until an answer comes.
            _ => Done,
        };
    }
    let short = argument.is_empty() || argument == "0" || argument == "1000" || argument == "1500";
    // A direct add did not look before: what is there afterwards may have been there before.
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
        // Where the list RPC is refused, the query RPC is asked.
        _ if operation == Query && operation.rpc(behaviour) == "list" => Done,
        "ERR_BUSY" => failed(ErrorKind::Busy),
        "ERR_ACL_DENY" => failed(ErrorKind::PermissionDenied),
        "ERR_APP_NOT_EXIST" => failed(ErrorKind::TableNotFound),
        "ERR_OBJECT_NOT_FOUND" if operation.reads() => failed(ErrorKind::TableNotFound),
        "ERR_OBJECT_NOT_FOUND" if operation.adds() => Unknown,
        // To a remove that is no error.
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

/// What a call came to: how it ended, and what the error said.
struct Ended {
    end: End,
    error: Option<Error>,
}

/// `as_asked` looks at what a call without an error has come to.
fn ended<T>(result: Result<T, Error>, as_asked: impl Fn(&T) -> bool) -> Ended {
    let end = match &result {
        Ok(value) if as_asked(value) => Done,
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

/// The duplication that the operation is about, as it is there in the end.
async fn truth(client: &Client) -> Option<Duplication> {
    sleep(Duration::from_secs(60)).await;
    client.query(TABLE).await.expect("an answer").pop()
}

/// Whether that is what the operation is to make.
fn is_made(operation: Operation, now: Option<&Duplication>) -> bool {
    match operation {
        Add | Direct | Query | List => now.is_some(),
        Start => now.is_some_and(|now| now.status.is_some_and(Status::is_running)),
        Pause => now.is_some_and(|now| now.status == Some(Status::Pause)),
        Remove => now.is_none(),
        SetFailMode => now.is_some_and(|now| now.fail_mode == Some(FailMode::Skip)),
    }
}

/// Makes what the operation needs to be there, by requests of the test's own.
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

/// Runs one combination; what is wrong with it.
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
        return wrong("it would have ended a real server");
    }
    match ended.end {
        Done if !made => wrong("it is said to be done, and is not"),
        Failed(_) if made && !operation.reads() => wrong("it is said to have failed, and is done"),
        Done | Failed(_) | Otherwise | Unknown => Ok(()),
    }
}

/// Says the generation where no request tells it.
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
fn every_operation_meets_every_fault_at_the_default_time_limit() {
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

/// Runs `call` with a client of that time limit, against a server where a duplication to the cluster
/// `target` exists if `exists`, and which meets that fault.
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
fn a_removal_that_was_seen_once_says_that_the_time_was_too_short() {
    let error = with_time_limit(3, true, "modify#1=drop-reply", async |client| {
        client.remove(TABLE, &target()).await.expect_err("a doubt")
    });
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
    let said = error.to_string();
    assert!(said.contains("absent in one read"), "{said}");
    assert!(said.contains("no time was left for a second read 2 s later"), "{said}");
}

#[test]
fn what_was_seen_last_is_said_of_a_change_that_is_not_known() {
    let error = with_time_limit(10, true, "modify#1=close-before", async |client| {
        client.pause(TABLE, &target()).await.expect_err("a doubt")
    });
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
    let said = error.to_string();
    assert!(said.contains("listed with status=DS_LOG fail_mode=FAIL_SLOW"), "{said}");
    assert_eq!(error.known().len(), 1, "{error:?}");
}

#[test]
fn a_response_that_comes_while_the_table_is_read_back_counts() {
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
