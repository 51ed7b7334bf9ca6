//! What the operator should know before a plan is applied.

use super::plan::{Item, Wanted};
use super::spec::Fleet;
use super::state::{RemoteState, State};
use crate::enums::Verdict;
use crate::escape::name;
use crate::protocol::generation::Generation;

/// The number of checkpoints that a replica server makes at the same time, unless it is configured otherwise.
const CHECKPOINTS_AT_A_TIME: usize = 10;

/// Returns the warnings about a plan.
pub(super) fn warnings(fleet: &Fleet, state: &State, items: &[Item]) -> Vec<String> {
    let created: Vec<(&Item, &Wanted)> = items
        .iter()
        .filter(|item| item.verdict == Verdict::Create)
        .filter_map(|item| Some((item, item.wanted.as_ref()?)))
        .collect();
    let (checkpoints, bare): (Vec<_>, Vec<_>) =
        created.iter().copied().partition(|(_, wanted)| wanted.checkpoint);
    let mut warnings = Vec::new();
    warnings.extend(another_name(fleet, state));
    for (cluster, remote) in &state.remotes {
        if let RemoteState::NotKnown(why) = remote {
            warnings.push(format!(
                "it is not known whether the meta servers know the remote cluster ({why}): cluster={}",
                name(cluster)
            ));
        }
    }
    if !created.is_empty()
        && let Some(generation) = state.generation.filter(|&it| it != Generation::DupExist)
    {
        warnings.push(format!(
            "no Created will be certain, because a server of this generation does not say whether an add created the duplication: generation={}",
            generation.name()
        ));
    }
    if !bare.is_empty() {
        warnings.push(format!(
            "without a checkpoint, rows are not shipped that a table holds already, or that are written before the replica servers learn of the duplication (about 10 s after the add): duplications={}",
            bare.len()
        ));
    }
    if checkpoints.len() > CHECKPOINTS_AT_A_TIME {
        let partitions = |(item, _): &(&Item, &Wanted)| {
            let table = state.tables.get(&item.table)?;
            table.partition_count.map(i64::from)
        };
        let partitions = match checkpoints.iter().map(partitions).sum::<Option<i64>>() {
            Some(sum) => format!(" partitions={sum}"),
            None => String::new(),
        };
        warnings.push(format!(
            "checkpoints queue: a replica server makes about {CHECKPOINTS_AT_A_TIME} at a time, one for each partition, so most of the duplications may stay in DS_PREPARE for hours; max_preparing limits how many of them wait there: duplications={}{partitions}",
            checkpoints.len()
        ));
    }
    warnings
}

/// Returns the warning that the source cluster calls itself differently than the file does.
fn another_name(fleet: &Fleet, state: &State) -> Option<String> {
    let called = fleet.cluster.as_ref().filter(|_| fleet.meta.is_none())?;
    let own = state.cluster_name.as_ref().filter(|own| *own != called)?;
    fleet.expect_cluster.is_none().then(|| {
        format!(
            "the source cluster has another name for itself than the file has for it: cluster={} own_name={}",
            name(called),
            name(own)
        )
    })
}
