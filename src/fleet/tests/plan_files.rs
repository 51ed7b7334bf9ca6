//! Tests of plan files, and of the question whether a plan is stale.

use super::*;
use crate::error::ErrorKind;

/// Returns a plan that has each verdict at least once, and the state that it was made from.
fn every_verdict() -> (Plan, State) {
    let mut skips = listed("c", 3, 7);
    skips.fail_mode = Some(FailMode::Skip);
    let mut starting = listed("d", 4, 7);
    starting.status = Some(Status::Init);
    let all = [listed("b", 2, 7), skips, starting, listed("x", 6, 7)];
    let has = state(&["a", "b", "c", "d", "e", "x"], &all);
    let declared = |table: &str, more: &str| {
        format!("[[duplication]]\ntable = \"{table}\"\ncluster = \"target\"\n{more}\n")
    };
    let text = declared("?,!e,!x", "fail_mode = \"slow\"") + &declared("gone", "checkpoint = true");
    let plan = Plan::of("127.0.0.1:34601".into(), &fleet(&text), &has).unwrap();
    for verdict in Verdict::ALL {
        assert_eq!(plan.count(verdict), 1, "{verdict}");
    }
    (plan, has)
}

#[test]
fn a_plan_file_says_what_the_plan_says() {
    let (plan, _) = every_verdict();
    let text = plan.to_text();
    assert_eq!(Plan::parse(&text).unwrap(), plan);
    assert_eq!(Plan::parse(&text).unwrap().to_text(), text);
    assert!(text.starts_with("{\"format\":\"pegasus-dup plan\",\"version\":1,"), "{text}");
    for seen in ["\"table_id\":2", "\"dupid\":7", "\"create_ts_ms\":1", "\"status\":\"DS_LOG\""] {
        assert!(text.contains(seen), "{seen} {text}");
    }
}

#[test]
fn the_hash_is_that_of_the_declarations() {
    let hash = |text: &str, format| {
        let fleet = Fleet::parse(text, format).unwrap();
        Plan::of(String::new(), &fleet, &state(&["a"], &[])).unwrap().input_hash
    };
    let toml = "[[duplication]]\ntable = \"a\" # a comment\ncluster = \"target\"\n";
    let yaml = "duplication: [{cluster: target, table: a}]";
    // $ printf '{"duplication":[{"table":"a","cluster":"target"}]}' | sha256sum
    let expected = "ca678fed467857fc3c7b445bcd5f55dfb49b894aff7dac5c2851e273e4a5ae50";
    assert_eq!(hash(toml, Format::Toml), expected);
    assert_eq!(hash(yaml, Format::Yaml), expected);
    assert_ne!(hash(&toml.replace("target", "target2"), Format::Toml), expected);
}

#[test]
fn other_files_are_refused_and_recognized() {
    let refused = |text: &str| {
        let error = Plan::parse(text).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        error.to_string()
    };
    let text = every_verdict().0.to_text();
    let other = text.replace("\"version\":1", "\"version\":2");
    assert!(refused(&other).contains("version=2 known=1"), "{}", refused(&other));
    let cut = &text[..text.len() / 2];
    assert!(refused(cut).contains("not a plan file"), "{}", refused(cut));
    let more = text.replace("\"warnings\"", "\"more\":1,\"warnings\"");
    assert!(refused(&more).contains("damaged: unknown field `more`"), "{}", refused(&more));
    for garbage in ["", "{}", "null", "format", "{\"format\":\"other\",\"version\":1}"] {
        assert!(refused(garbage).contains("not a plan file"), "{}", refused(garbage));
    }
    let json = serde_json::to_string(&fleet(TOML)).unwrap();
    for fleet in [TOML, &json, "duplication: [{table: a, cluster: target}]"] {
        assert!(refused(fleet).contains("declares a fleet"), "{}", refused(fleet));
    }
    for format in [Format::Toml, Format::Yaml, Format::Json] {
        for plan in [&text, &other] {
            let error = Fleet::parse(plan, format).unwrap_err().to_string();
            assert!(error.contains("this is a plan file"), "{format:?} {error}");
        }
    }
}

#[test]
fn a_plan_that_contradicts_itself_is_refused() {
    let (plan, _) = every_verdict();
    for item in 0..plan.items.len() {
        for verdict in Verdict::ALL.into_iter().filter(|&other| other != plan.items[item].verdict) {
            let mut edited = plan.clone();
            edited.items[item].verdict = verdict;
            let both = [verdict, plan.items[item].verdict];
            if both.iter().all(|it| matches!(it, Verdict::AsWanted | Verdict::NotComparable)) {
                continue; // Nothing is sent for either.
            }
            let error = Plan::parse(&edited.to_text()).unwrap_err().to_string();
            assert!(error.contains("contradicts itself"), "{verdict} {error}");
        }
    }
    let mut edited = plan.clone();
    let unmanaged = edited.items.iter_mut().find(|item| item.verdict == Verdict::Unmanaged);
    unmanaged.unwrap().steps.push(PlanStep::Remove);
    assert!(Plan::parse(&edited.to_text()).is_err(), "it is in no scope");
}

/// Returns why the item of a table is stale after a change of the state. No other item may be stale.
fn stale_after(table: &str, change: impl FnOnce(&mut State)) -> String {
    let (plan, mut now) = every_verdict();
    assert_eq!(plan.staleness(&now).unwrap(), vec![None; plan.items.len()]);
    change(&mut now);
    let mut stale = plan.items.iter().zip(plan.staleness(&now).unwrap());
    let (item, why) = stale.find(|(_, why)| why.is_some()).expect("an item is stale");
    assert_eq!(item.table, table);
    assert!(stale.all(|(_, why)| why.is_none()), "only one item is stale");
    why.unwrap()
}

#[test]
fn what_has_changed_since_is_stale() {
    fn one<'a>(now: &'a mut State, table: &str) -> &'a mut Duplication {
        &mut now.tables.get_mut(table).unwrap().duplications[0]
    }
    let check = |table: &str, why: &str, change: &dyn Fn(&mut State)| {
        let stale = stale_after(table, change);
        assert_eq!(stale, why);
    };
    check("b", "the status has changed: planned=DS_LOG now=DS_PAUSE", &|now| {
        one(now, "b").status = Some(Status::Pause);
    });
    check("b", "the status has changed: planned=DS_LOG now=-", &|now| one(now, "b").status = None);
    check("c", "the fail mode has changed: planned=FAIL_SKIP now=FAIL_SLOW", &|now| {
        one(now, "c").fail_mode = Some(FailMode::Slow);
    });
    check("x", "the remote table has changed: planned=x now=\"y z\"", &|now| {
        one(now, "x").remote_table = Some("y z".into());
    });
    check("b", "the remote replica count has changed: planned=3 now=1", &|now| {
        one(now, "b").remote_replica_count = Some(1);
    });
    check("b", "the duplication does not exist any more: dupid=7 other_dupid=7", &|now| {
        one(now, "b").create_ts_ms = Some(2);
    });
    check("b", "the duplication does not exist any more: dupid=7 other_dupid=8", &|now| {
        one(now, "b").dupid = 8;
    });
    check("b", "the duplication does not exist any more: dupid=7", &|now| {
        one(now, "b").cluster = "elsewhere".into();
    });
    check("d", "the status has changed: planned=DS_INIT now=DS_LOG", &|now| {
        one(now, "d").status = Some(Status::Log);
    });
    check(
        "b",
        "there are several duplications of the table to this cluster now: dupid=7 dupid=9",
        &|now| now.tables.get_mut("b").unwrap().duplications.push(listed("b", 2, 9)),
    );
    check("a", "a duplication exists now: dupid=9", &|now| {
        now.tables.get_mut("a").unwrap().duplications.push(listed("a", 1, 9));
    });
    check("a", "the table was dropped or renamed: table_id=1", &|now| {
        now.tables.remove("a").unwrap();
    });
    check("a", "the name of the table leads to another table now: planned=1 table_id=9", &|now| {
        now.tables.get_mut("a").unwrap().table_id = 9;
    });
    check("gone", "the table exists now: table_id=9", &|now| {
        now.tables.insert("gone".into(), TableState { table_id: 9, ..TableState::default() });
    });
}

#[test]
fn what_a_plan_has_not_seen_makes_it_not_stale() {
    let (plan, mut now) = every_verdict();
    let b = now.tables.get_mut("b").unwrap();
    // A duplication that is being removed beside it, another remote cluster, and the progress of a checkpoint.
    b.duplications.push(Duplication { status: Some(Status::Removed), ..listed("b", 2, 8) });
    b.duplications.push(Duplication { cluster: "target2".into(), ..listed("b", 2, 9) });
    b.duplications[0].status = Some(Status::App);
    now.tables.insert("new".into(), TableState::default());
    now.remotes.insert("target".into(), RemoteState::Configured);
    assert_eq!(plan.staleness(&now).unwrap(), vec![None; plan.items.len()]);
}

#[test]
fn a_plan_is_for_one_cluster_and_one_generation() {
    let (plan, mut now) = every_verdict();
    now.generation = Some(Generation::Checkpoint);
    let stale = plan.staleness(&now).unwrap();
    assert_eq!(stale.len(), plan.items.len());
    for why in stale {
        assert!(why.unwrap().contains("planned=dup-exist generation=checkpoint"));
    }
    for name in [None, Some("other".to_owned())] {
        let error = plan.staleness(&State { cluster_name: name, ..now.clone() }).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.to_string().contains("planned=onebox cluster="), "{error}");
    }
}
