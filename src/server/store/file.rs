//! A store in one redb file. One thread writes: it takes all changes that wait and stores them in
//! one commit, so that the changes of a hundred clients need one fsync instead of a hundred.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread::JoinHandle;

use redb::{
    Builder, Database, DatabaseError, Durability, ReadableDatabase, ReadableTable, StorageBackend,
    StorageError, TableDefinition, TableError,
};

use super::api::{Done, Store, StoreFailure};
use super::record::{DuplicationRecord, PolicyRecord, RecordChange, Snapshot, TableRecord};
use crate::server::error::{ServerError, StoreError};

/// The table about the file itself, with the keys `format` and `cluster`.
const ABOUT: TableDefinition<'_, &str, &str> = TableDefinition::new("pegasus_dup_about");
/// From the table id to a [`TableRecord`] as JSON.
const TABLES: TableDefinition<'_, i32, &str> = TableDefinition::new("pegasus_dup_tables");
/// From the table id and the dupid to a [`DuplicationRecord`] as JSON.
const DUPLICATIONS: TableDefinition<'_, (i32, i32), &str> =
    TableDefinition::new("pegasus_dup_duplications");
/// From the name of a backup policy to a [`PolicyRecord`] as JSON. Files of older versions do not have
/// this table.
const POLICIES: TableDefinition<'_, &str, &str> = TableDefinition::new("pegasus_dup_policies");

/// The format that this version writes, which is also the newest format that it reads.
const FORMAT: u32 = 1;
/// The greatest number of changes in one commit. It bounds how long the first change waits.
const BATCH: usize = 4_096;
/// The reason that is given for changes that come after the store was closed.
const CLOSED: &str = "the store is closed";
/// The size of redb's page cache. The whole store is small.
const CACHE_BYTES: usize = 8 * 1024 * 1024;

/// A store in a file.
#[derive(Debug)]
pub struct FileStore {
    path: PathBuf,
    open: Mutex<Option<Open>>,
}

/// What the store holds until it is closed. The lock of the file ends with the last reference to
/// the database.
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
    /// Opens the file, or creates it if it does not exist or is empty. A file belongs to one
    /// cluster, and to one server at a time.
    pub fn open(path: &Path, cluster_name: &str) -> Result<FileStore, ServerError> {
        let database = open_database(path, |builder| builder.create(path))?;
        FileStore::from_database(database, path, cluster_name)
    }

    /// Opens a store over anything that behaves like a file, for example a test's disk that fails
    /// on request. `path` is the name of the store in errors.
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
        // `done` may run any code, so it is never called under the lock.
        if let Some(job) = rejected {
            (job.done)(Err(StoreFailure::NotStored(CLOSED.to_owned())));
        }
    }

    fn close(&self) {
        let open = self.open_parts().take();
        if let Some(Open { database, queue, thread }) = open {
            drop(queue);
            // The last reference to the store may be dropped by a `done` that the writer thread
            // itself calls, and the thread cannot wait for itself. If the thread has panicked,
            // there is nothing to wait for.
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

/// Runs `work`. A panic means that redb met a file that no redb has written, and becomes an error.
fn guarded<T>(path: &Path, work: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        Err(StoreError::Corrupt {
            path: path.to_owned(),
            reason: "the file failed a check while it was read".to_owned(),
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
                reason: format!("the file has the redb format {version}"),
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
                reason: "the file cannot be repaired".to_owned(),
            },
            other => StoreError::Io { reason: format!("{other} path={path:?}") },
        })
    })
}

/// Marks a new file as a store, or checks that an old file is a store.
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
            write.open_table(POLICIES)?;
        }
        write.commit()?;
        Ok(())
    };
    let io = |error: redb::Error| StoreError::Io { reason: format!("{error} path={path:?}") };
    guarded(path, || match look().map_err(io)? {
        None if others().map_err(io)? => Err(foreign("the redb file belongs to another program")),
        None => mark().map_err(io),
        Some([format, cluster]) => {
            let format = format.ok_or_else(|| foreign("the file does not name its format"))?;
            match format.parse::<u32>() {
                Ok(FORMAT) => {}
                Ok(newer) if newer > FORMAT => {
                    return Err(StoreError::NewerFormat { path: path.to_owned(), format: newer });
                }
                _ => return Err(foreign("the number of the format is unknown")),
            }
            match cluster {
                Some(cluster) if cluster == cluster_name => Ok(()),
                Some(stored) => {
                    Err(StoreError::OtherCluster { stored, given: cluster_name.to_owned() })
                }
                None => Err(foreign("the file does not name its cluster")),
            }
        }
    })
}

fn to_json<T: serde::Serialize>(record: &T) -> String {
    serde_json::to_string(record).expect("records consist of strings and numbers")
}

fn read_all(database: &Database, path: &Path) -> Result<Snapshot, StoreError> {
    let corrupt = |reason: String| StoreError::Corrupt { path: path.to_owned(), reason };
    let rows = || -> Result<_, redb::Error> {
        let read = database.begin_read()?;
        let (mut tables, mut duplications, mut policies) = (Vec::new(), Vec::new(), Vec::new());
        for row in read.open_table(TABLES)?.iter()? {
            let (id, json) = row?;
            tables.push((id.value(), json.value().to_owned()));
        }
        for row in read.open_table(DUPLICATIONS)?.iter()? {
            let (key, json) = row?;
            duplications.push((key.value(), json.value().to_owned()));
        }
        match read.open_table(POLICIES) {
            Ok(stored) => {
                for row in stored.iter()? {
                    let (name, json) = row?;
                    policies.push((name.value().to_owned(), json.value().to_owned()));
                }
            }
            Err(TableError::TableDoesNotExist(_)) => {}
            Err(error) => return Err(error.into()),
        }
        Ok((tables, duplications, policies))
    };
    let (tables, duplications, policies) = rows().map_err(|error| corrupt(error.to_string()))?;
    let mut snapshot = Snapshot::default();
    for (id, json) in tables {
        let table: TableRecord = serde_json::from_str(&json)
            .map_err(|error| corrupt(format!("table id={id}: {error}")))?;
        if table.id != id {
            return Err(corrupt(format!("a table has two ids: key={id} record={}", table.id)));
        }
        snapshot.tables.push(table);
    }
    for ((table_id, dupid), json) in duplications {
        let record: DuplicationRecord = serde_json::from_str(&json)
            .map_err(|error| corrupt(format!("duplication dupid={dupid}: {error}")))?;
        if record.dupid != dupid || !snapshot.tables.iter().any(|table| table.id == table_id) {
            return Err(corrupt(format!(
                "a duplication has another dupid than its key, or no table: dupid={dupid}"
            )));
        }
        snapshot.duplications.push((table_id, record));
    }
    for (name, json) in policies {
        let policy: PolicyRecord = serde_json::from_str(&json)
            .map_err(|error| corrupt(format!("backup policy name={name:?}: {error}")))?;
        if policy.name != name {
            return Err(corrupt(format!(
                "a backup policy has two names: key={name:?} record={:?}",
                policy.name
            )));
        }
        snapshot.policies.push(policy);
    }
    Ok(snapshot)
}

/// Runs the writer thread until the sending side of the queue is dropped.
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
            let mut policies = write.open_table(POLICIES)?;
            for change in changes {
                match change {
                    RecordChange::Put { table_id, record } => {
                        let key = (*table_id, record.dupid);
                        duplications.insert(key, to_json(record).as_str())?;
                        let table = tables.get(table_id)?.map(|json| json.value().to_owned());
                        raise_highest(&mut tables, table, record.dupid)?;
                    }
                    RecordChange::PutTable { record } => {
                        let table = tables.get(record.id)?.map(|json| json.value().to_owned());
                        tables.insert(record.id, to_json(record).as_str())?;
                        let old =
                            table.and_then(|json| serde_json::from_str::<TableRecord>(&json).ok());
                        if let Some(old) = old {
                            let new = Some(to_json(record));
                            raise_highest(&mut tables, new, old.highest_dupid)?;
                        }
                    }
                    RecordChange::Keep { .. } => {}
                    RecordChange::Remove { table_id, dupid } => {
                        duplications.remove((*table_id, *dupid))?;
                    }
                    RecordChange::AddPolicy { record } => {
                        if policies.get(record.name.as_str())?.is_none() {
                            policies.insert(record.name.as_str(), to_json(record).as_str())?;
                        }
                    }
                    RecordChange::PutPolicy { record } => {
                        policies.insert(record.name.as_str(), to_json(record).as_str())?;
                    }
                }
            }
        }
        Ok(write)
    })()
    .map_err(|error| StoreFailure::NotStored(error.to_string()))?;
    // A commit that fails may have reached the disk.
    write.commit().map_err(|error| StoreFailure::Uncertain(error.to_string()))
}

/// Raises the highest dupid that the duplications of a table have had, for behaviours that never
/// use a dupid again.
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
