//! Properties of plans, for any fleet and any cluster.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::fleet::plan_file::is_possible;
use crate::resource::several;

const CLUSTERS: [&str; 4] = ["target", "target2", "onebox", "o{d"];

fn duplication() -> impl Strategy<Value = Duplication> {
    let status = prop_oneof![
        8 => select(&[Status::Log, Status::Pause, Status::Prepare, Status::App, Status::Start][..]),
        1 => select(&[Status::Init, Status::Removed, Status::Unknown(9)][..]),
    ];
    let fail_mode = select(vec![
        None,
        Some(FailMode::Slow),
        Some(FailMode::Skip),
        Some(FailMode::Fast),
        Some(FailMode::Unknown(7)),
    ]);
    let remote_table =
        select(vec![None, Some(""), Some("a"), Some("b c"), Some("{table}"), Some("{")]);
    let count = select(vec![None, Some(-1), Some(0), Some(3)]);
    let cluster = select(&CLUSTERS[..]);
    let optional = proptest::option::weighted(0.9, status);
    (cluster, optional, fail_mode, remote_table, count, any::<Option<i64>>()).prop_map(
        |(cluster, status, fail_mode, remote_table, remote_replica_count, create_ts_ms)| {
            Duplication {
                cluster: cluster.into(),
                status,
                fail_mode,
                remote_table: remote_table.map(Into::into),
                remote_replica_count,
                create_ts_ms,
                ..listed("", 0, 0)
            }
        },
    )
}

/// Returns the names of tables. Some of them are patterns in a file.
fn table() -> impl Strategy<Value = String> {
    prop_oneof![4 => "[a-c]{1,2}", 1 => "[a!*?{}\\[\\],\\\\ .\\n\"'é]{0,3}"]
}

fn any_state() -> impl Strategy<Value = State> {
    let tables = proptest::collection::btree_map(
        table(),
        (1..9, proptest::collection::vec(duplication(), 0..4), any::<Option<i32>>()),
        0..6,
    );
    let generation = proptest::option::weighted(0.8, select(&Generation::ALL[..]));
    let name = select(vec![None, Some("onebox"), Some("target")]);
    let remote = select(vec![
        RemoteState::Configured,
        RemoteState::NotConfigured("hint".into()),
        RemoteState::OwnCluster,
        RemoteState::Unsupported("why".into()),
        RemoteState::NotKnown("why".into()),
    ]);
    let remotes = proptest::collection::btree_map(select(&CLUSTERS[..]), remote, 0..3);
    (tables, generation, name, remotes).prop_map(|(tables, generation, name, remotes)| State {
        cluster_name: name.map(Into::into),
        generation,
        tables: tables
            .into_iter()
            .map(|(table, (table_id, mut duplications, replica_count))| {
                for (one, dupid) in duplications.iter_mut().zip(1..) {
                    (one.table, one.table_id, one.dupid) = (table.clone(), table_id, dupid);
                    if one.remote_table.as_deref() == Some("{table}") {
                        one.remote_table = Some(table.clone());
                    }
                }
                let partition_count = replica_count;
                (table, TableState { table_id, partition_count, replica_count, duplications })
            })
            .collect(),
        remotes: remotes.into_iter().map(|(name, remote)| (name.to_owned(), remote)).collect(),
    })
}

fn any_fleet() -> impl Strategy<Value = Fleet> {
    let globs = prop_oneof![
        table().prop_map(|table| TableGlobs::exact(&table)),
        select(vec!["a", "b*", "*,!b*", "[ab]", "?,!c", "a,gone"])
            .prop_map(|text| TableGlobs::parse(text).unwrap()),
    ];
    let remote_table = select(vec!["{table}", "{table}", "{table}", "{table}_copy", "one", "a"]);
    let count = select(vec![None, None, None, Some(-1), Some(0), Some(1), Some(3)]);
    let fail_mode = select(vec![None, Some(DeclaredFailMode::Slow), Some(DeclaredFailMode::Fast)]);
    let status = select(vec![None, Some(DeclaredStatus::Running), Some(DeclaredStatus::Paused)]);
    let of = (globs.clone(), select(&CLUSTERS[..]));
    let declaration = (of, remote_table, count, any::<bool>(), fail_mode, status);
    let declaration = declaration.prop_map(
        |((table, cluster), remote_table, count, checkpoint, fail_mode, status)| Declaration {
            remote_table: remote_table.parse().unwrap(),
            remote_replica_count: count,
            checkpoint,
            fail_mode,
            status,
            allow_empty: true,
            ..Declaration::new(table, cluster)
        },
    );
    let scope = (globs, select(&CLUSTERS[..]))
        .prop_map(|(table, cluster)| Scope { table, cluster: cluster.to_owned() });
    let scopes = proptest::collection::vec(scope, 0..2);
    let duplications = proptest::collection::vec(declaration, 0..4);
    (duplications, scopes).prop_map(|(duplications, scopes)| Fleet {
        duplications,
        scopes,
        ..Fleet::default()
    })
}

/// Returns the pairs of table and remote cluster that a fleet declares, one for each declaration.
fn declared_pairs(fleet: &Fleet, state: &State) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for declaration in &fleet.duplications {
        let existing = state.tables.keys().map(String::as_str);
        let tables: BTreeSet<&str> = existing.chain(declaration.table.names()).collect();
        let selected = tables.into_iter().filter(|table| declaration.table.matches(table));
        pairs.extend(selected.map(|table| (table.to_owned(), declaration.cluster.clone())));
    }
    pairs
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    /// A plan says one thing of each declared duplication and of each existing duplication.
    #[test]
    fn verdicts_are_exhaustive(fleet in any_fleet(), state in any_state()) {
        let pairs = declared_pairs(&fleet, &state);
        let distinct: BTreeSet<_> = pairs.iter().cloned().collect();
        let Ok(items) = compare(&fleet, &state) else {
            // The only error of a fleet that allows empty patterns.
            prop_assert!(distinct.len() < pairs.len());
            return Ok(());
        };
        prop_assert_eq!(distinct.len(), pairs.len());
        let declared: Vec<_> = items
            .iter()
            .filter(|item| item.wanted.is_some())
            .map(|item| (item.table.clone(), item.cluster.clone()))
            .collect();
        prop_assert_eq!(declared, distinct.iter().cloned().collect::<Vec<_>>());
        for (table, has) in &state.tables {
            for one in &has.duplications {
                let shows = |item: &&Item| {
                    let same = item.existing.as_ref().is_some_and(|it| it.dupid == one.dupid);
                    item.table == *table && item.cluster == one.cluster && same
                };
                let shown = items.iter().filter(shows).count();
                let pair = (table.clone(), one.cluster.clone());
                let same_pair = has.duplications.iter().filter(|it| it.cluster == one.cluster);
                let staying: Vec<_> = same_pair.filter(|it| !it.is_being_removed()).collect();
                if !distinct.contains(&pair) {
                    prop_assert_eq!(shown, usize::from(!one.is_being_removed()));
                } else if one.is_being_removed() {
                    prop_assert!(shown <= usize::from(staying.is_empty()));
                } else if staying.len() == 1 {
                    prop_assert_eq!(shown, 1);
                } else {
                    let why = several(&staying);
                    let named = items.iter().filter(|item| item.why.as_deref() == Some(&*why)).count();
                    prop_assert_eq!(named, 1);
                }
            }
        }
    }

    /// A plan survives its file, and contradicts neither itself nor the state that it was made from.
    #[test]
    fn a_plan_survives_its_file(fleet in any_fleet(), state in any_state()) {
        if let Ok(plan) = Plan::of("127.0.0.1:34601".into(), &fleet, &state) {
            let text = plan.to_text();
            prop_assert_eq!(Plan::parse(&text).unwrap(), plan.clone());
            prop_assert!(plan.items.iter().all(is_possible));
            let fresh = vec![None; plan.items.len()];
            prop_assert_eq!(plan.staleness(&state).unwrap(), fresh);
        }
    }

    /// The client would not refuse any step of a plan as unsupported.
    #[test]
    fn no_step_is_unsupported(fleet in any_fleet(), state in any_state()) {
        for item in compare(&fleet, &state).unwrap_or_default() {
            if item.steps.is_empty() {
                continue;
            }
            let generation = state.generation.expect("nothing is proposed to an unknown server");
            if item.steps[0] == PlanStep::Add {
                let spec = item.spec().unwrap();
                prop_assert_eq!(spec.unsupported_by(state.generation), None);
                let names = [&spec.table, &spec.cluster, spec.remote_table.as_ref().unwrap_or(&spec.table)];
                let braces = names.iter().any(|name| name.contains(['{', '}']));
                prop_assert!(!braces || !generation.dies_of_braces());
                prop_assert!(names.iter().all(|name| !name.is_empty() && !name.contains('\n')));
                prop_assert!(spec.remote_replica_count.is_none_or(|count| count >= 0));
            }
        }
    }

    /// The plan of an exported fleet proposes nothing, and finds every duplication as wanted if there are no
    /// warnings.
    #[test]
    fn the_plan_after_an_export_is_empty(state in any_state()) {
        let (fleet, warnings) = export(&state);
        let toml = Fleet::parse(&fleet.to_toml(), Format::Toml).unwrap();
        prop_assert_eq!(&toml, &fleet);
        prop_assert_eq!(&Fleet::parse(&fleet.to_json(), Format::Json).unwrap(), &fleet);
        prop_assert_eq!(&Fleet::parse(&fleet.to_json(), Format::Yaml).unwrap(), &fleet);
        let items = compare(&toml, &state).unwrap();
        for item in &items {
            prop_assert!(item.steps.is_empty(), "{item:?}");
            let as_wanted = item.verdict == Verdict::AsWanted;
            let known = state.generation.is_some();
            prop_assert_eq!(as_wanted, item.wanted.is_some() && known, "{:?}", item);
        }
        if warnings.is_empty() {
            let all = state.tables.values().map(|table| table.duplications.len()).sum();
            let as_wanted = items.iter().filter(|item| item.verdict == Verdict::AsWanted).count();
            prop_assert_eq!((items.len(), as_wanted), (all, all));
        }
    }

    /// No text makes a parser panic.
    #[test]
    fn any_text_is_parsed_or_refused(text in "\\PC{0,64}", at in 0..400_usize, cut in 0..40_usize) {
        let plan = "{\"format\":\"pegasus-dup plan\",\"version\":1,\"plan\":{\"source\":{\"meta\":\"\"},\"items\":[]}}";
        for valid in ["", TOML, plan, "duplication: [{table: ['a*', b], cluster: c}]"] {
            let characters: Vec<char> = valid.chars().collect();
            let from = at.min(characters.len());
            let to = (from + cut).min(characters.len());
            let edited: String =
                characters[..from].iter().copied().chain(text.chars()).chain(characters[to..].iter().copied()).collect();
            for format in [Format::Toml, Format::Yaml, Format::Json] {
                if let Ok(fleet) = Fleet::parse(&edited, format) {
                    prop_assert_eq!(&Fleet::parse(&fleet.to_toml(), Format::Toml).unwrap(), &fleet);
                }
            }
            let _ = Plan::parse(&edited);
        }
    }
}
