//! Rules: which requests meet which fault.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use super::table::Fault;
use crate::protocol::messages::RPCS;
use crate::server::parse::ParseError;

/// Which of the requests of a rule's RPC meet the rule's fault. Counting starts at 1, and continues
/// after crashes and changes of the leader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum When {
    /// Every request.
    Always,
    /// The request with that number.
    Nth(u64),
    /// The request with that number, and all later ones.
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

/// The RPC of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum WhichRpc {
    /// Every RPC.
    Any,
    /// The RPC with that code name, `RPC_CM_...`.
    Named(String),
}

/// A rule: which requests meet which fault.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FaultRule {
    /// The RPC of the requests.
    pub rpc: WhichRpc,
    /// Selects among the requests of that RPC, for example only the second one.
    pub when: When,
    /// The fault that the requests meet.
    pub fault: Fault,
}

impl fmt::Display for FaultRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.rpc {
            WhichRpc::Any => f.write_str("any")?,
            WhichRpc::Named(name) => {
                let rpc = RPCS.iter().find(|rpc| rpc.code == name);
                f.write_str(rpc.map_or(name, |rpc| rpc.short))?;
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

    /// Parses `RPC[#NTH[+]]=FAULT`, for example `add#1=drop-reply`, `query#2+=delay:200` or
    /// `any=close-before`. The RPC is the short name of a row of [`RPCS`], `any`, or a code name
    /// `RPC_...`.
    fn from_str(text: &str) -> Result<FaultRule, ParseError> {
        let wrong = || {
            let known: Vec<&str> = RPCS.iter().map(|rpc| rpc.short).collect();
            let form = "a fault rule is RPC[#NTH[+]]=FAULT, with RPC one of";
            ParseError::new(format!("{form} {}|any|RPC_...:", known.join("|")), text)
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
                let rpc = RPCS.iter().find(|rpc| rpc.short == short).ok_or_else(wrong)?;
                WhichRpc::Named(rpc.code.to_owned())
            }
        };
        Ok(FaultRule { rpc, when, fault: fault.parse()? })
    }
}

/// The rules of a server, and the number of requests so far. Clones count together, because the servers
/// of a group may share their rules.
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

    /// Counts a request, and returns the fault that the request meets: that of the first rule that
    /// matches.
    pub(crate) fn meet(&self, rpc: &str) -> Option<Fault> {
        // Nothing that holds this lock can panic in the middle of a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner).meet(rpc)
    }
}

impl Counted {
    fn meet(&mut self, rpc: &str) -> Option<Fault> {
        if self.rules.is_empty() {
            return None;
        }
        self.all += 1;
        // Names come from clients, so only the names in rules are counted.
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
