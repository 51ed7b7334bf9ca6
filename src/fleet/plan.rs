//! The plan: what a cluster has, compared with what a fleet declares.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::plan_file::input_hash;
use super::spec::{DeclaredFailMode, DeclaredStatus, Fleet};
use super::state::State;
use super::warnings::warnings;
use crate::client::{Client, DuplicationSpec};
use crate::enums::{FailMode, PlanStep, Property, Status, Verdict};
use crate::error::Result;
use crate::escape::name;
use crate::protocol::generation::Generation;
use crate::resource::{Duplication, FieldValue, Identity};

/// What a cluster has, compared with what a fleet declares. Nothing was changed to make it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The source cluster.
    pub source: SourceCluster,
    /// The SHA-256 hash of the fleet that the plan was made from, in hexadecimal digits. It is the hash of the
    /// fleet as JSON without white space, so files that declare the same in the same way have the same hash in
    /// every format.
    pub input_hash: String,
    /// What the plan says of each duplication, sorted by table, remote cluster and dupid.
    pub items: Vec<Item>,
    /// What the operator should know before the plan is applied.
    pub warnings: Vec<String>,
    /// Whether the fleet declares scopes. Without a scope, nothing is ever removed.
    pub has_scopes: bool,
}

/// The cluster that a plan is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceCluster {
    /// The meta servers, as `HOST:PORT[,...]`.
    pub meta: String,
    /// The name that the cluster reports for itself. `None` if it reports none.
    pub name: Option<String>,
    /// The generation of the leader. `None` if it could not be found out.
    pub generation: Option<Generation>,
}

/// What a plan says of one duplication.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// The verdict.
    pub verdict: Verdict,
    /// The table whose writes are shipped.
    pub table: String,
    /// The id of the table. `None` if there is no such table.
    pub table_id: Option<i32>,
    /// The name of the remote cluster.
    pub cluster: String,
    /// What the fleet declares. `None` for an unmanaged duplication.
    pub wanted: Option<Wanted>,
    /// What exists. `None` if nothing does.
    pub existing: Option<Existing>,
    /// The properties in which the duplication differs from the declaration.
    pub differences: Vec<ItemDifference>,
    /// The declared properties that cannot be compared.
    pub unverified: Vec<Property>,
    /// What it takes to bring the duplication into the declared state, in order.
    pub steps: Vec<PlanStep>,
    /// Why the duplication cannot be created or compared, and other information for the user.
    pub why: Option<String>,
    /// Whether the duplication is in a scope of the fleet. Only an unmanaged duplication in a scope is ever
    /// removed.
    pub in_scope: bool,
}

/// What a fleet declares for one duplication.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// The name of the remote table.
    pub remote_table: String,
    /// The replica count of the remote table. `None` for the count of the table itself.
    pub remote_replica_count: Option<i32>,
    /// Whether the data that the table already holds is shipped too.
    pub checkpoint: bool,
    /// The fail mode. `None` if it is not declared.
    pub fail_mode: Option<DeclaredFailMode>,
    /// Whether the duplication is running. `None` if it is not declared.
    pub status: Option<DeclaredStatus>,
}

/// What was seen of an existing duplication. The fields are those of [`Duplication`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "the fields are those of `Duplication`")]
pub struct Existing {
    pub dupid: i32,
    pub create_ts_ms: Option<i64>,
    pub status: Option<Status>,
    pub fail_mode: Option<FailMode>,
    pub remote_table: Option<String>,
    pub remote_replica_count: Option<i32>,
}

/// A property in which an existing duplication differs from its declaration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ItemDifference {
    /// The property.
    pub property: Property,
    /// The declared value.
    pub wanted: FieldValue,
    /// The value of the existing duplication.
    pub existing: FieldValue,
}

impl Plan {
    /// Compares a fleet with the cluster. Changes nothing.
    ///
    /// # Errors
    ///
    /// Fails like [`State::read`] and [`compare()`](super::compare()).
    pub async fn make(client: &Client, fleet: &Fleet) -> Result<Plan> {
        let state = State::read(client, fleet).await?;
        Plan::of(client.meta_servers(), fleet, &state)
    }

    /// Compares a fleet with the state of a cluster. `meta` names the meta servers of the cluster.
    ///
    /// # Errors
    ///
    /// Fails like [`compare()`](super::compare()).
    pub fn of(meta: String, fleet: &Fleet, state: &State) -> Result<Plan> {
        let items = super::compare(fleet, state)?;
        let warnings = warnings(fleet, state, &items);
        Ok(Plan {
            source: SourceCluster {
                meta,
                name: state.cluster_name.clone(),
                generation: state.generation,
            },
            input_hash: input_hash(fleet),
            items,
            warnings,
            has_scopes: !fleet.scopes.is_empty(),
        })
    }

    /// Returns the number of duplications with this verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.items.iter().filter(|item| item.verdict == verdict).count()
    }

    /// Returns whether there is something to do: a duplication has to be created, or differs from its
    /// declaration.
    pub fn has_changes(&self) -> bool {
        self.items.iter().any(|item| matches!(item.verdict, Verdict::Create | Verdict::Differs))
    }
}

impl Item {
    /// Returns the description of the duplication to add, bound to the table that the plan has seen. `None`
    /// if nothing is declared.
    pub fn spec(&self) -> Option<DuplicationSpec> {
        let wanted = self.wanted.as_ref()?;
        Some(DuplicationSpec {
            remote_table: Some(wanted.remote_table.clone()).filter(|name| *name != self.table),
            remote_replica_count: wanted.remote_replica_count,
            checkpoint: wanted.checkpoint,
            table_id: self.table_id,
            ..DuplicationSpec::new(&*self.table, &*self.cluster)
        })
    }

    /// Returns the identity of the existing duplication.
    pub fn identity(&self) -> Option<Identity> {
        let existing = self.existing.as_ref()?;
        Some(Identity {
            table_id: self.table_id?,
            cluster: self.cluster.clone(),
            dupid: existing.dupid,
            create_ts_ms: existing.create_ts_ms,
        })
    }
}

impl From<&Duplication> for Existing {
    fn from(one: &Duplication) -> Existing {
        Existing {
            dupid: one.dupid,
            create_ts_ms: one.create_ts_ms,
            status: one.status,
            fail_mode: one.fail_mode,
            remote_table: one.remote_table.clone(),
            remote_replica_count: one.remote_replica_count,
        }
    }
}

/// Writes the difference as `fail_mode: FAIL_SLOW -> FAIL_SKIP`, with the existing value first.
impl fmt::Display for ItemDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} -> {}", self.property, self.existing.shown(), self.wanted.shown())
    }
}

/// Writes the duplication as `table=temp cluster=target dupid=7`.
impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "table={} cluster={}", name(&self.table), name(&self.cluster))?;
        match &self.existing {
            Some(existing) => write!(f, " dupid={}", existing.dupid),
            None => Ok(()),
        }
    }
}
