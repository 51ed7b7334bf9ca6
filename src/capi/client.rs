//! The client, and its blocking calls.

use std::sync::Mutex;

use super::boundary::{Process, catch, status};
use super::callbacks::CallbackThread;
use super::facts::Facts;
use super::numbers::{self, PEGASUS_DUP_BAD_ARGUMENT, Refusal};
use super::options::{Options, timeout};
use super::outcome::Outcome;
use super::pointers::{Out, Text, given};
use super::request::{Request, selector, tables};
use super::waiting::may_wait;
use crate::client::blocking::BlockingClient;
use crate::client::operation::Operation;
use crate::client::{Client as AsyncClient, DuplicationSpec, Selector};

/// A client of one cluster's meta servers. Owned by who made it, and freed once. Any number of threads
/// may use it at once; no thread may use it while or after it is freed, except that calls in the
/// background, once started, go on without it. It can't be used in a forked child: its calls are
/// refused there with `PEGASUS_DUP_FORKED`, and freeing it there gives up its memory.
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

    /// The client for one call, which refuses in a forked child: the threads that it needs don't
    /// exist there.
    pub(crate) fn for_call(&self, timeout_ms: i32) -> Result<BlockingClient, Refusal> {
        self.process.check()?;
        Ok(match timeout(timeout_ms)? {
            Some(timeout) => self.client.with_timeout(timeout),
            None => self.client.clone(),
        })
    }
}

/// Makes a client. It connects to nothing yet.
///
/// `metas`: the meta servers as "HOST:PORT", several with commas between and perhaps one at the end,
/// IPv6 as `[::1]:34601`.
/// `options`: NULL for the defaults. `client`: where to put the client.
/// `error`: NULL, or where to put an outcome of the kind `PEGASUS_DUP_ERROR` that says what is wrong
/// with `metas`, if the status is `PEGASUS_DUP_BAD_ARGUMENT`; to be freed. NULL is put there in every
/// other case.
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
                    *error = Outcome::boxed(Facts::of_error(&why));
                }
                Err(Refusal(PEGASUS_DUP_BAD_ARGUMENT))
            }
        }
    })
}

/// Makes one blocking call and writes what became of it. Arguments are looked at first, so that a
/// refusal means that nothing was sent.
fn call(
    client: Option<&Client>,
    timeout_ms: i32,
    outcome: Out<'_, Option<Box<Outcome>>>,
    operation: impl FnOnce() -> Result<Operation, Refusal>,
) -> i32 {
    status(|| {
        let client = given(client)?;
        let outcome = given(outcome)?;
        let operation = operation()?;
        let client = client.for_call(timeout_ms)?;
        may_wait()?;
        let became = client.block_on(operation.run(client.client())).and_then(|ended| ended);
        outcome.write(Outcome::boxed(Facts::of_call(became)));
        Ok(())
    })
}

/// Makes one blocking call that changes the duplication with that `dupid`, or the one to `cluster`.
fn change(
    client: Option<&Client>,
    table: Text,
    dupid: i32,
    cluster: Text,
    timeout_ms: i32,
    outcome: Out<'_, Option<Box<Outcome>>>,
    operation: impl FnOnce(String, Selector) -> Result<Operation, Refusal>,
) -> i32 {
    call(client, timeout_ms, outcome, || {
        let which = selector(dupid, cluster.terminated_or_null()?)?;
        operation(table.terminated()?.to_owned(), which)
    })
}

/// Adds a duplication of `table` to `cluster`, and says what happened.
///
/// `remote_table`: the table's name in the remote cluster; NULL for the table's own name.
/// `remote_replica_count`: the remote table's; 0 for the table's own.
/// `checkpoint`: 1 if what the table holds already is to be shipped too, else 0.
/// `timeout_ms`: the time limit; 0 for the client's.
///
/// Returns `PEGASUS_DUP_OK` whenever it writes an outcome, one of the kind `PEGASUS_DUP_ERROR`
/// included: look at `pegasus_dup_outcome_kind` before believing that anything was created. With every
/// other status nothing was written; nor was anything sent, except after `PEGASUS_DUP_PANICKED`.
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
        Ok(Operation::Add(DuplicationSpec {
            remote_table: remote_table.terminated_or_null()?.map(str::to_owned),
            remote_replica_count: Some(remote_replica_count),
            checkpoint: numbers::boolean(checkpoint)?,
            ..DuplicationSpec::new(table.terminated()?, cluster.terminated()?)
        }))
    })
}

/// Finds the duplications of one table. The outcome's kind is `PEGASUS_DUP_LISTED` or
/// `PEGASUS_DUP_ERROR`.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_query(
    client: Option<&Client>,
    table: Text,
    timeout_ms: i32,
    outcome: Out<'_, Option<Box<Outcome>>>,
) -> i32 {
    call(client, timeout_ms, outcome, || Ok(Operation::Query(table.terminated()?.to_owned())))
}

/// Finds the duplications of many tables: `which` is one of `PEGASUS_DUP_TABLES_*`, and `text` what it
/// speaks of, NULL for `PEGASUS_DUP_TABLES_ALL`. The outcome's kind is `PEGASUS_DUP_LISTED` or
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
        Ok(Operation::List(tables(which, text.terminated_or_null()?)?))
    })
}

/// Finds the duplications of many tables, as `pegasus_dup_list` does, table by table: tables without a
/// duplication are told of too, and so is each table's number of partitions. `pegasus_dup_outcome_table_count`
/// and the functions that follow it read them.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_list_by_table(
    client: Option<&Client>,
    which: i32,
    text: Text,
    timeout_ms: i32,
    outcome: Out<'_, Option<Box<Outcome>>>,
) -> i32 {
    call(client, timeout_ms, outcome, || {
        Ok(Operation::ListByTable(tables(which, text.terminated_or_null()?)?))
    })
}

/// Finds out what the meta servers are: which of them can be reached, which leads, and of which version
/// and generation the leader is. Changes nothing. The outcome's kind is `PEGASUS_DUP_INFO`, also if no
/// server leads, or `PEGASUS_DUP_ERROR`.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_info(
    client: Option<&Client>,
    timeout_ms: i32,
    outcome: Out<'_, Option<Box<Outcome>>>,
) -> i32 {
    call(client, timeout_ms, outcome, || Ok(Operation::Info))
}

/// Lets a paused duplication run: the one with that `dupid`, or, if that is 0, the one to `cluster`;
/// the other one is NULL or 0. The outcome's kind is `PEGASUS_DUP_CHANGED`, `PEGASUS_DUP_UNCHANGED` or
/// `PEGASUS_DUP_ERROR`.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_start(
    client: Option<&Client>,
    table: Text,
    dupid: i32,
    cluster: Text,
    timeout_ms: i32,
    outcome: Out<'_, Option<Box<Outcome>>>,
) -> i32 {
    change(client, table, dupid, cluster, timeout_ms, outcome, |table, which| {
        Ok(Operation::Start(table, which))
    })
}

/// Pauses a duplication: the one with that `dupid`, or, if that is 0, the one to `cluster`; the other
/// one is NULL or 0. The outcome's kind is `PEGASUS_DUP_CHANGED`, `PEGASUS_DUP_UNCHANGED` or
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
    change(client, table, dupid, cluster, timeout_ms, outcome, |table, which| {
        Ok(Operation::Pause(table, which))
    })
}

/// Removes a duplication: the one with that `dupid`, or, if that is 0, the one to `cluster`; the other
/// one is NULL or 0. The outcome's kind is `PEGASUS_DUP_REMOVED`, `PEGASUS_DUP_NOT_FOUND` or
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
    change(client, table, dupid, cluster, timeout_ms, outcome, |table, which| {
        Ok(Operation::Remove(table, which))
    })
}

/// Sets the fail mode, one of `PEGASUS_DUP_FAIL_*`, of the duplication with that `dupid`, or, if that
/// is 0, of the one to `cluster`; the other one is NULL or 0. The outcome's kind is
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
    change(client, table, dupid, cluster, timeout_ms, outcome, |table, which| {
        Ok(Operation::SetFailMode(table, which, numbers::value(fail_mode)?))
    })
}

/// Makes the call that a request describes, and says what happened, as the function of that
/// operation's name does.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_call(
    client: Option<&Client>,
    request: Option<&Request>,
    timeout_ms: i32,
    outcome: Out<'_, Option<Box<Outcome>>>,
) -> i32 {
    call(client, timeout_ms, outcome, || given(request)?.complete())
}

/// Frees a client. Waits for nothing and sends nothing. NULL is allowed. Outcomes live on.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_client_free(client: Option<Box<Client>>) {
    catch((), || {
        let Some(client) = client else { return };
        // Ending the runtime needs the threads that only the parent has: the child leaves it be. It
        // stays reachable, so that leak checkers tell it from what was forgotten.
        static GIVEN_UP: Mutex<Vec<Client>> = Mutex::new(Vec::new());
        if client.process.check().is_err() {
            match GIVEN_UP.try_lock() {
                Ok(mut given_up) => given_up.push(*client),
                Err(_) => std::mem::forget(client),
            }
        }
    });
}
