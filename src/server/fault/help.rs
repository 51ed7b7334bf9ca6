//! The texts that list the RPCs and the faults, made from their tables.

use super::rule::FaultRule;
use super::table::ALL;
use crate::protocol::messages::RPCS;

/// The longest line of the help.
const WIDTH: usize = 80;

impl FaultRule {
    /// Returns the help text on fault rules, with all RPCs and all faults, as `pegasus-dup serve --help`
    /// shows it.
    pub fn help() -> String {
        let mut text = "\
Fault rules, RPC[#NTH[+]]=FAULT:
  #NTH stands for the request with that number, counted from 1; with + also for
  all later requests. Without it the rule applies to all requests of the RPC. The
  servers of a group count together. The first rule that matches a request decides.

  RPC is one of:
"
        .to_owned();
        for rpc in RPCS {
            entry(&mut text, rpc.short, rpc.help());
        }
        entry(&mut text, "any", "Every RPC.");
        entry(&mut text, "RPC_...", "The RPC with that code name.");
        text.push_str("\n  FAULT is one of (MS is a time in milliseconds):\n");
        for fault in ALL {
            entry(&mut text, &fault.syntax(), fault.help());
        }
        text
    }
}

/// Appends a name, and below the name what it means.
fn entry(text: &mut String, name: &str, meaning: &str) {
    text.push_str("    ");
    text.push_str(name);
    let mut room = 0;
    for word in meaning.split_whitespace() {
        if room < 1 + word.len() {
            text.push_str("\n       ");
            room = WIDTH - 7;
        }
        text.push(' ');
        text.push_str(word);
        room -= 1 + word.len();
    }
    text.push('\n');
}

/// Returns the table of RPCs for the page on the server.
#[cfg(test)]
pub(super) fn rpc_table() -> String {
    let mut text = "| RPC | code name | what it does |\n|---|---|---|\n".to_owned();
    for rpc in RPCS {
        text += &format!("| `{}` | {} | {} |\n", rpc.short, rpc.code, rpc.help());
    }
    text
}

/// Returns the table of faults for the page on the server.
#[cfg(test)]
pub(super) fn fault_table() -> String {
    let mut text = "| fault | what happens |\n|---|---|\n".to_owned();
    for fault in ALL {
        text += &format!("| `{}` | {} |\n", fault.syntax(), fault.help());
    }
    text
}
