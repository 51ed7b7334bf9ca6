//! Finds out whether what a plan has seen has changed since.

use super::plan::{Existing, Item, Plan};
use super::spec::DeclaredStatus;
use super::state::State;
use crate::enums::{Status, Verdict};
use crate::error::{Error, ErrorKind, Result};
use crate::escape::name;
use crate::resource::Duplication;

impl Plan {
    /// Compares what the plan has seen with what the cluster has now. Returns for each item, in the order of the
    /// items, why the item is stale, or `None` if nothing has changed that the plan has seen. Does no I/O.
    ///
    /// A duplication that was running and is running now has not changed, even if it went from DS_PREPARE to
    /// DS_APP or to DS_LOG: a duplication with a checkpoint does so by itself.
    ///
    /// # Errors
    ///
    /// Fails with `InvalidArgument` if the cluster has another name than the cluster of the plan.
    pub fn staleness(&self, now: &State) -> Result<Vec<Option<String>>> {
        let planned = &self.source;
        if planned.name != now.cluster_name {
            let shown = |name: &Option<String>| {
                name.as_deref()
                    .map_or_else(|| "-".to_owned(), |text| crate::escape::name(text).into_owned())
            };
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                format!(
                    "the plan was made for another cluster, and nothing was sent: planned={} cluster={}",
                    shown(&planned.name),
                    shown(&now.cluster_name)
                ),
            )
            .with_hint("give the meta servers of the cluster that the plan was made for"));
        }
        if planned.generation != now.generation {
            let shown = |generation: Option<_>| {
                generation.map_or("unknown", crate::protocol::generation::Generation::name)
            };
            let why = format!(
                "the cluster has another generation now: planned={} generation={}",
                shown(planned.generation),
                shown(now.generation)
            );
            return Ok(vec![Some(why); self.items.len()]);
        }
        Ok(self.items.iter().map(|item| item.stale(now)).collect())
    }
}

impl Item {
    /// Returns why this item of a plan is stale, or `None` if nothing has changed that the plan has seen.
    fn stale(&self, now: &State) -> Option<String> {
        let table = now.tables.get(&self.table);
        match (self.table_id, table.map(|table| table.table_id)) {
            (None, None) => return None,
            (None, Some(id)) => return Some(format!("the table exists now: table_id={id}")),
            (Some(planned), None) => {
                return Some(format!("the table was dropped or renamed: table_id={planned}"));
            }
            (Some(planned), Some(id)) if planned != id => {
                return Some(format!(
                    "the name of the table leads to another table now: planned={planned} table_id={id}"
                ));
            }
            (Some(_), Some(_)) => {}
        }
        let listed = table.into_iter().flat_map(|table| &table.duplications);
        let pair: Vec<&Duplication> = listed.filter(|one| one.cluster == self.cluster).collect();
        let Some(planned) = &self.existing else {
            let one = pair.first()?;
            return Some(format!("a duplication exists now: dupid={}", one.dupid));
        };
        let same = |one: &&&Duplication| {
            one.dupid == planned.dupid && one.create_ts_ms == planned.create_ts_ms
        };
        let Some(one) = pair.iter().find(same) else {
            let others: String =
                pair.iter().map(|one| format!(" other_dupid={}", one.dupid)).collect();
            return Some(format!(
                "the duplication does not exist any more: dupid={}{others}",
                planned.dupid
            ));
        };
        if let Some(why) = change(planned, &Existing::from(*one)) {
            return Some(why);
        }
        // A plan says of several duplications of one pair that they cannot be compared.
        let staying = pair.iter().filter(|one| !one.is_being_removed()).count();
        let alone = !matches!(self.verdict, Verdict::NotComparable | Verdict::Unmanaged);
        (alone && staying > 1).then(|| {
            let dupids: String = pair.iter().map(|one| format!(" dupid={}", one.dupid)).collect();
            format!("there are several duplications of the table to this cluster now:{dupids}")
        })
    }
}

/// Returns what has changed of a duplication, if anything has.
fn change(planned: &Existing, now: &Existing) -> Option<String> {
    let changed = |what: &str, planned: Option<String>, now: Option<String>| {
        let shown = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
        (planned != now).then(|| {
            format!("the {what} has changed: planned={} now={}", shown(planned), shown(now))
        })
    };
    let text = |value: &Option<String>| value.as_deref().map(|value| name(value).into_owned());
    let number = |value: Option<i32>| value.map(|value| value.to_string());
    let status = match (planned.status, now.status) {
        (Some(planned), Some(now)) if is_progress(planned, now) => None,
        (planned, now) => {
            changed("status", planned.map(|it| it.to_string()), now.map(|it| it.to_string()))
        }
    };
    status
        .or_else(|| {
            let mode = |existing: &Existing| existing.fail_mode.map(|mode| mode.to_string());
            changed("fail mode", mode(planned), mode(now))
        })
        .or_else(|| changed("remote table", text(&planned.remote_table), text(&now.remote_table)))
        .or_else(|| {
            let (planned, now) = (planned.remote_replica_count, now.remote_replica_count);
            changed("remote replica count", number(planned), number(now))
        })
}

/// Returns whether a duplication comes from one status to the other by itself, or stays in it.
fn is_progress(planned: Status, now: Status) -> bool {
    let running = Some(DeclaredStatus::Running);
    planned == now || DeclaredStatus::of(planned) == running && DeclaredStatus::of(now) == running
}
