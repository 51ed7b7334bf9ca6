//! What has been learnt about a server over one connection. It holds for that connection only: the
//! next one may reach another server, of another version.

use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::protocol::found::{Found, Refuted};
use crate::protocol::generation::Generation;

/// Tables whose ids are remembered.
const MAX_TABLES: usize = 1024;

/// What has been learnt.
#[derive(Debug)]
pub(crate) struct Learnt {
    stated: Option<Generation>,
    found: OnceLock<Found>,
    names_remote_tables: OnceLock<bool>,
    tables: Mutex<BTreeMap<String, i32>>,
}

impl Learnt {
    /// Nothing yet, of a server of which somebody has stated the generation, or has not.
    pub(crate) fn new(stated: Option<Generation>) -> Learnt {
        Learnt {
            stated,
            found: OnceLock::new(),
            names_remote_tables: OnceLock::new(),
            tables: Mutex::default(),
        }
    }

    /// What was found out; `None` before it was.
    pub(crate) fn found(&self) -> Option<&Found> {
        self.found.get()
    }

    /// Keeps what was found out. What was found first stays.
    pub(crate) fn note_found(&self, found: Found) {
        self.found.get_or_init(|| found);
    }

    /// Keeps whether the server told the remote table's name when it told of a duplication.
    pub(crate) fn note_names(&self, told: bool) {
        self.names_remote_tables.get_or_init(|| told);
    }

    /// The generation to go by: what was found out, refined by what was stated unless that is
    /// refuted. `None` before anything was found out.
    pub(crate) fn generation(&self) -> Result<Option<Generation>, Refuted> {
        let Some(found) = self.found() else { return Ok(None) };
        match self.stated {
            None => Ok(Some(found.generation())),
            Some(stated) => {
                let names = self.names_remote_tables.get().copied();
                found.generation_if_stated(stated, names).map(Some)
            }
        }
    }

    /// The id that a table had when it was last asked about here.
    pub(crate) fn table_id(&self, table: &str) -> Option<i32> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner).get(table).copied()
    }

    pub(crate) fn note_table(&self, table: &str, table_id: i32) {
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        if tables.len() >= MAX_TABLES {
            tables.clear();
        }
        tables.insert(table.to_owned(), table_id);
    }
}
