//! A store in one redb file. One thread writes: it takes every change that waits and makes them
//! safe by one commit, so that a hundred clients cost one fsync, not a hundred.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread::JoinHandle;

use redb::{
    Builder, Database, DatabaseError, Durability, ReadableDatabase, ReadableTable, StorageBackend,
    StorageError, TableDefinition, TableError,
};

use super::api::{Done, Store, StoreFailure};
use super::record::{DuplicationRecord, RecordChange, Snapshot, TableRecord};
use crate::server::error::{ServerError, StoreError};

/// What is about the file itself: `format`, `cluster`.
const ABOUT: TableDefinition<'_, &str, &str> = TableDefinition::new("pegasus_dup_about");
/// Table id -> [`TableRecord`] as JSON.
const TABLES: TableDefinition<'_, i32, &str> = TableDefinition::new("pegasus_dup_tables");
/// (table id, dupid) -> [`DuplicationRecord`] as JSON.
const DUPLICATIONS: TableDefinition<'_, (i32, i32), &str> =
    TableDefinition::new("pegasus_dup_duplications");

/// The format that this version writes, and the newest that it reads.
const FORMAT: u32 = 1;
/// Changes that one commit takes at most: bounds how long the first of them waits.
const BATCH: usize = 4_096;
/// What is said to those who come after the store was closed.
const CLOSED: &str = "the store is closed";
/// redb's page cache. The whole store is small.
const CACHE_BYTES: usize = 8 * 1024 * 1024;

/// A store in a file.
#[derive(Debug)]
pub struct FileStore {
    path: PathBuf,
    open: Mutex<Option<Open>>,
}

/// What is held until the store is closed. The file's lock goes with the last of the database.
#[derive(Debug)]
struct Open {
    database: Arc<Database>,
    queue: mpsc::Sender<Job>,
    thread: JoinHandle<()>,
}

struct Job {
    change: RecordChange,
    done: Done,
}

impl FileStore {
    /// Opens the file, or makes it if it isn't there or has no bytes. It belongs to one cluster,
    /// and to one server at a time.
    pub fn open(path: &Path, cluster_name: &str) -> Result<FileStore, ServerError> {
        let database = open_database(path, |builder| builder.create(path))?;
        FileStore::from_database(database, path, cluster_name)
    }

    /// The same over anything that behaves like a file: a test's disk, which fails when it is told
    /// to. `path` is its name in errors.
    #[doc(hidden)]
    pub fn over(
        disk: impl StorageBackend,
        path: &Path,
        cluster_name: &str,
    ) -> Result<FileStore, ServerError> {
        let database = open_database(path, |builder| builder.create_with_backend(disk))?;
        FileStore::from_database(database, path, cluster_name)
    }

    fn from_database(
        database: Database,
        path: &Path,
        cluster_name: &str,
    ) -> Result<FileStore, ServerError> {
        prepare(&database, path, cluster_name)?;
        let database = Arc::new(database);
        let (queue, jobs) = mpsc::channel();
        let thread = {
            let database = Arc::clone(&database);
            std::thread::Builder::new()
                .name("pegasus-dup-store".to_owned())
                .spawn(move || write_all(&database, &jobs))
                .map_err(ServerError::Thread)?
        };
        let open = Mutex::new(Some(Open { database, queue, thread }));
        Ok(FileStore { path: path.to_owned(), open })
    }

    fn open_parts(&self) -> MutexGuard<'_, Option<Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn database(&self) -> Result<Arc<Database>, StoreError> {
        let closed = || StoreError::Io { reason: CLOSED.to_owned() };
        self.open_parts().as_ref().map(|open| Arc::clone(&open.database)).ok_or_else(closed)
    }
}

impl Store for FileStore {
    fn load(&self) -> Result<Snapshot, StoreError> {
        let database = self.database()?;
        guarded(&self.path, || read_all(&database, &self.path))
    }

    fn put_tables(&self, tables: Vec<TableRecord>) -> Result<(), StoreError> {
        let database = self.database()?;
        let put = || -> Result<(), redb::Error> {
            let mut write = database.begin_write()?;
            write.set_durability(Durability::Immediate)?;
            {
                let mut stored = write.open_table(TABLES)?;
                for table in &tables {
                    stored.insert(table.id, to_json(table).as_str())?;
                }
            }
            write.commit()?;
            Ok(())
        };
        put().map_err(|error| StoreError::Io { reason: error.to_string() })
    }

    fn submit(&self, change: RecordChange, done: Done) {
        let job = Job { change, done };
        let rejected = match &*self.open_parts() {
            Some(open) => open.queue.send(job).err().map(|error| error.0),
            None => Some(job),
        };
        // `done` runs whatever the caller likes, so never under the lock.
        if let Some(job) = rejected {
            (job.done)(Err(StoreFailure::NotStored(CLOSED.to_owned())));
        }
    }

    fn close(&self) {
        let open = self.open_parts().take();
        if let Some(Open { database, queue, thread }) = open {
            drop(queue);
            // The last one to let go may be a `done` that the writer itself calls; it can't wait
            // for itself. And a writer that panicked has nothing left to wait for.
            if thread.thread().id() != std::thread::current().id() {
                let _ = thread.join();
            }
            drop(database);
        }
    }
}

impl Drop for FileStore {
    fn drop(&mut self) {
        self.close();
    }
}

/// Runs `work`, and takes a panic of it for what it is: redb meeting a file that no redb wrote.
fn guarded<T>(path: &Path, work: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        Err(StoreError::Corrupt {
            path: path.to_owned(),
            reason: "reading it failed an inner check".to_owned(),
        })
    })
}

fn open_database(
    path: &Path,
    create: impl FnOnce(&Builder) -> Result<Database, DatabaseError>,
) -> Result<Database, StoreError> {
    let path_owned = || path.to_owned();
    guarded(path, || {
        let mut builder = Builder::new();
        builder.set_cache_size(CACHE_BYTES).set_check_integrity_on_open(true);
        create(&builder).map_err(|error| match error {
            DatabaseError::DatabaseAlreadyOpen | DatabaseError::LockProtocolMismatch => {
                StoreError::InUse { path: path_owned() }
            }
            DatabaseError::UpgradeRequired(version) => StoreError::Foreign {
                path: path_owned(),
                reason: format!("redb file format {version}"),
            },
            DatabaseError::Storage(StorageError::Io(error))
                if error.kind() == std::io::ErrorKind::InvalidData =>
            {
                StoreError::Foreign { path: path_owned(), reason: error.to_string() }
            }
            DatabaseError::Storage(StorageError::Corrupted(reason)) => {
                StoreError::Corrupt { path: path_owned(), reason }
            }
            DatabaseError::RepairAborted => StoreError::Corrupt {
                path: path_owned(),
                reason: "it cannot be repaired".to_owned(),
            },
            other => StoreError::Io { reason: format!("{other} path={path:?}") },
        })
    })
}

/// Marks a new file as ours, or makes sure that an old one is.
fn prepare(database: &Database, path: &Path, cluster_name: &str) -> Result<(), StoreError> {
    let foreign =
        |reason: &str| StoreError::Foreign { path: path.to_owned(), reason: reason.to_owned() };
    let look = || -> Result<Option<[Option<String>; 2]>, redb::Error> {
        let read = database.begin_read()?;
        match read.open_table(ABOUT) {
            Ok(about) => {
                let get = |key| Ok::<_, redb::Error>(about.get(key)?.map(|v| v.value().to_owned()));
                Ok(Some([get("format")?, get("cluster")?]))
            }
            Err(TableError::TableDoesNotExist(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    };
    let others = || -> Result<bool, redb::Error> {
        let read = database.begin_read()?;
        Ok(read.list_tables()?.next().is_some() || read.list_multimap_tables()?.next().is_some())
    };
    let mark = || -> Result<(), redb::Error> {
        let mut write = database.begin_write()?;
        write.set_durability(Durability::Immediate)?;
        {
            let mut about = write.open_table(ABOUT)?;
            about.insert("format", FORMAT.to_string().as_str())?;
            about.insert("cluster", cluster_name)?;
            write.open_table(TABLES)?;
            write.open_table(DUPLICATIONS)?;
        }
        write.commit()?;
        Ok(())
    };
    let io = |error: redb::Error| StoreError::Io { reason: format!("{error} path={path:?}") };
    guarded(path, || match look().map_err(io)? {
        None if others().map_err(io)? => Err(foreign("a redb file of another program")),
        None => mark().map_err(io),
        Some([format, cluster]) => {
            let format = format.ok_or_else(|| foreign("it does not tell its format"))?;
            match format.parse::<u32>() {
                Ok(FORMAT) => {}
                Ok(newer) if newer > FORMAT => {
                    return Err(StoreError::NewerFormat { path: path.to_owned(), format: newer });
                }
                _ => return Err(foreign("its format has no number that was ever given")),
            }
            match cluster {
                Some(cluster) if cluster == cluster_name => Ok(()),
                Some(stored) => {
                    Err(StoreError::OtherCluster { stored, given: cluster_name.to_owned() })
                }
                None => Err(foreign("it does not tell its cluster")),
            }
        }
    })
}

fn to_json<T: serde::Serialize>(record: &T) -> String {
    serde_json::to_string(record).expect("records are made of strings and numbers")
}

fn read_all(database: &Database, path: &Path) -> Result<Snapshot, StoreError> {
    let corrupt = |reason: String| StoreError::Corrupt { path: path.to_owned(), reason };
    let rows = || -> Result<_, redb::Error> {
        let read = database.begin_read()?;
        let (mut tables, mut duplications) = (Vec::new(), Vec::new());
        for row in read.open_table(TABLES)?.iter()? {
            let (id, json) = row?;
            tables.push((id.value(), json.value().to_owned()));
        }
        for row in read.open_table(DUPLICATIONS)?.iter()? {
            let (key, json) = row?;
            duplications.push((key.value(), json.value().to_owned()));
        }
        Ok((tables, duplications))
    };
    let (tables, duplications) = rows().map_err(|error| corrupt(error.to_string()))?;
    let mut snapshot = Snapshot::default();
    for (id, json) in tables {
        let table: TableRecord = serde_json::from_str(&json)
            .map_err(|error| corrupt(format!("table id={id}: {error}")))?;
        if table.id != id {
            return Err(corrupt(format!("a table has two ids: {id} {}", table.id)));
        }
        snapshot.tables.push(table);
    }
    for ((table_id, dupid), json) in duplications {
        let record: DuplicationRecord = serde_json::from_str(&json)
            .map_err(|error| corrupt(format!("duplication dupid={dupid}: {error}")))?;
        if record.dupid != dupid || !snapshot.tables.iter().any(|table| table.id == table_id) {
            return Err(corrupt(format!("a duplication has no place: dupid={dupid}")));
        }
        snapshot.duplications.push((table_id, record));
    }
    Ok(snapshot)
}

/// The writer's thread: until the queue's other end is gone.
fn write_all(database: &Database, jobs: &mpsc::Receiver<Job>) {
    while let Ok(first) = jobs.recv() {
        let mut batch = vec![first];
        while batch.len() < BATCH {
            match jobs.try_recv() {
                Ok(job) => batch.push(job),
                Err(_) => break,
            }
        }
        let result = if batch.iter().all(|job| matches!(job.change, RecordChange::Keep { .. })) {
            Ok(())
        } else {
            commit(database, batch.iter().map(|job| &job.change))
        };
        for job in batch {
            (job.done)(result.clone());
        }
    }
}

fn commit<'a>(
    database: &Database,
    changes: impl Iterator<Item = &'a RecordChange>,
) -> Result<(), StoreFailure> {
    let write = (|| -> Result<_, redb::Error> {
        let mut write = database.begin_write()?;
        write.set_durability(Durability::Immediate)?;
        {
            let mut tables = write.open_table(TABLES)?;
            let mut duplications = write.open_table(DUPLICATIONS)?;
            for change in changes {
                match change {
                    RecordChange::Put { table_id, record } => {
                        let key = (*table_id, record.dupid);
                        duplications.insert(key, to_json(record).as_str())?;
                        let table = tables.get(table_id)?.map(|json| json.value().to_owned());
                        raise_highest(&mut tables, table, record.dupid)?;
                    }
                    RecordChange::Keep { .. } => {}
                    RecordChange::Remove { table_id, dupid } => {
                        duplications.remove((*table_id, *dupid))?;
                    }
                }
            }
        }
        Ok(write)
    })()
    .map_err(|error| StoreFailure::NotStored(error.to_string()))?;
    // A commit that fails may have reached the disk all the same.
    write.commit().map_err(|error| StoreFailure::Uncertain(error.to_string()))
}

/// Remembers the highest dupid that a table's duplications have had, for those who never reuse one.
fn raise_highest(
    tables: &mut redb::Table<'_, i32, &'static str>,
    json: Option<String>,
    dupid: i32,
) -> Result<(), redb::Error> {
    let table = json.and_then(|json| serde_json::from_str::<TableRecord>(&json).ok());
    if let Some(mut table) = table
        && table.highest_dupid < dupid
    {
        table.highest_dupid = dupid;
        tables.insert(table.id, to_json(&table).as_str())?;
    }
    Ok(())
}
