//! Compares what a fleet declares with what a cluster has. Nothing here does any I/O.

use std::collections::{BTreeMap, BTreeSet};

use super::plan::{Existing, Item, ItemDifference, Wanted};
use super::spec::{Declaration, DeclaredStatus, Fleet};
use super::state::{RemoteState, State};
use crate::client::DuplicationSpec;
use crate::client::compare::{Server, compare as compare_one};
use crate::enums::{FailMode, PlanStep, Property, Status, Verdict};
use crate::error::{Error, Result};
use crate::escape::{name, sentence};
use crate::outcome::Difference;
use crate::protocol::generation::Generation;
use crate::resource::{Duplication, several};

/// A declared duplication, before it is compared.
struct Declared<'a> {
    declaration: &'a Declaration,
    /// The position of the declaration in the file, from 1.
    number: usize,
}

/// The declared duplications, by table and remote cluster.
type ByPair<'a> = BTreeMap<(&'a str, &'a str), Declared<'a>>;

/// Compares what a fleet declares with what a cluster has. Returns what there is to say of each duplication,
/// sorted by table, remote cluster and dupid.
///
/// # Errors
///
/// Fails with `InvalidArgument` if two declarations select the same table and remote cluster, or if a glob
/// matches no table and `allow_empty` is not set.
pub fn compare(fleet: &Fleet, state: &State) -> Result<Vec<Item>> {
    let declared = expand(fleet, state)?;
    let taken = Taken::by(&declared, state);
    let mut items: Vec<Item> = declared
        .iter()
        .map(|(&(table, cluster), declared)| item(table, cluster, declared, &taken, state))
        .collect();
    for (table, has) in &state.tables {
        for one in has.duplications.iter().filter(|one| !one.is_being_removed()) {
            if !declared.contains_key(&(table.as_str(), one.cluster.as_str())) {
                items.push(unmanaged(table, has.table_id, one, fleet, state.generation));
            }
        }
    }
    items.sort_by(|a, b| sort_key(a).cmp(&sort_key(b)));
    Ok(items)
}

fn sort_key(item: &Item) -> (&str, &str, Option<i32>) {
    (&item.table, &item.cluster, item.existing.as_ref().map(|existing| existing.dupid))
}

/// Finds out which duplications the fleet declares.
fn expand<'a>(fleet: &'a Fleet, state: &'a State) -> Result<ByPair<'a>> {
    let mut declared = ByPair::new();
    for (index, declaration) in fleet.duplications.iter().enumerate() {
        let number = index + 1;
        let existing = state.tables.keys().map(String::as_str);
        if !declaration.allow_empty
            && let Some(glob) = declaration.table.without_a_match(existing.clone()).next()
        {
            return Err(Error::invalid(format!(
                "a pattern matches no table: duplication={number} pattern={}",
                name(glob)
            ))
            .with_hint("correct the pattern, or set allow_empty if there may be no such table"));
        }
        // A table that is named is declared even if it does not exist.
        let named = declaration.table.names().filter(|table| declaration.table.matches(table));
        // A file of ten thousand names must not compare each of them with ten thousand tables.
        let all = declaration.table.has_globs().then_some(existing).into_iter().flatten();
        let selected = all.filter(|table| declaration.table.matches(table));
        let tables: BTreeSet<&str> = named.chain(selected).collect();
        for table in tables {
            let pair = (table, declaration.cluster.as_str());
            if let Some(other) = declared.insert(pair, Declared { declaration, number }) {
                return Err(Error::invalid(format!(
                    "two declarations select the same duplication: table={} cluster={} duplication={} duplication={number}",
                    name(table),
                    name(&declaration.cluster),
                    other.number
                ))
                .with_hint("exclude the table from one of them, for example by !NAME"));
            }
        }
    }
    Ok(declared)
}

/// The remote tables to which duplications lead, by remote cluster and name.
struct Taken<'a>(BTreeMap<(&'a str, String), BTreeSet<&'a str>>);

impl<'a> Taken<'a> {
    /// Collects the remote tables of all duplications, declared and existing.
    fn by(declared: &ByPair<'a>, state: &'a State) -> Taken<'a> {
        let mut taken: BTreeMap<(&str, String), BTreeSet<&str>> = BTreeMap::new();
        for (&(table, cluster), one) in declared {
            let remote_table = one.declaration.remote_table.of(table);
            taken.entry((cluster, remote_table)).or_default().insert(table);
        }
        for (table, has) in &state.tables {
            for one in has.duplications.iter().filter(|one| !one.is_being_removed()) {
                if let Some(remote_table) = &one.remote_table {
                    let by = taken.entry((&one.cluster, remote_table.clone())).or_default();
                    by.insert(table);
                }
            }
        }
        Taken(taken)
    }

    /// Returns another table whose duplication leads to the same remote table.
    fn by_other(&self, table: &str, cluster: &'a str, remote_table: &str) -> Option<&'a str> {
        let by = self.0.get(&(cluster, remote_table.to_owned()))?;
        by.iter().copied().find(|&other| other != table)
    }
}

/// Returns what there is to say of one declared duplication.
fn item<'a>(
    table: &'a str,
    cluster: &'a str,
    declared: &Declared<'a>,
    taken: &Taken<'a>,
    state: &State,
) -> Item {
    let declaration = declared.declaration;
    let wanted = Wanted {
        remote_table: declaration.remote_table.of(table),
        remote_replica_count: declaration.remote_replica_count,
        checkpoint: declaration.checkpoint,
        fail_mode: declaration.fail_mode,
        status: declaration.status,
    };
    let has = state.tables.get(table);
    let item = Item {
        verdict: Verdict::Create,
        table: table.to_owned(),
        table_id: has.map(|has| has.table_id),
        cluster: cluster.to_owned(),
        wanted: Some(wanted),
        existing: None,
        differences: Vec::new(),
        unverified: Vec::new(),
        steps: Vec::new(),
        why: None,
        in_scope: false,
    };
    let Some(has) = has else {
        return refused(item, "no such table is available".to_owned());
    };
    let listed = has.duplications.iter().filter(|one| one.cluster == cluster);
    // The server is removing such a duplication, and the next one may exist beside it.
    let (leaving, staying): (Vec<_>, Vec<_>) = listed.partition(|one| one.is_being_removed());
    match (staying.as_slice(), leaving.first()) {
        ([], None) => absent(item, declaration, taken, state),
        ([], Some(one)) => Item {
            existing: Some(Existing::from(*one)),
            ..not_comparable(item, "the server is removing it; make another plan later".to_owned())
        },
        ([one], _) => {
            let server =
                Server { generation: state.generation, own_replica_count: has.replica_count };
            existing(item, &declaration.duplication(table), server, one)
        }
        (many, _) => Item {
            existing: many.first().map(|one| Existing::from(*one)),
            ..not_comparable(item, several(many))
        },
    }
}

/// Why nothing is compared and nothing is proposed.
const UNKNOWN: &str = "the generation of the server is unknown";

fn refused(item: Item, why: String) -> Item {
    Item { verdict: Verdict::Refused, why: Some(sentence(&why).into_owned()), ..item }
}

fn not_comparable(item: Item, why: String) -> Item {
    Item { verdict: Verdict::NotComparable, why: Some(why), ..item }
}

/// Returns what there is to say of a declared duplication that does not exist.
fn absent<'a>(item: Item, declaration: &'a Declaration, taken: &Taken<'a>, state: &State) -> Item {
    let cluster = &declaration.cluster;
    let Some(generation) = state.generation else { return refused(item, UNKNOWN.to_owned()) };
    let spec = declaration.duplication(&item.table);
    if let Err(error) = spec.check_for(Some(generation)) {
        return refused(item, error.message().to_owned());
    }
    let remote = state.remotes.get(cluster);
    if state.cluster_name.as_ref() == Some(cluster) || remote == Some(&RemoteState::OwnCluster) {
        return refused(item, "the remote cluster is the source cluster itself".to_owned());
    }
    match remote {
        Some(RemoteState::NotConfigured(hint)) => {
            let why =
                format!("the configuration of the meta servers lacks the remote cluster: {hint}");
            return refused(item, why);
        }
        Some(RemoteState::Unsupported(why)) => return refused(item, why.clone()),
        Some(RemoteState::Configured | RemoteState::OwnCluster | RemoteState::NotKnown(_))
        | None => {}
    }
    let remote_table = spec.wanted_remote_table();
    if let Some(other) = taken.by_other(&item.table, cluster, remote_table) {
        let why = format!(
            "another table is duplicated to the same remote table: remote_table={} other_table={}",
            name(remote_table),
            name(other)
        );
        return refused(item, why);
    }
    if let Some(property) = spec.unsupported_by(Some(generation)) {
        let why = format!(
            "this server may ignore or misread the {}: generation={}",
            property.name().replace('_', " "),
            generation.name()
        );
        return refused(item, why);
    }
    let mut steps = vec![PlanStep::Add];
    let fail_mode = declaration.fail_mode.map(FailMode::from);
    if fail_mode.is_some_and(|mode| mode != FailMode::Slow) {
        steps.push(PlanStep::SetFailMode);
    }
    let paused = declaration.status == Some(DeclaredStatus::Paused);
    if paused {
        steps.push(PlanStep::Pause);
    }
    let why = (paused && declaration.checkpoint).then(|| {
        "a duplication can only be paused after its checkpoint was shipped, so another apply has to pause it"
            .to_owned()
    });
    Item { steps, why, ..item }
}

/// Returns what there is to say of a declared duplication that exists. `spec` describes what is declared.
pub(super) fn existing(
    item: Item,
    spec: &DuplicationSpec,
    server: Server,
    one: &Duplication,
) -> Item {
    let mut item = Item { existing: Some(Existing::from(one)), ..item };
    if server.generation.is_none() {
        return not_comparable(item, UNKNOWN.to_owned());
    }
    let declarable = one.status.and_then(|status| Some((status, DeclaredStatus::of(status)?)));
    let Some((status, now)) = declarable else {
        let why = match one.status {
            Some(Status::Init) => {
                "the server has not stored it yet; make another plan later".to_owned()
            }
            Some(status) => format!("its status is neither running nor paused: status={status}"),
            None => "the server does not report its status".to_owned(),
        };
        let unreported = one.status.is_none().then_some(Property::Status);
        return Item { unverified: unreported.into_iter().collect(), ..not_comparable(item, why) };
    };
    let compared = compare_one(spec, server, one);
    item.unverified = compared.unverified;
    for Difference { field, asked, existing } in compared.differences {
        item.differences.push(ItemDifference { property: field, wanted: asked, existing });
    }
    if !item.differences.is_empty() {
        item.steps.push(PlanStep::Recreate);
    }
    let declared = item.wanted.as_ref();
    let (wanted_mode, wanted_status) =
        (declared.and_then(|wanted| wanted.fail_mode), declared.and_then(|wanted| wanted.status));
    if let Some(wanted) = wanted_mode.map(FailMode::from) {
        match one.fail_mode {
            Some(mode) if mode == wanted => {}
            Some(mode) => {
                item.differences.push(ItemDifference {
                    property: Property::FailMode,
                    wanted: wanted.to_string().into(),
                    existing: mode.to_string().into(),
                });
                item.steps.push(PlanStep::SetFailMode);
            }
            None => item.unverified.push(Property::FailMode),
        }
    }
    if let Some(wanted) = wanted_status.filter(|&wanted| wanted != now) {
        item.differences.push(ItemDifference {
            property: Property::Status,
            wanted: wanted.name().into(),
            existing: status.to_string().into(),
        });
        item.steps.push(match wanted {
            DeclaredStatus::Running => PlanStep::Start,
            DeclaredStatus::Paused => PlanStep::Pause,
        });
        if matches!(status, Status::Prepare | Status::App) {
            item.why = Some(format!("it can only be paused after it has left {status}"));
        }
    }
    item.verdict = match (item.differences.is_empty(), item.unverified.is_empty()) {
        (false, _) => Verdict::Differs,
        (true, false) => Verdict::NotComparable,
        (true, true) => Verdict::AsWanted,
    };
    if item.verdict == Verdict::NotComparable {
        let why: Vec<String> = item
            .unverified
            .iter()
            .map(|property| format!("{property}: {}", property.why_unverified()))
            .collect();
        item.why = Some(why.join("; "));
    }
    item
}

/// Returns what there is to say of a duplication that is not declared.
fn unmanaged(
    table: &str,
    table_id: i32,
    one: &Duplication,
    fleet: &Fleet,
    generation: Option<Generation>,
) -> Item {
    let in_scope =
        fleet.scopes.iter().any(|scope| scope.cluster == one.cluster && scope.table.matches(table));
    Item {
        verdict: Verdict::Unmanaged,
        table: table.to_owned(),
        table_id: Some(table_id),
        cluster: one.cluster.clone(),
        wanted: None,
        existing: Some(Existing::from(one)),
        differences: Vec::new(),
        unverified: Vec::new(),
        steps: if in_scope && generation.is_some() { vec![PlanStep::Remove] } else { Vec::new() },
        why: None,
        in_scope,
    }
}
