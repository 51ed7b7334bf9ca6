//! Tests of the warnings of a plan.

use super::*;

/// Returns the warnings of a plan whose fleet has this text.
fn warnings(text: &str, state: &State) -> Vec<String> {
    Plan::of(String::new(), &fleet(text), state).unwrap().warnings
}

const ALL: &str = "[[duplication]]\ntable = \"*\"\ncluster = \"target\"\n";

#[test]
fn a_plan_warns_of_what_an_apply_would_do() {
    let names: Vec<String> = (0..12).map(|index| format!("t{index}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut has = state(&names, &[]);
    let bare = warnings(ALL, &has);
    assert!(matches!(&*bare, [one] if one.ends_with("duplications=12")), "{bare:?}");
    assert!(bare[0].starts_with("without a checkpoint, rows are not shipped"), "{bare:?}");

    let checkpoint = format!("{ALL}checkpoint = true\n");
    for table in has.tables.values_mut() {
        table.partition_count = Some(8);
    }
    let queue = warnings(&checkpoint, &has);
    assert!(matches!(&*queue, [one] if one.starts_with("checkpoints queue")), "{queue:?}");
    assert!(queue[0].ends_with("duplications=12 partitions=96"), "{queue:?}");
    has.tables.values_mut().next().unwrap().partition_count = None;
    assert!(warnings(&checkpoint, &has)[0].ends_with("duplications=12"));
    let few = state(&names[..10], &[]);
    assert_eq!(warnings(&checkpoint, &few), [""; 0], "they do not queue for long");

    let old = State { generation: Some(Generation::Checkpoint), ..few.clone() };
    let uncertain = warnings(&checkpoint, &old);
    assert!(
        matches!(&*uncertain, [one] if one.ends_with("generation=checkpoint")),
        "{uncertain:?}"
    );
    let why = RemoteState::NotKnown("no response".into());
    let unknown = State { remotes: BTreeMap::from([("target".into(), why)]), ..few };
    let unknown = warnings(&checkpoint, &unknown);
    assert!(
        matches!(&*unknown, [one] if one.ends_with("(no response): cluster=target")),
        "{unknown:?}"
    );
}

#[test]
fn a_plan_with_nothing_to_create_has_no_warnings() {
    let one = Duplication { remote_table: None, ..listed("a", 1, 7) };
    let has = State { generation: Some(Generation::Checkpoint), ..state(&["a"], &[one]) };
    assert_eq!(warnings(ALL, &has), [""; 0]);
}

#[test]
fn a_cluster_that_calls_itself_differently_is_named() {
    let has = state(&["a"], &[listed("a", 1, 7)]);
    let named = |head: &str| warnings(&format!("{head}\n{ALL}"), &has);
    let other = named("cluster = \"prod\"");
    assert!(matches!(&*other, [one] if one.ends_with("cluster=prod own_name=onebox")), "{other:?}");
    assert_eq!(named("cluster = \"onebox\""), [""; 0]);
    assert_eq!(named("cluster = \"prod\"\nexpect_cluster = \"onebox\""), [""; 0]);
    assert_eq!(named("cluster = \"prod\"\nmeta = \"127.0.0.1:1\""), [""; 0]);
}
