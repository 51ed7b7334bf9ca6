//! Looks at the cluster for the changes whose effect an audit file does not record.

use std::collections::BTreeMap;
use std::fmt;

use futures_util::{StreamExt, stream};

use super::log::{AuditChange, AuditLog, AuditRun};
use crate::client::{Client, TablePattern};
use crate::error::{Error, Result};
use crate::escape::name;
use crate::resource::{Duplication, TableDuplications};

/// How many tables are read at the same time.
const IN_FLIGHT: usize = 16;

/// A change whose effect is not recorded, and what there is now.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Settled {
    /// The number of the apply within the file.
    pub run: u64,
    /// The change.
    pub change: AuditChange,
    /// What there is now.
    pub now: Now,
}

/// What a look at the cluster shows of a change. It does not show who caused it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Now {
    /// For an add: the table has these duplications to the remote cluster. For another change: the
    /// duplication, as it is now.
    Exists(Vec<Duplication>),
    /// No duplication to the remote cluster is listed, or the duplication is not listed any more.
    Absent,
    /// There is no such table.
    NoTable,
    /// The name leads to another table, which has this id.
    OtherTable(i32),
    /// The client is one of another cluster than the apply.
    OtherCluster,
    /// The cluster could not be read.
    NotRead(Error),
}

impl AuditLog {
    /// Looks at the cluster for each change whose effect is not recorded. Changes nothing. Says what there is
    /// now, and not whether the change caused it.
    ///
    /// A request that was sent a moment ago may still take effect later.
    pub async fn settle(&self, client: &Client) -> Vec<Settled> {
        let unsettled: Vec<(&AuditRun, &AuditChange)> = self.unsettled().collect();
        if unsettled.is_empty() {
            return Vec::new();
        }
        let meta = client.meta_servers();
        let cluster_name = match client.info().await {
            Ok(info) => info.cluster_name,
            Err(error) => {
                let settled = unsettled.into_iter();
                return settled
                    .map(|(run, change)| Settled {
                        run: run.run,
                        change: change.clone(),
                        now: Now::NotRead(error.clone()),
                    })
                    .collect();
            }
        };
        let here = |run: &AuditRun| match &cluster_name {
            Some(name) => run.is_about(&meta, Some(name)),
            // The cluster cannot be reached, which the reads will show.
            None => true,
        };
        let mut tables: Vec<&str> = unsettled
            .iter()
            .filter(|(run, _)| here(run))
            .map(|(_, change)| change.table.as_str())
            .collect();
        tables.sort_unstable();
        tables.dedup();
        let reads = tables.into_iter().map(|table| async move {
            (table, client.list_by_table(&TablePattern::Exact(table.to_owned())).await)
        });
        let read: BTreeMap<&str, Result<Vec<TableDuplications>>> =
            stream::iter(reads).buffered(IN_FLIGHT).collect().await;
        unsettled
            .into_iter()
            .map(|(run, change)| Settled {
                run: run.run,
                change: change.clone(),
                now: match read.get(change.table.as_str()).filter(|_| here(run)) {
                    None => Now::OtherCluster,
                    Some(Err(error)) => Now::NotRead(error.clone()),
                    Some(Ok(tables)) => now(change, tables.first()),
                },
            })
            .collect()
    }
}

/// Returns what the list shows of a change.
fn now(change: &AuditChange, table: Option<&TableDuplications>) -> Now {
    let Some(table) = table else { return Now::NoTable };
    if change.table_id.is_some_and(|id| id != table.table_id) {
        return Now::OtherTable(table.table_id);
    }
    let identity = change.identity();
    let concerned = table.duplications.iter().filter(|one| match &identity {
        Some(identity) => one.identity() == *identity,
        None => one.cluster == change.cluster,
    });
    match concerned.cloned().collect::<Vec<_>>() {
        none if none.is_empty() => Now::Absent,
        found => Now::Exists(found),
    }
}

/// Writes the change and what there is now, on one line.
impl fmt::Display for Settled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let AuditChange { step, table, cluster, dupid, change, .. } = &self.change;
        let subject = match dupid {
            Some(dupid) => format!("the duplication with dupid {dupid}"),
            None => "a duplication to the remote cluster".to_owned(),
        };
        match &self.now {
            Now::Exists(found) => {
                write!(f, "{subject} is listed now")?;
                for one in found {
                    write!(f, ": dupid={}", one.dupid)?;
                    if let Some(status) = one.status {
                        write!(f, " status={status}")?;
                    }
                    if let Some(mode) = one.fail_mode {
                        write!(f, " fail_mode={mode}")?;
                    }
                }
            }
            Now::Absent if dupid.is_some() => write!(f, "{subject} is not listed any more")?,
            Now::Absent => f.write_str("no duplication to the remote cluster is listed now")?,
            Now::NoTable => f.write_str("there is no such table now")?,
            Now::OtherTable(id) => {
                write!(f, "the name leads to another table now, with the id {id}")?;
            }
            Now::OtherCluster => {
                f.write_str("not known: the change was made in another cluster")?
            }
            Now::NotRead(error) => {
                write!(f, "not known: the cluster could not be read ({})", error.brief())?;
            }
        }
        write!(f, ": run={} change={change} step={step} table={}", self.run, name(table))?;
        if let Some(id) = self.change.table_id {
            write!(f, " table_id={id}")?;
        }
        write!(f, " cluster={}", name(cluster))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::enums::PlanStep;

    fn change(dupid: Option<i32>) -> AuditChange {
        AuditChange {
            change: 1,
            step: if dupid.is_some() { PlanStep::Pause } else { PlanStep::Add },
            table: "temp".to_owned(),
            table_id: Some(3),
            cluster: "target".to_owned(),
            dupid,
            create_ts_ms: dupid.map(|_| 5),
            wanted: None,
            outcome: None,
        }
    }

    fn table(dups: &[(&str, i32, i64)]) -> TableDuplications {
        let one = |&(cluster, dupid, create_ts_ms): &(&str, i32, i64)| Duplication {
            table: "temp".to_owned(),
            table_id: 3,
            cluster: cluster.to_owned(),
            dupid,
            status: None,
            fail_mode: None,
            remote_table: None,
            remote_replica_count: None,
            create_ts_ms: Some(create_ts_ms),
            partitions: Vec::new(),
        };
        TableDuplications {
            table: "temp".to_owned(),
            table_id: 3,
            partition_count: None,
            duplications: dups.iter().map(one).collect(),
        }
    }

    #[test]
    fn a_look_claims_no_more_than_it_shows() {
        let shown = |dupid, table: Option<&TableDuplications>| {
            let change = change(dupid);
            let now = now(&change, table);
            Settled { run: 2, change, now }.to_string()
        };
        let target = table(&[("other", 9, 5), ("target", 7, 5)]);
        assert_eq!(
            shown(None, Some(&target)),
            "a duplication to the remote cluster is listed now: dupid=7: run=2 change=1 step=add table=temp table_id=3 cluster=target"
        );
        assert!(
            shown(Some(7), Some(&target)).starts_with("the duplication with dupid 7 is listed")
        );
        // The dupid was used again for another duplication.
        let again = table(&[("target", 7, 6)]);
        assert!(shown(Some(7), Some(&again)).contains("is not listed any more"));
        assert!(shown(None, Some(&table(&[("other", 9, 5)]))).starts_with("no duplication"));
        assert!(shown(None, None).starts_with("there is no such table"));
        let other = TableDuplications { table_id: 4, ..target };
        assert!(shown(None, Some(&other)).starts_with("the name leads to another table"));
    }
}
