//! Calls in the background.

use std::sync::mpsc::Sender;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::Duration;

use tokio::sync::Notify;

use super::boundary::{Process, catch, status};
use super::callbacks::Job;
use super::client::Client;
use super::facts::Facts;
use super::numbers::{
    PEGASUS_DUP_BAD_ARGUMENT, PEGASUS_DUP_NO_THREAD, PEGASUS_DUP_RUNNING, Refusal,
};
use super::outcome::Outcome;
use super::pointers::{Out, UserData, given};
use super::request::Request;
use super::waiting::may_wait;
use crate::client::hints;
use crate::client::in_flight::InFlight;
use crate::client::progress::observed;
use crate::enums::ResourceKind;
use crate::error::{Error, ErrorKind};
use crate::history::{self, Recorder};

/// The type of a callback for a call in the background. It is called once, when the call is
/// finished. The callback owns the outcome: it frees the outcome, or passes it on to code that
/// does.
pub type Done = Option<extern "C" fn(user_data: UserData, outcome: Option<Box<Outcome>>)>;

/// A call in the background. The caller owns the handle and frees it once. Freeing the handle
/// neither cancels the call nor withdraws its callback. Any number of threads may use the handle at
/// the same time, and so may the callback.
#[derive(Debug)]
pub struct Operation {
    progress: Arc<Progress>,
    process: Process,
}

/// The state that the handle and the call share.
#[derive(Debug)]
struct Progress {
    state: Mutex<State>,
    /// Notified of every change of the state.
    changed: Condvar,
    cancelled: Notify,
}

#[derive(Debug)]
struct State {
    /// Set when the call is finished.
    outcome: Option<Outcome>,
    callback: Callback,
}

/// The state of the callback. The thread that takes a waiting callback is the only one that calls
/// it.
#[derive(Debug, Clone, Copy)]
enum Callback {
    Waiting(extern "C" fn(UserData, Option<Box<Outcome>>), UserData),
    RunningOn(ThreadId),
    /// The callback has returned, or there is no callback.
    Over,
}

impl Progress {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_done(&self) -> bool {
        self.state().outcome.is_some()
    }

    /// Waits until `ready` returns true. Returns `None` if the timeout expires first.
    fn wait(
        &self,
        timeout: Option<Duration>,
        mut ready: impl FnMut(&State) -> bool,
    ) -> Option<MutexGuard<'_, State>> {
        let state = self.state();
        let not_ready = |state: &mut State| !ready(state);
        match timeout {
            None => Some(
                self.changed.wait_while(state, not_ready).unwrap_or_else(PoisonError::into_inner),
            ),
            Some(timeout) => {
                let (state, over) = self
                    .changed
                    .wait_timeout_while(state, timeout, not_ready)
                    .unwrap_or_else(PoisonError::into_inner);
                (!over.timed_out()).then_some(state)
            }
        }
    }

    fn finish(&self, facts: Facts) {
        self.state().outcome = Some(facts.into());
        self.changed.notify_all();
    }

    /// Calls the callback on this thread, unless another thread has taken it. The lock is not held
    /// meanwhile, because the callback may use the operation.
    fn call_back(&self) {
        let mut state = self.state();
        let Some(outcome) = state.outcome.clone() else { return };
        let Callback::Waiting(done, user_data) = state.callback else { return };
        state.callback = Callback::RunningOn(thread::current().id());
        drop(state);
        done(user_data, Some(Box::new(outcome)));
        self.state().callback = Callback::Over;
        self.changed.notify_all();
    }
}

/// The call's own handle to the shared state. When it is dropped, also by a panic, the call is
/// marked as finished and the callback is called.
struct Finisher {
    progress: Arc<Progress>,
    resource: ResourceKind,
    callbacks: Option<Sender<Job>>,
    recorder: Option<Recorder>,
}

impl Finisher {
    /// Marks the call as finished, with these facts and its history.
    fn finish(&self, facts: Facts) {
        self.progress.finish(facts.with_history(self.recorder.as_ref()));
    }
}

impl Drop for Finisher {
    fn drop(&mut self) {
        if !self.progress.is_done() {
            let defect = "the call was ended by a defect of this library";
            self.finish(Facts::of_error(
                Some(self.resource),
                &Error::new(ErrorKind::OutcomeUnknown, defect).with_hint(hints::after_a_loss()),
            ));
        }
        if let Some(callbacks) = &self.callbacks {
            let progress = self.progress.clone();
            // The callback thread accepts jobs as long as a sender exists, so sending cannot fail.
            let _ = callbacks.send(Box::new(move || progress.call_back()));
        }
    }
}

/// Returns the error of a call that was cancelled while this request was in flight.
fn cancelled(in_flight: &InFlight) -> Error {
    match in_flight.what() {
        Some(what) => Error::new(
            ErrorKind::OutcomeUnknown,
            format!("cancelled after the request was sent: {what}"),
        )
        .with_hint(hints::after_a_loss()),
        None => Error::new(ErrorKind::Timeout, "cancelled before anything was changed"),
    }
}

/// Starts the call that a request describes in the background, and returns at once.
///
/// `timeout_ms`: the timeout of the call in milliseconds, or 0 for the timeout of the client.
/// `callback`: NULL, or a function that is called once when the call is finished, also if the call
/// was cancelled. It is called with `user_data` and with the outcome, which it must free.
/// `operation`: receives the operation.
///
/// The callback runs on a thread of the library, or on the thread that is in
/// `pegasus_dup_operation_stop`. It never runs during this function, and the library holds no lock
/// while it runs. It may therefore use every function of the library, free the operation and the
/// client, and wait. The callbacks of one client run one after the other. A callback must return;
/// it must not throw an exception or leave by `longjmp`.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_submit(
    client: Option<&Client>,
    request: Option<&Request>,
    timeout_ms: i32,
    callback: Done,
    user_data: UserData,
    operation: Out<'_, Option<Box<Operation>>>,
) -> i32 {
    status(|| {
        let handle = given(client)?;
        let operation = given(operation)?;
        let request = given(request)?;
        let (asked, recorder) = (request.complete()?, request.recorder());
        let client = handle.for_call(timeout_ms)?;
        let callbacks = callback.map(|_| handle.callbacks.jobs()).transpose()?;
        let runtime = client.runtime().map_err(|_| Refusal(PEGASUS_DUP_NO_THREAD))?.clone();

        let callback = callback.map_or(Callback::Over, |done| Callback::Waiting(done, user_data));
        let progress = Arc::new(Progress {
            state: Mutex::new(State { outcome: None, callback }),
            changed: Condvar::new(),
            cancelled: Notify::new(),
        });
        let resource = asked.resource();
        let finisher = Finisher {
            progress: progress.clone(),
            resource,
            callbacks,
            recorder: recorder.clone(),
        };
        operation.write(Some(Box::new(Operation { progress, process: Process::current() })));
        let in_flight = Arc::new(InFlight::default());
        runtime.spawn(async move {
            let watching = in_flight.clone();
            let call = observed(move |step| watching.note(&step), asked.run(client.client()));
            let call = history::recorded(recorder.as_ref(), call);
            let became = tokio::select! {
                biased;
                became = call => became,
                () = finisher.progress.cancelled.notified() => Err(cancelled(&in_flight)),
            };
            finisher.finish(Facts::of_call(resource, became));
            drop(finisher);
            // The client is dropped last, because the runtime of this task may end with the client.
            drop(client);
        });
        Ok(())
    })
}

fn wait(
    operation: Option<&Operation>,
    timeout: Option<Duration>,
    outcome: Out<'_, Option<Box<Outcome>>>,
) -> Result<(), Refusal> {
    let operation = given(operation)?;
    operation.process.check()?;
    if timeout != Some(Duration::ZERO) {
        may_wait()?;
    }
    let state = operation.progress.wait(timeout, |state| state.outcome.is_some());
    let became = state.and_then(|state| state.outcome.clone());
    let became = became.ok_or(Refusal(PEGASUS_DUP_RUNNING))?;
    if let Some(outcome) = outcome {
        outcome.write(Some(Box::new(became)));
    }
    Ok(())
}

/// Waits until a call in the background is finished, and writes its outcome. Every caller gets an
/// outcome of its own and frees it. Pass NULL as `outcome` if you do not need the outcome. The
/// callback may run before or after this function returns.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_operation_wait(
    operation: Option<&Operation>,
    outcome: Out<'_, Option<Box<Outcome>>>,
) -> i32 {
    status(|| wait(operation, None, outcome))
}

/// Works like `pegasus_dup_operation_wait`, but waits for at most `timeout_ms` milliseconds. It
/// does not wait at all if the timeout is 0. Returns `PEGASUS_DUP_RUNNING` if the call is not
/// finished by then. The call continues.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_operation_wait_for(
    operation: Option<&Operation>,
    timeout_ms: i32,
    outcome: Out<'_, Option<Box<Outcome>>>,
) -> i32 {
    status(|| {
        let milliseconds =
            u64::try_from(timeout_ms).map_err(|_| Refusal(PEGASUS_DUP_BAD_ARGUMENT))?;
        wait(operation, Some(Duration::from_millis(milliseconds)), outcome)
    })
}

/// Cancels a call in the background, without waiting. A finished call is not affected. A request
/// that was not sent yet is never sent. If nothing was sent that changes anything, the outcome is
/// the error `PEGASUS_DUP_ERROR_TIMEOUT`. Otherwise it is the error
/// `PEGASUS_DUP_ERROR_OUTCOME_UNKNOWN`.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_operation_cancel(operation: Option<&Operation>) -> i32 {
    status(|| {
        let operation = given(operation)?;
        operation.process.check()?;
        operation.progress.cancelled.notify_one();
        Ok(())
    })
}

/// Cancels a call in the background, and waits until the call is finished and its callback has
/// returned. Afterwards the library does not use `user_data` any more. If the callback was not
/// called yet, this function calls it on the current thread. If this function is called in that
/// callback, it does not wait for the callback to return.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_operation_stop(operation: Option<&Operation>) -> i32 {
    status(|| {
        let operation = given(operation)?;
        operation.process.check()?;
        may_wait()?;
        let progress = operation.progress.clone();
        progress.cancelled.notify_one();
        drop(progress.wait(None, |state| state.outcome.is_some()));
        progress.call_back();
        let this_thread = thread::current().id();
        drop(progress.wait(None, |state| match state.callback {
            Callback::Over => true,
            Callback::RunningOn(thread) => thread == this_thread,
            Callback::Waiting(..) => false,
        }));
        Ok(())
    })
}

/// Frees an operation. The call continues, and its callback is still called. NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_operation_free(operation: Option<Box<Operation>>) {
    catch((), || drop(operation));
}
