//! One operation of a client as a value: for the faces that put it together in one place and run it in
//! another.

#[cfg(feature = "cli")]
use super::spec::check_name;
use super::{Client, DuplicationSpec, Selector, TablePattern};
use crate::error::Result;
use crate::info::Info;
use crate::outcome::{Change, Duplication, FailMode, Outcome, Removal, TableDuplications};

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

/// What a client answers.
#[derive(Debug)]
pub(crate) enum Answer {
    Outcome(Outcome<Duplication>),
    Duplications(Vec<Duplication>),
    ByTable(Vec<TableDuplications>),
    Change(Change<Duplication>),
    Removal(Removal<Duplication>),
    Info(Info),
}

impl Operation {
    /// Whether it may change something.
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

    /// Refuses what no server could make sense of: what the caller's words alone show to be wrong.
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

    pub(crate) async fn run(&self, client: &Client) -> Result<Answer> {
        Ok(match self {
            Operation::Add(spec) => Answer::Outcome(client.add(spec).await?),
            Operation::Query(table) => Answer::Duplications(client.query(table).await?),
            Operation::List(tables) => Answer::Duplications(client.list(tables).await?),
            Operation::ListByTable(tables) => Answer::ByTable(client.list_by_table(tables).await?),
            Operation::Start(table, which) => Answer::Change(client.start(table, which).await?),
            Operation::Pause(table, which) => Answer::Change(client.pause(table, which).await?),
            Operation::Remove(table, which) => Answer::Removal(client.remove(table, which).await?),
            Operation::SetFailMode(table, which, mode) => {
                Answer::Change(client.set_fail_mode(table, which, *mode).await?)
            }
            Operation::Info => Answer::Info(client.info().await?),
        })
    }
}
