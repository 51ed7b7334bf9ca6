//! Tests of fault rules, and of the page that lists RPCs and faults.

use std::path::Path;

use super::*;
use crate::protocol::messages::{AddDuplication, QueryDuplication, RPCS, Rpc};

#[test]
fn a_rule_is_parsed_from_what_it_is_displayed_as() {
    let rules = [
        "add#1=drop-reply",
        "query#2+=delay:200",
        "any=close-before",
        "modify=close-after",
        "list=hold:1500",
        "list-apps=slow-store:7",
        "query-config=fail-store",
        "max-replica-count=answer-twice",
        "list-nodes#3=another-seqid",
        "cluster-info=drop-reply",
        "RPC_CM_NO_SUCH=drop-reply",
        "add=refuse:ERR_SERVICE_NOT_ACTIVE",
        "list=no-such-rpc",
        "add=change-leader:0",
        "add=change-leader-after:500",
        "add=crash-before-store:0",
        "add=crash-after-store:250",
        "create-app#1=alive-nodes:2",
    ];
    for text in rules {
        assert_eq!(text.parse::<FaultRule>().unwrap().to_string(), text);
    }
    let short: FaultRule = "add=change-leader".parse().unwrap();
    assert_eq!(short.fault, Fault::ChangeLeader(0));
}

#[test]
fn other_texts_are_refused() {
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
        "add=alive-nodes",
        "add=alive-nodes:-1",
        "add=refuse",
        "add=refuse:BUSY",
        "add=explode",
    ] {
        assert!(text.parse::<FaultRule>().is_err(), "{text}");
    }
}

#[test]
fn the_first_rule_that_matches_a_request_decides() {
    let rules = ["add#2=drop-reply", "any#3+=close-before", "add=close-after"];
    let faults = Faults::new(rules.map(|rule| rule.parse().unwrap()).to_vec());
    let meet = |rpc: &str| faults.meet(rpc);
    assert_eq!(meet(QueryDuplication::NAME), None);
    assert_eq!(meet(AddDuplication::NAME), Some(Fault::CloseAfter));
    assert_eq!(meet(AddDuplication::NAME), Some(Fault::DropReply));
    assert_eq!(meet(AddDuplication::NAME), Some(Fault::CloseBefore));
    assert_eq!(meet("RPC_CM_NO_SUCH"), Some(Fault::CloseBefore));
}

#[test]
fn every_fault_and_every_rpc_is_parsed_from_its_name() {
    for row in table::ALL {
        let text = row.syntax().replace("[:MS]", ":7").replace("MS", "7");
        let text = text.replace("NAME", "BUSY").replace(":N", ":2");
        let fault: Fault = text.parse().unwrap();
        assert_eq!(fault.to_string(), text);
    }
    for rpc in RPCS {
        let rule: FaultRule = format!("{}=drop-reply", rpc.short).parse().unwrap();
        assert_eq!(rule.rpc, WhichRpc::Named(rpc.code.to_owned()));
        assert_eq!(rule.to_string(), format!("{}=drop-reply", rpc.short));
        let long: FaultRule = format!("{}=drop-reply", rpc.code).parse().unwrap();
        assert_eq!(long, rule);
    }
    let mut names: Vec<&str> = RPCS.iter().flat_map(|rpc| [rpc.short, rpc.code]).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), RPCS.len() * 2, "two RPCs have one name");
}

/// After a change of the table of RPCs or of faults, `PEGASUS_DUP_WRITE=1 cargo test --features server
/// --lib fault` writes the tables of the page again.
#[test]
fn the_page_on_the_server_lists_every_rpc_and_every_fault() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/server.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let mut made = page.clone();
    for (name, rows) in [("RPCs", help::rpc_table()), ("faults", help::fault_table())] {
        let open = format!("<!-- Generated from the source: {name} -->\n");
        let close = format!("<!-- End of {name} -->\n");
        let (before, rest) = made.split_once(&open).expect(&open);
        let (_, after) = rest.split_once(&close).expect(&close);
        made = format!("{before}{open}{rows}{close}{after}");
    }
    if std::env::var_os("PEGASUS_DUP_WRITE").is_some() {
        std::fs::write(&path, &made).unwrap();
        return;
    }
    assert_eq!(page, made, "write the page again, as the comment of this test says");
}
