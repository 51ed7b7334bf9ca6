//! The client and its blocking calls.

use std::sync::Mutex;

use super::boundary::{Process, catch, status};
use super::callbacks::CallbackThread;
use super::facts::Facts;
use super::numbers::{self, PEGASUS_DUP_BAD_ARGUMENT, Refusal};
use super::options::{Options, timeout};
use super::outcome::Outcome;
use super::pointers::{Out, Text, given};
use super::request::{Request, complete, tables};
use super::waiting::may_wait;
use crate::client::blocking::BlockingClient;
use crate::client::draft::Draft;
use crate::client::{Client as AsyncClient, Operation};
use crate::enums::OperationKind;
use crate::history::{self, Recorder};

/// A client of the meta servers of one cluster. The caller owns the handle and frees it once. Any
/// number of threads may use a client at the same time, but no thread may use it while or after it
/// is freed. Calls in the background that were started before continue without the handle.
///
/// A client cannot be used in a forked child process: its calls are refused there with
/// `PEGASUS_DUP_FORKED`. Freeing a client there does not release its memory.
#[derive(Debug)]
pub struct Client {
    client: BlockingClient,
    pub(crate) callbacks: CallbackThread,
    process: Process,
}

impl Client {
    fn new(client: AsyncClient) -> Client {
        Client {
            client: BlockingClient::new(client),
            callbacks: CallbackThread::default(),
            process: Process::current(),
        }
    }

    /// Returns the client for one call. Refuses in a forked child process, because the threads that
    /// the client needs do not exist there.
    pub(crate) fn for_call(&self, timeout_ms: i32) -> Result<BlockingClient, Refusal> {
        self.process.check()?;
        Ok(match timeout(timeout_ms)? {
            Some(timeout) => self.client.with_timeout(timeout),
            None => self.client.clone(),
        })
    }
}

/// Creates a client. The client does not connect to a server yet.
///
/// `metas`: the meta servers as "HOST:PORT", separated by commas; an IPv6 address is written as
/// `[::1]:34601`.
/// `options`: the options, or NULL for the default options.
/// `client`: receives the client.
/// `error`: NULL, or receives an outcome of the kind `PEGASUS_DUP_ERROR` that says what is wrong
/// with `metas`, if the status is `PEGASUS_DUP_BAD_ARGUMENT`. The caller frees that outcome. With
/// every other status it receives NULL.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_client_new(
    metas: Text,
    options: Option<&Options>,
    client: Out<'_, Option<Box<Client>>>,
    error: Out<'_, Option<Box<Outcome>>>,
) -> i32 {
    status(|| {
        let error = error.map(|error| error.write(None));
        let client = given(client)?;
        let builder = AsyncClient::builder().meta(metas.terminated()?);
        let builder = match options {
            Some(options) => options.configure(builder),
            None => builder,
        };
        match builder.build() {
            Ok(built) => {
                client.write(Some(Box::new(Client::new(built))));
                Ok(())
            }
            Err(why) => {
                if let Some(error) = error {
                    *error = Outcome::boxed(Facts::of_error(None, &why));
                }
                Err(Refusal(PEGASUS_DUP_BAD_ARGUMENT))
            }
        }
    })
}

/// Makes one blocking call and writes its outcome. The arguments are checked first, so a refusal
/// means that nothing was sent.
fn call(
    client: Option<&Client>,
    timeout_ms: i32,
    outcome: Out<'_, Option<Box<Outcome>>>,
    operation: impl FnOnce() -> Result<Operation, Refusal>,
) -> i32 {
    recorded_call(client, timeout_ms, outcome, || Ok((operation()?, None)))
}

/// Works like [`call`], and records the history of the call if there is a recorder.
fn recorded_call(
    client: Option<&Client>,
    timeout_ms: i32,
    outcome: Out<'_, Option<Box<Outcome>>>,
    operation: impl FnOnce() -> Result<(Operation, Option<Recorder>), Refusal>,
) -> i32 {
    status(|| {
        let client = given(client)?;
        let outcome = given(outcome)?;
        let (operation, recorder) = operation()?;
        let client = client.for_call(timeout_ms)?;
        may_wait()?;
        let running = history::recorded(recorder.as_ref(), operation.run(client.client()));
        let became = client.block_on(running).and_then(|ended| ended);
        let facts = Facts::of_call(operation.resource(), became).with_history(recorder.as_ref());
        outcome.write(Outcome::boxed(facts));
        Ok(())
    })
}

/// Makes one blocking call that changes the duplication with this `dupid`, or the duplication to
/// `cluster`.
fn change(
    client: Option<&Client>,
    table: Text,
    dupid: i32,
    cluster: Text,
    timeout_ms: i32,
    outcome: Out<'_, Option<Box<Outcome>>>,
    kind: OperationKind,
) -> i32 {
    call(client, timeout_ms, outcome, || complete(&selecting(kind, table, dupid, cluster)?))
}

/// Returns the draft of an operation that selects a duplication.
fn selecting(
    kind: OperationKind,
    table: Text,
    dupid: i32,
    cluster: Text,
) -> Result<Draft, Refusal> {
    Ok(Draft {
        table: Some(table.terminated()?.to_owned()),
        dupid: (dupid != 0).then_some(dupid),
        cluster: cluster.terminated_or_null()?.map(str::to_owned),
        ..Draft::new(kind)
    })
}

/// Adds a duplication of `table` to `cluster`.
///
/// `remote_table`: the name of the table in the remote cluster, or NULL for the name that it has in
/// this cluster.
/// `remote_replica_count`: the replica count of the remote table, or 0 for the replica count of the
/// table in this cluster.
/// `checkpoint`: 1 to ship the data that the table already holds too, or 0.
/// `timeout_ms`: the timeout of the call in milliseconds, or 0 for the timeout of the client.
/// `outcome`: receives the outcome. The caller frees it with `pegasus_dup_outcome_free`.
///
/// Returns `PEGASUS_DUP_OK` whenever it writes an outcome, also if the kind of the outcome is
/// `PEGASUS_DUP_ERROR`. Check `pegasus_dup_outcome_kind` before you rely on the duplication. With
/// every other status the function wrote no outcome. It also sent nothing, except if the status is
/// `PEGASUS_DUP_PANICKED`.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_add(
    client: Option<&Client>,
    table: Text,
    cluster: Text,
    remote_table: Text,
    remote_replica_count: i32,
    checkpoint: i32,
    timeout_ms: i32,
    outcome: Out<'_, Option<Box<Outcome>>>,
) -> i32 {
    call(client, timeout_ms, outcome, || {
        complete(&Draft {
            table: Some(table.terminated()?.to_owned()),
            cluster: Some(cluster.terminated()?.to_owned()),
            remote_table: remote_table.terminated_or_null()?.map(str::to_owned),
            remote_replica_count: Some(remote_replica_count),
            checkpoint: numbers::boolean(checkpoint)?,
            ..Draft::new(OperationKind::Add)
        })
    })
}

/// Returns the duplications of one table. The kind of the outcome is `PEGASUS_DUP_LISTED` or
/// `PEGASUS_DUP_ERROR`. See `pegasus_dup_add` for `timeout_ms` and the status.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_query(
    client: Option<&Client>,
    table: Text,
    timeout_ms: i32,
    outcome: Out<'_, Option<Box<Outcome>>>,
) -> i32 {
    call(client, timeout_ms, outcome, || {
        let table = Some(table.terminated()?.to_owned());
        complete(&Draft { table, ..Draft::new(OperationKind::Query) })
    })
}

/// Returns the duplications of several tables. `which` is one of `PEGASUS_DUP_TABLES_*`, and `text`
/// is the text that the names of the tables are compared with, or NULL for
/// `PEGASUS_DUP_TABLES_ALL`. The kind of the outcome is `PEGASUS_DUP_LISTED` or
/// `PEGASUS_DUP_ERROR`.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_list(
    client: Option<&Client>,
    which: i32,
    text: Text,
    timeout_ms: i32,
    outcome: Out<'_, Option<Box<Outcome>>>,
) -> i32 {
    call(client, timeout_ms, outcome, || {
        let tables = tables(which, text.terminated_or_null()?)?;
        complete(&Draft { tables, ..Draft::new(OperationKind::List) })
    })
}

/// Returns the duplications of several tables, like `pegasus_dup_list`, but grouped by table.
/// Tables without a duplication are included, and the number of partitions of each table is
/// reported. Read the tables with `pegasus_dup_outcome_table_count` and the functions that follow
/// it.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_list_by_table(
    client: Option<&Client>,
    which: i32,
    text: Text,
    timeout_ms: i32,
    outcome: Out<'_, Option<Box<Outcome>>>,
) -> i32 {
    call(client, timeout_ms, outcome, || {
        let tables = tables(which, text.terminated_or_null()?)?;
        complete(&Draft { tables, ..Draft::new(OperationKind::ListByTable) })
    })
}

/// Describes the meta servers: which of them can be reached, which of them is the leader, and the
/// version and the generation of the leader. Changes nothing. The kind of the outcome is
/// `PEGASUS_DUP_INFO`, also if no server is the leader, or `PEGASUS_DUP_ERROR`.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_info(
    client: Option<&Client>,
    timeout_ms: i32,
    outcome: Out<'_, Option<Box<Outcome>>>,
) -> i32 {
    call(client, timeout_ms, outcome, || complete(&Draft::new(OperationKind::Info)))
}

/// Starts a paused duplication. Give either its `dupid`, and NULL as `cluster`, or its remote
/// `cluster`, and 0 as `dupid`. The kind of the outcome is `PEGASUS_DUP_CHANGED`,
/// `PEGASUS_DUP_UNCHANGED` or `PEGASUS_DUP_ERROR`.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_start(
    client: Option<&Client>,
    table: Text,
    dupid: i32,
    cluster: Text,
    timeout_ms: i32,
    outcome: Out<'_, Option<Box<Outcome>>>,
) -> i32 {
    change(client, table, dupid, cluster, timeout_ms, outcome, OperationKind::Start)
}

/// Pauses a duplication. Give either its `dupid`, and NULL as `cluster`, or its remote `cluster`,
/// and 0 as `dupid`. The kind of the outcome is `PEGASUS_DUP_CHANGED`, `PEGASUS_DUP_UNCHANGED` or
/// `PEGASUS_DUP_ERROR`.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_pause(
    client: Option<&Client>,
    table: Text,
    dupid: i32,
    cluster: Text,
    timeout_ms: i32,
    outcome: Out<'_, Option<Box<Outcome>>>,
) -> i32 {
    change(client, table, dupid, cluster, timeout_ms, outcome, OperationKind::Pause)
}

/// Removes a duplication. Give either its `dupid`, and NULL as `cluster`, or its remote `cluster`,
/// and 0 as `dupid`. The kind of the outcome is `PEGASUS_DUP_REMOVED`, `PEGASUS_DUP_NOT_FOUND` or
/// `PEGASUS_DUP_ERROR`.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_remove(
    client: Option<&Client>,
    table: Text,
    dupid: i32,
    cluster: Text,
    timeout_ms: i32,
    outcome: Out<'_, Option<Box<Outcome>>>,
) -> i32 {
    change(client, table, dupid, cluster, timeout_ms, outcome, OperationKind::Remove)
}

/// Sets the fail mode of a duplication to one of `PEGASUS_DUP_FAIL_*`. Give either its `dupid`, and
/// NULL as `cluster`, or its remote `cluster`, and 0 as `dupid`. The kind of the outcome is
/// `PEGASUS_DUP_CHANGED`, `PEGASUS_DUP_UNCHANGED` or `PEGASUS_DUP_ERROR`.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_set_fail_mode(
    client: Option<&Client>,
    table: Text,
    dupid: i32,
    cluster: Text,
    fail_mode: i32,
    timeout_ms: i32,
    outcome: Out<'_, Option<Box<Outcome>>>,
) -> i32 {
    call(client, timeout_ms, outcome, || {
        let fail_mode = Some(numbers::value(fail_mode)?);
        let draft = selecting(OperationKind::SetFailMode, table, dupid, cluster)?;
        complete(&Draft { fail_mode, ..draft })
    })
}

/// Makes the call that a request describes. The outcome is that of the function for the same
/// operation. The operations on tables, backup policies and remote clusters have no function of their own. Apart from
/// `PEGASUS_DUP_ERROR`, their outcomes have these kinds:
/// - `PEGASUS_DUP_OPERATION_CREATE_TABLE` and `PEGASUS_DUP_OPERATION_ADD_BACKUP_POLICY`:
///   `PEGASUS_DUP_CREATED` or `PEGASUS_DUP_ALREADY_EXISTS`.
/// - `PEGASUS_DUP_OPERATION_DROP_TABLE`: `PEGASUS_DUP_REMOVED` or `PEGASUS_DUP_NOT_FOUND`.
/// - `PEGASUS_DUP_OPERATION_RECALL_TABLE`: `PEGASUS_DUP_CHANGED` or `PEGASUS_DUP_UNCHANGED`.
/// - `PEGASUS_DUP_OPERATION_LIST_TABLES`: `PEGASUS_DUP_LISTED`.
/// - `PEGASUS_DUP_OPERATION_DESCRIBE_TABLE` and `PEGASUS_DUP_OPERATION_WAIT_READY`:
///   `PEGASUS_DUP_LISTED`, with one table.
/// - `PEGASUS_DUP_OPERATION_CHECK_REMOTE_CLUSTER`: `PEGASUS_DUP_LISTED`, with one remote cluster.
///
/// `pegasus_dup_outcome_value` and `pegasus_dup_outcome_value_at` return the tables, policies and
/// remote clusters.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_call(
    client: Option<&Client>,
    request: Option<&Request>,
    timeout_ms: i32,
    outcome: Out<'_, Option<Box<Outcome>>>,
) -> i32 {
    recorded_call(client, timeout_ms, outcome, || {
        let request = given(request)?;
        Ok((request.complete()?, request.recorder()))
    })
}

/// Frees a client. The function neither waits nor sends anything. NULL is allowed. Outcomes of the
/// client stay valid.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_client_free(client: Option<Box<Client>>) {
    catch((), || {
        let Some(client) = client else { return };
        // Shutting down the runtime needs threads that exist only in the parent process, so a child
        // process keeps the client. The client stays reachable, so that leak checkers do not report it.
        static GIVEN_UP: Mutex<Vec<Client>> = Mutex::new(Vec::new());
        if client.process.check().is_err() {
            match GIVEN_UP.try_lock() {
                Ok(mut given_up) => given_up.push(*client),
                Err(_) => std::mem::forget(client),
            }
        }
    });
}
