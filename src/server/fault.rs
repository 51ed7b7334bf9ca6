//! Faults as rules: which request meets which mishap. They are data, so that a test in Rust or
//! Python, a command line and a simulation say them the same way.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use super::parse::ParseError;
use crate::protocol::error_code::ErrorCode;
use crate::protocol::messages::{
    AddDuplication, GetMaxReplicaCount, ListApps, ListDuplication, ModifyDuplication, QueryConfig,
    QueryDuplication, Rpc,
};

/// A mishap. Times are in milliseconds.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// It is done, and nothing is answered. The connection stays.
    DropReply,
    /// The connection is closed, and nothing is done.
    CloseBefore,
    /// It is done and stored, then the connection is closed instead of an answer.
    CloseAfter,
    /// It is done at once, and answered that much later.
    Delay(u64),
    /// It is looked at that much later. An add or a modify stays at the head of their queue, and
    /// those behind it wait too; queries overtake it.
    Hold(u64),
    /// What it changes is stored that much later: a new duplication is in DS_INIT as long.
    SlowStore(u64),
    /// What it changes can't be stored, which is certain.
    FailStore,
    /// It is answered twice.
    AnswerTwice,
    /// Its answer has another request's seqid.
    AnotherSeqid,
    /// It is refused by that error code in the answer's body, and nothing is done.
    Refuse(ErrorCode),
    /// It is answered as by a server that has no such RPC, and nothing is done.
    NoSuchRpc,
    /// Before it is looked at, another meta of the group becomes the leader, which serves that long
    /// before it has read its duplications back (0 = it reads first). A server without a group
    /// leads again by itself.
    ChangeLeader(u64),
    /// The same, after it is done and answered.
    ChangeLeaderAfter(u64),
    /// The server crashes before it stores anything of it, and is back that much later.
    CrashBeforeStore(u64),
    /// The server crashes when it has stored it, without an answer, and is back that much later.
    CrashAfterStore(u64),
}

impl Fault {
    fn word(&self) -> &'static str {
        match self {
            Fault::DropReply => "drop-reply",
            Fault::CloseBefore => "close-before",
            Fault::CloseAfter => "close-after",
            Fault::Delay(_) => "delay",
            Fault::Hold(_) => "hold",
            Fault::SlowStore(_) => "slow-store",
            Fault::FailStore => "fail-store",
            Fault::AnswerTwice => "answer-twice",
            Fault::AnotherSeqid => "another-seqid",
            Fault::Refuse(_) => "refuse",
            Fault::NoSuchRpc => "no-such-rpc",
            Fault::ChangeLeader(_) => "change-leader",
            Fault::ChangeLeaderAfter(_) => "change-leader-after",
            Fault::CrashBeforeStore(_) => "crash-before-store",
            Fault::CrashAfterStore(_) => "crash-after-store",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())?;
        match self {
            Fault::DropReply
            | Fault::CloseBefore
            | Fault::CloseAfter
            | Fault::FailStore
            | Fault::AnswerTwice
            | Fault::AnotherSeqid
            | Fault::NoSuchRpc => Ok(()),
            Fault::Delay(ms)
            | Fault::Hold(ms)
            | Fault::SlowStore(ms)
            | Fault::ChangeLeader(ms)
            | Fault::ChangeLeaderAfter(ms)
            | Fault::CrashBeforeStore(ms)
            | Fault::CrashAfterStore(ms) => write!(f, ":{ms}"),
            Fault::Refuse(code) => write!(f, ":{code}"),
        }
    }
}

impl FromStr for Fault {
    type Err = ParseError;
    /// `drop-reply`, `delay:MS`, `refuse:ERR_...`, ...; a time that may be left out is 0.
    fn from_str(text: &str) -> Result<Fault, ParseError> {
        let unknown = || {
            ParseError::new(
                "not a fault, which are drop-reply|close-before|close-after|delay:MS|hold:MS|\
                 slow-store:MS|fail-store|answer-twice|another-seqid|refuse:ERR_NAME|no-such-rpc|\
                 change-leader[:MS]|change-leader-after[:MS]|crash-before-store[:MS]|\
                 crash-after-store[:MS]:",
                text,
            )
        };
        let (word, argument) = match text.split_once(':') {
            Some((word, argument)) => (word, Some(argument)),
            None => (text, None),
        };
        let ms = || argument.and_then(|ms| ms.parse().ok()).ok_or_else(unknown);
        let ms_or_0 = || argument.map_or(Ok(0), |_| ms());
        let bare = |fault| if argument.is_none() { Ok(fault) } else { Err(unknown()) };
        match word {
            "drop-reply" => bare(Fault::DropReply),
            "close-before" => bare(Fault::CloseBefore),
            "close-after" => bare(Fault::CloseAfter),
            "delay" => Ok(Fault::Delay(ms()?)),
            "hold" => Ok(Fault::Hold(ms()?)),
            "slow-store" => Ok(Fault::SlowStore(ms()?)),
            "fail-store" => bare(Fault::FailStore),
            "answer-twice" => bare(Fault::AnswerTwice),
            "another-seqid" => bare(Fault::AnotherSeqid),
            "refuse" => match argument {
                Some(name) if name.starts_with("ERR_") => {
                    Ok(Fault::Refuse(ErrorCode::from_name(name)))
                }
                _ => Err(unknown()),
            },
            "no-such-rpc" => bare(Fault::NoSuchRpc),
            "change-leader" => Ok(Fault::ChangeLeader(ms_or_0()?)),
            "change-leader-after" => Ok(Fault::ChangeLeaderAfter(ms_or_0()?)),
            "crash-before-store" => Ok(Fault::CrashBeforeStore(ms_or_0()?)),
            "crash-after-store" => Ok(Fault::CrashAfterStore(ms_or_0()?)),
            _ => Err(unknown()),
        }
    }
}

/// Which of the requests that a rule speaks of meet its fault. Counting starts at 1, and goes on
/// over crashes and changes of the leader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum When {
    /// Each.
    Always,
    /// One.
    Nth(u64),
    /// That one and each after it.
    From(u64),
}

impl When {
    fn includes(self, count: u64) -> bool {
        match self {
            When::Always => true,
            When::Nth(nth) => count == nth,
            When::From(nth) => count >= nth,
        }
    }
}

/// Which RPC a rule speaks of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum WhichRpc {
    /// Every one.
    Any,
    /// The one of that name, `RPC_CM_...`.
    Named(String),
}

/// Short names of RPCs, as rules are written.
const SHORT_NAMES: [(&str, &str); 7] = [
    ("add", AddDuplication::NAME),
    ("modify", ModifyDuplication::NAME),
    ("query", QueryDuplication::NAME),
    ("list", ListDuplication::NAME),
    ("list-apps", ListApps::NAME),
    ("query-config", QueryConfig::NAME),
    ("max-replica-count", GetMaxReplicaCount::NAME),
];

/// A rule: these requests meet that fault.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FaultRule {
    /// Which RPC.
    pub rpc: WhichRpc,
    /// Which of its requests.
    pub when: When,
    /// What happens to them.
    pub fault: Fault,
}

impl fmt::Display for FaultRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.rpc {
            WhichRpc::Any => f.write_str("any")?,
            WhichRpc::Named(name) => {
                let short = SHORT_NAMES.iter().find(|(_, long)| long == name);
                f.write_str(short.map_or(name, |(short, _)| short))?;
            }
        }
        match self.when {
            When::Always => {}
            When::Nth(nth) => write!(f, "#{nth}")?,
            When::From(nth) => write!(f, "#{nth}+")?,
        }
        write!(f, "={}", self.fault)
    }
}

impl FromStr for FaultRule {
    type Err = ParseError;
    /// `RPC[#NTH[+]]=FAULT`: `add#1=drop-reply`, `query#2+=delay:200`, `any=close-before`. An RPC
    /// is `add`, `modify`, `query`, `list`, `list-apps`, `query-config`, `max-replica-count`,
    /// `any`, or a name `RPC_...`.
    fn from_str(text: &str) -> Result<FaultRule, ParseError> {
        let wrong = || {
            ParseError::new(
                "a fault rule is RPC[#NTH[+]]=FAULT, with RPC one of add|modify|query|list|\
                 list-apps|query-config|max-replica-count|any:",
                text,
            )
        };
        let (which, fault) = text.split_once('=').ok_or_else(wrong)?;
        let (rpc, when) = match which.split_once('#') {
            None => (which, When::Always),
            Some((rpc, nth)) => {
                let (nth, onwards) = match nth.strip_suffix('+') {
                    Some(nth) => (nth, true),
                    None => (nth, false),
                };
                let nth = nth.parse().ok().filter(|&nth| nth > 0).ok_or_else(wrong)?;
                (rpc, if onwards { When::From(nth) } else { When::Nth(nth) })
            }
        };
        let rpc = match rpc {
            "any" => WhichRpc::Any,
            long if long.starts_with("RPC_") => WhichRpc::Named(long.to_owned()),
            short => {
                let (_, long) =
                    SHORT_NAMES.iter().find(|(name, _)| *name == short).ok_or_else(wrong)?;
                WhichRpc::Named((*long).to_owned())
            }
        };
        Ok(FaultRule { rpc, when, fault: fault.parse()? })
    }
}

/// The rules of a server, and what they have counted. Clones count together: the servers of a
/// group may share them.
#[derive(Debug, Clone)]
pub(crate) struct Faults(Arc<Mutex<Counted>>);

#[derive(Debug)]
struct Counted {
    rules: Vec<FaultRule>,
    all: u64,
    by_rpc: BTreeMap<String, u64>,
}

impl Faults {
    pub(crate) fn new(rules: Vec<FaultRule>) -> Faults {
        Faults(Arc::new(Mutex::new(Counted { rules, all: 0, by_rpc: BTreeMap::new() })))
    }

    /// A request came: the fault that it meets, which is that of the first rule that speaks of it.
    pub(crate) fn meet(&self, rpc: &str) -> Option<Fault> {
        // Nothing that holds this lock can panic half way.
        self.0.lock().unwrap_or_else(PoisonError::into_inner).meet(rpc)
    }
}

impl Counted {
    fn meet(&mut self, rpc: &str) -> Option<Fault> {
        if self.rules.is_empty() {
            return None;
        }
        self.all += 1;
        // Names come from clients: only those that a rule speaks of are counted.
        let named = |rule: &FaultRule| matches!(&rule.rpc, WhichRpc::Named(name) if name == rpc);
        let mut count = 0;
        if self.rules.iter().any(named) {
            let counter = self.by_rpc.entry(rpc.to_owned()).or_default();
            *counter += 1;
            count = *counter;
        }
        self.rules
            .iter()
            .find(|rule| match &rule.rpc {
                WhichRpc::Any => rule.when.includes(self.all),
                WhichRpc::Named(name) => name == rpc && rule.when.includes(count),
            })
            .map(|rule| rule.fault.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_read_as_they_are_written() {
        let rules = [
            "add#1=drop-reply",
            "query#2+=delay:200",
            "any=close-before",
            "modify=close-after",
            "list=hold:1500",
            "list-apps=slow-store:7",
            "query-config=fail-store",
            "max-replica-count=answer-twice",
            "RPC_CM_LIST_NODES#3=another-seqid",
            "add=refuse:ERR_SERVICE_NOT_ACTIVE",
            "list=no-such-rpc",
            "add=change-leader:0",
            "add=change-leader-after:500",
            "add=crash-before-store:0",
            "add=crash-after-store:250",
        ];
        for text in rules {
            assert_eq!(text.parse::<FaultRule>().unwrap().to_string(), text);
        }
        let short: FaultRule = "add=change-leader".parse().unwrap();
        assert_eq!(short.fault, Fault::ChangeLeader(0));
    }

    #[test]
    fn what_is_no_rule_is_refused() {
        for text in [
            "",
            "add",
            "add=",
            "=drop-reply",
            "subtract=drop-reply",
            "add#0=drop-reply",
            "add#x=drop-reply",
            "add#-1=drop-reply",
            "add=drop-reply:1",
            "add=delay",
            "add=delay:x",
            "add=delay:-1",
            "add=refuse",
            "add=refuse:BUSY",
            "add=explode",
        ] {
            assert!(text.parse::<FaultRule>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_first_rule_that_speaks_of_a_request_decides() {
        let rules = ["add#2=drop-reply", "any#3+=close-before", "add=close-after"];
        let faults = Faults::new(rules.map(|rule| rule.parse().unwrap()).to_vec());
        let meet = |rpc: &str| faults.meet(rpc);
        assert_eq!(meet(QueryDuplication::NAME), None);
        assert_eq!(meet(AddDuplication::NAME), Some(Fault::CloseAfter));
        assert_eq!(meet(AddDuplication::NAME), Some(Fault::DropReply));
        assert_eq!(meet(AddDuplication::NAME), Some(Fault::CloseBefore));
        assert_eq!(meet("RPC_CM_NO_SUCH"), Some(Fault::CloseBefore));
    }
}
