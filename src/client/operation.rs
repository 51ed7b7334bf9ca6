//! Operations as values, for faces that handle all operations alike.

use std::time::Duration;

use crate::info::Info;
use crate::outcome::{Change, FailMode, Outcome, Removal};
use crate::remote_cluster::RemoteCluster;
use crate::resource::{Duplication, Resource, Table, TableDuplications};

use super::spec::{
    BackupPolicySpec, DuplicationSpec, RecallSpec, Selector, TablePattern, TableSelection,
    TableSpec,
};

/// An argument that an [`Operation`](super::Operation) owns.
pub(super) trait Lend {
    /// The type that the method of a client takes.
    type Lent<'a>
    where
        Self: 'a;

    /// Returns the argument as the method takes it.
    fn lend(&self) -> Self::Lent<'_>;
}

impl Lend for String {
    type Lent<'a> = &'a str;

    fn lend(&self) -> &str {
        self
    }
}

macro_rules! lend_a_copy {
    ($($type:ty),+) => {
        $(impl Lend for $type {
            type Lent<'a> = $type;

            fn lend(&self) -> $type {
                *self
            }
        })+
    };
}
lend_a_copy!(FailMode, Option<Duration>);

macro_rules! lend_by_reference {
    ($($type:ty),+) => {
        $(impl Lend for $type {
            type Lent<'a> = &'a $type;

            fn lend(&self) -> &$type {
                self
            }
        })+
    };
}
lend_by_reference!(
    BackupPolicySpec,
    DuplicationSpec,
    RecallSpec,
    Selector,
    TablePattern,
    TableSelection,
    TableSpec
);

/// The result of an operation, for faces that handle all kinds of resources alike.
#[derive(Debug)]
pub(crate) enum OperationResult {
    Outcome(Outcome<Resource>),
    Duplications(Vec<Duplication>),
    ByTable(Vec<TableDuplications>),
    Table(Table),
    Tables(Vec<Table>),
    Change(Change<Resource>),
    Removal(Removal<Resource>),
    Info(Info),
    RemoteCluster(RemoteCluster),
}

impl<T: Into<Resource>> From<Outcome<T>> for OperationResult {
    fn from(outcome: Outcome<T>) -> OperationResult {
        OperationResult::Outcome(outcome.map(T::into))
    }
}

impl<T: Into<Resource>> From<Change<T>> for OperationResult {
    fn from(change: Change<T>) -> OperationResult {
        OperationResult::Change(change.map(T::into))
    }
}

impl<T: Into<Resource>> From<Removal<T>> for OperationResult {
    fn from(removal: Removal<T>) -> OperationResult {
        OperationResult::Removal(removal.map(T::into))
    }
}

impl From<Vec<Duplication>> for OperationResult {
    fn from(duplications: Vec<Duplication>) -> OperationResult {
        OperationResult::Duplications(duplications)
    }
}

impl From<Vec<TableDuplications>> for OperationResult {
    fn from(tables: Vec<TableDuplications>) -> OperationResult {
        OperationResult::ByTable(tables)
    }
}

impl From<Vec<Table>> for OperationResult {
    fn from(tables: Vec<Table>) -> OperationResult {
        OperationResult::Tables(tables)
    }
}

impl From<Table> for OperationResult {
    fn from(table: Table) -> OperationResult {
        OperationResult::Table(table)
    }
}

impl From<Info> for OperationResult {
    fn from(info: Info) -> OperationResult {
        OperationResult::Info(info)
    }
}

impl From<RemoteCluster> for OperationResult {
    fn from(remote: RemoteCluster) -> OperationResult {
        OperationResult::RemoteCluster(remote)
    }
}
