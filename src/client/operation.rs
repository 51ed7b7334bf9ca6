//! One operation of a client as a value: for the faces that put it together in one place and run it in
//! another.

#[cfg(feature = "cli")]
use super::spec::check_name;
use super::{Client, DuplicationSpec, Selector, TablePattern};
use crate::enums::ResourceKind;
use crate::error::Result;
#[cfg(feature = "cli")]
use crate::escape::name;
use crate::info::Info;
use crate::outcome::{Change, FailMode, Outcome, Removal};
use crate::resource::{Duplication, Resource, TableDuplications};

/// What a client is asked to do, complete.
#[derive(Debug, Clone)]
pub(crate) enum Operation {
    Add(DuplicationSpec),
    Query(String),
    List(TablePattern),
    ListByTable(TablePattern),
    Start(String, Selector),
    Pause(String, Selector),
    Remove(String, Selector),
    SetFailMode(String, Selector, FailMode),
    Info,
}

/// The result of an operation, for faces that handle all kinds of resources alike.
#[derive(Debug)]
pub(crate) enum Answer {
    Outcome(Outcome<Resource>),
    Duplications(Vec<Duplication>),
    ByTable(Vec<TableDuplications>),
    Change(Change<Resource>),
    Removal(Removal<Resource>),
    Info(Info),
}

impl Operation {
    /// Returns the kind of the value that the operation's outcome has.
    pub(crate) fn resource(&self) -> ResourceKind {
        match self {
            Operation::Add(_)
            | Operation::Query(_)
            | Operation::List(_)
            | Operation::Start(..)
            | Operation::Pause(..)
            | Operation::Remove(..)
            | Operation::SetFailMode(..) => ResourceKind::Duplication,
            Operation::ListByTable(_) => ResourceKind::TableDuplications,
            Operation::Info => ResourceKind::MetaServers,
        }
    }

    /// Returns whether the operation may change something.
    #[cfg(any(feature = "cli", feature = "python"))]
    pub(crate) fn changes(&self) -> bool {
        match self {
            Operation::Query(_)
            | Operation::List(_)
            | Operation::ListByTable(_)
            | Operation::Info => false,
            Operation::Add(_)
            | Operation::Start(..)
            | Operation::Pause(..)
            | Operation::Remove(..)
            | Operation::SetFailMode(..) => true,
        }
    }

    /// Returns the name of the table that the operation is about.
    #[cfg(feature = "cli")]
    pub(crate) fn table(&self) -> Option<&str> {
        match self {
            Operation::Add(spec) => Some(&spec.table),
            Operation::Query(table)
            | Operation::Start(table, _)
            | Operation::Pause(table, _)
            | Operation::Remove(table, _)
            | Operation::SetFailMode(table, _, _) => Some(table),
            Operation::List(_) | Operation::ListByTable(_) | Operation::Info => None,
        }
    }

    /// Returns the names of the table and of the duplication that the operation is about, as
    /// `table=temp dupid=7`.
    #[cfg(feature = "cli")]
    pub(crate) fn target(&self) -> String {
        let table = format!("table={}", name(self.table().unwrap_or_default()));
        match self {
            Operation::Start(_, which)
            | Operation::Pause(_, which)
            | Operation::Remove(_, which)
            | Operation::SetFailMode(_, which, _) => format!("{table} {which}"),
            Operation::Add(_)
            | Operation::Query(_)
            | Operation::List(_)
            | Operation::ListByTable(_)
            | Operation::Info => table,
        }
    }

    /// Refuses arguments that are wrong whatever the server is.
    #[cfg(feature = "cli")]
    pub(crate) fn check(&self) -> Result<()> {
        match self {
            Operation::Add(spec) => spec.check(),
            Operation::Query(table) => check_name("table", table),
            Operation::List(tables) | Operation::ListByTable(tables) => tables.check(),
            Operation::Info => Ok(()),
            Operation::Start(table, which)
            | Operation::Pause(table, which)
            | Operation::Remove(table, which)
            | Operation::SetFailMode(table, which, _) => {
                check_name("table", table)?;
                which.check()
            }
        }
    }

    /// Runs the operation.
    pub(crate) async fn run(&self, client: &Client) -> Result<Answer> {
        let change = |change: Change<Duplication>| Answer::Change(change.map(Resource::from));
        Ok(match self {
            Operation::Add(spec) => Answer::Outcome(client.add(spec).await?.map(Resource::from)),
            Operation::Query(table) => Answer::Duplications(sorted(client.query(table).await?)),
            Operation::List(tables) => Answer::Duplications(sorted(client.list(tables).await?)),
            Operation::ListByTable(tables) => Answer::ByTable(client.list_by_table(tables).await?),
            Operation::Start(table, which) => change(client.start(table, which).await?),
            Operation::Pause(table, which) => change(client.pause(table, which).await?),
            Operation::Remove(table, which) => {
                Answer::Removal(client.remove(table, which).await?.map(Resource::from))
            }
            Operation::SetFailMode(table, which, mode) => {
                change(client.set_fail_mode(table, which, *mode).await?)
            }
            Operation::Info => Answer::Info(client.info().await?),
        })
    }
}

/// Sorts duplications by table, then by dupid. Servers return them in any order, and the same state has
/// to give the same text.
fn sorted(mut duplications: Vec<Duplication>) -> Vec<Duplication> {
    duplications.sort_by(|a, b| {
        (&a.table, a.table_id, a.dupid, &a.cluster)
            .cmp(&(&b.table, b.table_id, b.dupid, &b.cluster))
    });
    duplications
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_in_one_order() {
        let one = |table: &str, dupid| Duplication {
            table: table.into(),
            table_id: 1,
            cluster: "target".into(),
            dupid,
            status: None,
            fail_mode: None,
            remote_table: None,
            remote_replica_count: None,
            create_ts_ms: None,
            partitions: vec![],
        };
        let there = vec![one("a", 1), one("a", 2), one("b", 1)];
        assert_eq!(sorted(vec![one("b", 1), one("a", 2), one("a", 1)]), there);
        assert_eq!(sorted(there.clone()), there);
    }
}
