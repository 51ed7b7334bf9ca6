//! What a cluster has, as far as a plan needs it.

use std::collections::{BTreeMap, BTreeSet};

use super::compare;
use super::plan::Plan;
use super::spec::Fleet;
use crate::client::{Client, TablePattern, TableSelection};
use crate::enums::{RemoteClusterState, Verdict};
use crate::error::{Error, ErrorKind, Result};
use crate::escape::name;
use crate::info::Info;
use crate::protocol::generation::Generation;
use crate::resource::Duplication;

/// How often the cluster is read at most if the leader changes while it is read.
const READS: usize = 3;

/// What a cluster has.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct State {
    /// The name that the cluster reports for itself. `None` if it reports none.
    pub cluster_name: Option<String>,
    /// The generation of the leader. `None` if it could not be found out.
    pub generation: Option<Generation>,
    /// The available tables, by name.
    pub tables: BTreeMap<String, TableState>,
    /// What the meta servers know of the remote clusters that were asked for, by name.
    pub remotes: BTreeMap<String, RemoteState>,
}

/// An available table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TableState {
    /// The id of the table.
    pub table_id: i32,
    /// The number of partitions. `None` if the server does not report it.
    pub partition_count: Option<i32>,
    /// The replica count of the table itself. `None` if it was not read.
    pub replica_count: Option<i32>,
    /// All duplications of the table, in the order of their dupids. [`State::read`] leaves out the progress of
    /// the partitions.
    pub duplications: Vec<Duplication>,
}

/// What the meta servers know of a remote cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RemoteState {
    /// The meta servers know the cluster.
    Configured,
    /// The configuration of the meta servers lacks the cluster. The text has the server's hint.
    NotConfigured(String),
    /// The name is that of the source cluster itself.
    OwnCluster,
    /// The server refuses the cluster without a reason, or an add could terminate the server. The text says
    /// which.
    Unsupported(String),
    /// Nothing is known, and an add will tell. The text says why nothing is known.
    NotKnown(String),
}

impl State {
    /// Reads the state of a cluster, as far as a plan for the fleet needs it. Changes nothing. Reads the
    /// duplications of all tables by one request, if the server has the list RPC.
    ///
    /// The state is that of the moment of the list. The name and the generation of the cluster are read before
    /// the list and after it, and everything is read again if the leader has changed between. A server without
    /// the list RPC is asked table by table, and what is known of a table is then true of the moment of its own
    /// request.
    ///
    /// For each remote cluster to which a duplication has to be created, [`Client::check_remote_cluster`] finds
    /// out whether the meta servers know it. This sends an add for a table that does not exist, which creates
    /// nothing. Each request has the timeout of the client.
    ///
    /// # Errors
    ///
    /// Fails like [`Client::list_by_table`] and [`Client::list_tables`], and with `Unavailable` if no server
    /// leads for long enough. Fails with `InvalidArgument` if the cluster is not the one that the fleet expects,
    /// or if the fleet cannot be compared with the tables of the cluster.
    pub async fn read(client: &Client, fleet: &Fleet) -> Result<State> {
        let expected = fleet.expect_cluster.as_deref();
        let own_count = fleet.duplications.iter().any(|one| one.remote_replica_count.is_some());
        let mut state = read_steady(client, expected, own_count).await?;
        // These requests are not repeated, because a wrong configuration of a server can make the server
        // end because of them.
        state.remotes = check_remotes(client, fleet, &state).await?;
        Ok(state)
    }

    /// Reads the state of a cluster again, to compare it with a plan. Asks for no remote clusters. Changes
    /// nothing.
    pub(super) async fn read_again(client: &Client, plan: &Plan) -> Result<State> {
        let wanted = plan.items.iter().filter_map(|item| item.wanted.as_ref());
        let own_count = wanted.map(|one| one.remote_replica_count).any(|count| count.is_some());
        read_steady(client, None, own_count).await
    }
}

/// Reads the tables, their duplications and what is known about the leader. `expected` is the name that the
/// cluster must have. `own_count` says whether the comparison may need the replica counts of the tables
/// themselves.
async fn read_steady(client: &Client, expected: Option<&str>, own_count: bool) -> Result<State> {
    let mut before = client.info().await?;
    for _ in 0..READS {
        // An unexpected cluster is not asked for its tables. A server that crashes does not report its name.
        if before.leader.is_some() && !is_expected(expected, before.cluster_name.as_deref())? {
            before = client.info().await?;
            continue;
        }
        let state = read_tables(client, &before, own_count).await?;
        let after = client.info().await?;
        if is_same(&before, &after) {
            return Ok(state);
        }
        before = after;
    }
    Err(why_not_read(expected, &before))
}

/// Returns whether the cluster is the expected one, or an error if it is another one. Returns `false` if the
/// cluster does not report its name.
fn is_expected(expected: Option<&str>, cluster: Option<&str>) -> Result<bool> {
    match (expected, cluster) {
        (Some(expected), Some(cluster)) if expected != cluster => Err(Error::new(
            ErrorKind::InvalidArgument,
            format!(
                "this is another cluster than the expected one: expect_cluster={} cluster={}",
                name(expected),
                name(cluster)
            ),
        )
        .with_hint("check the addresses of the meta servers, and then expect_cluster")),
        (Some(_), None) => Ok(false),
        _ => Ok(true),
    }
}

/// Returns the error after the last read. `last` describes the meta servers after it.
fn why_not_read(expected: Option<&str>, last: &Info) -> Error {
    let is_nameless = last.leader.is_some() && last.cluster_name.is_none();
    if let Some(expected) = expected.filter(|_| is_nameless) {
        let what = format!(
            "the cluster does not report its name, so it may be another one than expected: expect_cluster={}",
            name(expected)
        );
        return Error::new(ErrorKind::InvalidArgument, what)
            .with_hint("check the addresses of the meta servers; without expect_cluster, every cluster is accepted");
    }
    let why = last.warning.as_ref().map_or_else(String::new, |warning| format!(": {warning}"));
    let what = format!("the meta servers changed during each of {READS} reads{why}");
    Error::new(ErrorKind::Unavailable, what)
        .with_hint("wait until one meta server leads, and try again")
}

/// Returns whether the same server led before and after, and its generation is known.
fn is_same(before: &Info, after: &Info) -> bool {
    before.leader.is_some()
        && before.leader == after.leader
        && before.cluster_name == after.cluster_name
        && before.generation.is_some()
        && before.generation == after.generation
}

/// Reads the tables and their duplications.
async fn read_tables(client: &Client, info: &Info, own_count: bool) -> Result<State> {
    let mut tables = BTreeMap::new();
    for listed in client.list_by_table(&TablePattern::All).await? {
        let mut table = TableState {
            table_id: listed.table_id,
            partition_count: listed.partition_count,
            replica_count: None,
            duplications: listed.duplications,
        };
        for one in &mut table.duplications {
            one.partitions = Vec::new();
        }
        tables.insert(listed.table, table);
    }
    // On these servers a remote table gets the count of the table itself.
    if own_count && info.generation.is_some_and(Generation::keeps_table_name) {
        for one in client.list_tables(&TableSelection::default()).await? {
            let same = |table: &&mut TableState| table.table_id == one.table_id;
            if let Some(table) = tables.get_mut(&one.table).filter(same) {
                table.replica_count = Some(one.replica_count).filter(|&count| count > 0);
            }
        }
    }
    let (cluster_name, generation) = (info.cluster_name.clone(), info.generation);
    Ok(State { cluster_name, generation, tables, remotes: BTreeMap::new() })
}

/// Finds out whether the meta servers know the remote clusters to which duplications have to be created.
async fn check_remotes(
    client: &Client,
    fleet: &Fleet,
    state: &State,
) -> Result<BTreeMap<String, RemoteState>> {
    let items = compare(fleet, state)?;
    let absent = items.iter().filter(|item| item.verdict == Verdict::Create);
    let clusters: BTreeSet<&str> = absent.map(|item| item.cluster.as_str()).collect();
    let mut remotes = BTreeMap::new();
    let mut failed = false;
    for cluster in clusters {
        // A request that ended the leader must not be sent to the next leader.
        let remote = match failed {
            true => RemoteState::NotKnown("the check of another remote cluster failed".to_owned()),
            false => check_remote(client, cluster).await,
        };
        failed |= matches!(remote, RemoteState::NotKnown(_));
        remotes.insert(cluster.to_owned(), remote);
    }
    Ok(remotes)
}

async fn check_remote(client: &Client, cluster: &str) -> RemoteState {
    let found = match client.check_remote_cluster(cluster).await {
        Ok(found) => found,
        Err(error) if error.kind() == ErrorKind::Unsupported => {
            return RemoteState::Unsupported(error.brief());
        }
        Err(error) => return RemoteState::NotKnown(error.brief()),
    };
    match found.state {
        RemoteClusterState::Configured => RemoteState::Configured,
        RemoteClusterState::NotConfigured => {
            RemoteState::NotConfigured(found.hint.unwrap_or_default())
        }
        RemoteClusterState::OwnCluster => RemoteState::OwnCluster,
    }
}
