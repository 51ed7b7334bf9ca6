//! Tests `--explain`: the history of a command goes to stderr, and stdout stays as it is.

use super::support::schema::assert_entry;
use super::support::{Ran, Served, expect};

/// Returns the lines of stderr that belong to the history.
fn history(ran: &Ran) -> Vec<&str> {
    ran.stderr.lines().skip_while(|line| !line.starts_with("attempt 1: ")).collect()
}

#[test]
fn without_the_option_nothing_is_explained() {
    let served = Served::start(&["--clock", "stopped"]);
    assert_eq!(expect(&served, 0, "add temp target").stderr, "");
    let explained = expect(&served, 0, "--explain query temp");
    let plain = expect(&served, 0, "query temp");
    assert_eq!(explained.stdout, plain.stdout);
    assert_eq!(plain.stderr, "");
    assert!(explained.stderr.starts_with("attempt 1: looking for leader\n"), "{explained:?}");
    // The same state gives the same bytes.
    assert_eq!(expect(&served, 0, "query temp --explain").stderr, explained.stderr);
}

#[test]
fn the_history_follows_the_warnings_and_ends_with_the_conclusion() {
    let served = Served::start(&["--clock", "stopped"]);
    expect(&served, 0, "add temp target");
    let ran = expect(&served, 3, "add temp target --explain");
    let warning = ran.stderr.lines().next().expect("a line");
    assert!(warning.starts_with("warning: nothing was created: "), "{ran:?}");
    let history = history(&ran);
    assert!(history.len() > 4, "{ran:?}");
    let [.., conclusion, remark] = history[..] else { panic!("{ran:?}") };
    assert_eq!(format!("{conclusion}\n"), format!("conclusion: {}", ran.stdout));
    assert_eq!(remark, format!("conclusion: {warning}"));
    assert!(history.iter().all(|line| !line.contains("RPC_CM_ADD_DUPLICATION")), "{ran:?}");
}

#[test]
fn every_entry_matches_the_schema() {
    let served = Served::start(&["--fault", "add#1=refuse:ERR_FORWARD_TO_OTHERS"]);
    for (code, line, last_attempt) in [
        (0, "add temp target", 2),
        (3, "add temp target", 1),
        (0, "query temp", 1),
        (0, "list --by-table", 1),
        (0, "info", 1),
        (0, "pause temp target", 1),
        (0, "tables --health", 1),
        (1, "query missing", 1),
        (2, "query", 0),
    ] {
        let ran = expect(&served, code, &format!("--json --explain {line}"));
        let _ = ran.reports();
        let lines = ran.stderr.lines().filter(|line| line.starts_with('{'));
        let entries: Vec<_> = lines.map(assert_entry).collect();
        let Some(last) = entries.last() else {
            assert_eq!(last_attempt, 0, "{line}: {ran:?}");
            continue;
        };
        assert_eq!(last["entry"], "conclusion", "{line}: {ran:?}");
        assert_eq!(last["attempt"], last_attempt, "{line}: {ran:?}");
    }
}

#[test]
fn a_command_with_two_calls_numbers_them() {
    let served = Served::start(&["--clock", "fast"]);
    let ran = expect(&served, 0, "--explain create-table new -p 2 --wait 20");
    let calls: Vec<_> = ran.stderr.lines().map(|line| line.starts_with("call 2 ")).collect();
    assert!(calls.is_sorted() && !calls[0] && calls[calls.len() - 1], "{ran:?}");
    assert_eq!(ran.stderr.matches("conclusion: ").count(), 2, "{ran:?}");
}
