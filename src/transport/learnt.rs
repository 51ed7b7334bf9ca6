//! What the client has learnt about a server over one connection. This holds for that connection only,
//! because the next connection may reach another server of another version.

use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::protocol::found::{Found, Refuted};
use crate::protocol::generation::Generation;

/// How many table ids are remembered for each connection.
const MAX_TABLES: usize = 1024;

/// What the client has learnt about a server.
#[derive(Debug)]
pub(crate) struct Learnt {
    stated: Option<Generation>,
    found: OnceLock<Found>,
    names_remote_tables: OnceLock<bool>,
    tables: Mutex<BTreeMap<String, i32>>,
}

impl Learnt {
    /// Returns an empty record. `stated` is the generation that the user states for the servers.
    pub(crate) fn new(stated: Option<Generation>) -> Learnt {
        Learnt {
            stated,
            found: OnceLock::new(),
            names_remote_tables: OnceLock::new(),
            tables: Mutex::default(),
        }
    }

    /// Returns how the server was recognized, or `None` if the client has not tried yet.
    pub(crate) fn found(&self) -> Option<&Found> {
        self.found.get()
    }

    /// Records how the server was recognized. A later record does not replace an earlier one.
    pub(crate) fn note_found(&self, found: Found) {
        self.found.get_or_init(|| found);
    }

    /// Records whether the server reports the name of the remote table with a duplication. A later
    /// record does not replace an earlier one.
    pub(crate) fn note_names(&self, told: bool) {
        self.names_remote_tables.get_or_init(|| told);
    }

    /// Returns the generation by which the client treats the server: the stated generation if nothing
    /// refutes it, otherwise the one that was found out. Returns `None` before the server was recognized.
    ///
    /// # Errors
    ///
    /// The server refutes the stated generation.
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

    /// Returns the id that a table had when this connection was last used to read it.
    pub(crate) fn table_id(&self, table: &str) -> Option<i32> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner).get(table).copied()
    }

    /// Records the id of a table.
    pub(crate) fn note_table(&self, table: &str, table_id: i32) {
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        if tables.len() >= MAX_TABLES {
            tables.clear();
        }
        tables.insert(table.to_owned(), table_id);
    }
}
