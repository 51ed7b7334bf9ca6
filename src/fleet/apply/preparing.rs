//! Limits how many duplications are in DS_PREPARE at the same time.
//!
//! A replica server cuts only about ten checkpoints at a time. A duplication waits in DS_PREPARE until its
//! checkpoint was cut, so a further one would only wait behind it.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};

use crate::client::{Client, TablePattern};
use crate::enums::{ErrorKind, Status};
use crate::error::Result;
use crate::fleet::State;
use crate::protocol::generation::Generation;
use crate::resource::Duplication;

/// The time between two looks.
const POLL: Duration = Duration::from_secs(2);
/// How many tables are read at the same time, if the server does not have the list RPC.
const IN_FLIGHT: usize = 16;

/// A pause or a look at the cluster. A look returns the number of duplications in DS_PREPARE, and a pause
/// returns `None`.
pub(super) type Look<'a> = Pin<Box<dyn Future<Output = Result<Option<usize>>> + Send + 'a>>;

/// Counts the duplications that are in DS_PREPARE or may be.
#[derive(Debug)]
pub(super) struct Preparing {
    limit: usize,
    /// How many the last look has shown.
    listed: usize,
    /// How many adds the last look may have missed: those that were in flight when it began, and those that
    /// were started since.
    missed: usize,
    /// How many adds are in flight.
    in_flight: usize,
    /// How many adds were in flight when the look began that has not ended.
    when_it_began: usize,
    /// Whether one request lists the duplications of all tables.
    one_request: bool,
    /// The tables to look at if there is no such request: those of this apply, and those whose duplications
    /// were in DS_PREPARE at the beginning.
    tables: BTreeSet<String>,
}

impl Preparing {
    /// Counts from what was read a moment ago.
    pub(super) fn new(limit: usize, state: &State) -> Preparing {
        let all = state.tables.values().flat_map(|table| &table.duplications);
        let preparing: Vec<&Duplication> = all.filter(|one| is_preparing(one)).collect();
        Preparing {
            limit,
            listed: preparing.len(),
            missed: 0,
            in_flight: 0,
            when_it_began: 0,
            one_request: state.generation == Some(Generation::DupExist),
            tables: preparing.into_iter().map(|one| one.table.clone()).collect(),
        }
    }

    /// Returns how many duplications may be in DS_PREPARE.
    pub(super) fn count(&self) -> usize {
        self.listed + self.missed
    }

    /// Returns whether a further duplication may be added.
    pub(super) fn has_room(&self) -> bool {
        self.count() < self.limit
    }

    /// Counts an add that is started.
    pub(super) fn started(&mut self, table: &str) {
        self.missed += 1;
        self.in_flight += 1;
        self.tables.insert(table.to_owned());
    }

    /// Counts an add that has ended. Only a look shows whether its duplication is in DS_PREPARE.
    pub(super) fn ended(&mut self) {
        self.in_flight -= 1;
    }

    /// Begins the pause before the next look.
    pub(super) fn pause<'a>() -> Look<'a> {
        Box::pin(async {
            tokio::time::sleep(POLL).await;
            Ok(None)
        })
    }

    /// Begins the next look. No add may be started until it has ended.
    pub(super) fn look<'a>(&mut self, client: &'a Client) -> Look<'a> {
        self.when_it_began = self.in_flight;
        let tables = (!self.one_request).then(|| self.tables.clone());
        Box::pin(async move {
            let preparing = match tables {
                None => {
                    let all = client.list(&TablePattern::All).await?;
                    all.iter().filter(|one| is_preparing(one)).count()
                }
                Some(tables) => {
                    let counts = tables.into_iter().map(|table| count(client, table));
                    let counts = stream::iter(counts).buffered(IN_FLIGHT);
                    counts.try_fold(0, |sum, count| async move { Ok(sum + count) }).await?
                }
            };
            Ok(Some(preparing))
        })
    }

    /// Takes in what the look has shown.
    pub(super) fn looked(&mut self, listed: usize) {
        self.listed = listed;
        self.missed = self.when_it_began;
    }
}

/// Returns how many duplications of one table are in DS_PREPARE.
async fn count(client: &Client, table: String) -> Result<usize> {
    match client.query(&table).await {
        Ok(found) => Ok(found.iter().filter(|one| is_preparing(one)).count()),
        Err(error) if error.kind() == ErrorKind::TableNotFound => Ok(0),
        Err(error) => Err(error),
    }
}

fn is_preparing(one: &Duplication) -> bool {
    one.status == Some(Status::Prepare)
}
