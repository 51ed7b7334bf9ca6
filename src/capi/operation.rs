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
use crate::error::{Error, ErrorKind};

/// What is called once when a call in the background is done. The outcome is the callback's, to be
/// freed by it or by whom it gives it to.
pub type Done = Option<extern "C" fn(user_data: UserData, outcome: Option<Box<Outcome>>)>;

/// A call in the background. Owned by who submitted it, and freed once; freeing it neither cancels the
/// call nor takes back its callback. Any number of threads may use it at once, the callback's included.
#[derive(Debug)]
pub struct Operation {
    progress: Arc<Progress>,
    process: Process,
}

/// What the handle and the call share.
#[derive(Debug)]
struct Progress {
    state: Mutex<State>,
    /// Told of every change of the state.
    changed: Condvar,
    cancelled: Notify,
}

#[derive(Debug)]
struct State {
    /// There once the call is done.
    outcome: Option<Outcome>,
    callback: Callback,
}

/// Whoever takes a callback that waits calls it, so it is called once.
#[derive(Debug, Clone, Copy)]
enum Callback {
    Waiting(extern "C" fn(UserData, Option<Box<Outcome>>), UserData),
    RunningOn(ThreadId),
    /// It has returned, or there never was one.
    Over,
}

impl Progress {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_done(&self) -> bool {
        self.state().outcome.is_some()
    }

    /// Waits until `ready` or the time is over; `None` = it was over.
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

    /// Calls the callback on this thread, unless someone else has taken it, and outside the lock: it
    /// may use the operation.
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

/// The call's own end of the progress. However the call ends, a panic included, it is done afterwards
/// and the callback is called.
struct Finisher {
    progress: Arc<Progress>,
    callbacks: Option<Sender<Job>>,
}

impl Drop for Finisher {
    fn drop(&mut self) {
        if !self.progress.is_done() {
            let defect = "the call was ended by a defect of this library";
            self.progress.finish(Facts::of_error(
                &Error::new(ErrorKind::OutcomeUnknown, defect).with_hint(hints::after_a_loss()),
            ));
        }
        if let Some(callbacks) = &self.callbacks {
            let progress = self.progress.clone();
            // It takes jobs as long as there is a sender, so it can't refuse one.
            let _ = callbacks.send(Box::new(move || progress.call_back()));
        }
    }
}

/// What became of a call that was cancelled with that in flight.
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
/// `timeout_ms`: the time limit of the call; 0 for the client's.
/// `callback`: NULL, or what is called once when the call is done, cancelled or not, with `user_data`
/// and the outcome, which is then the callback's to free. It is called on a thread of the library's, or
/// on the one that is in `pegasus_dup_operation_stop`; never during this call, and never while
/// the library holds a lock: it may use the library as it likes, free the operation and the client, and
/// wait. Callbacks of one client are called one after the other. A callback must return; it must not
/// throw or jump out.
/// `operation`: where to put the operation.
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
        let asked = given(request)?.complete()?;
        let client = handle.for_call(timeout_ms)?;
        let callbacks = callback.map(|_| handle.callbacks.jobs()).transpose()?;
        let runtime = client.runtime().map_err(|_| Refusal(PEGASUS_DUP_NO_THREAD))?.clone();

        let callback = callback.map_or(Callback::Over, |done| Callback::Waiting(done, user_data));
        let progress = Arc::new(Progress {
            state: Mutex::new(State { outcome: None, callback }),
            changed: Condvar::new(),
            cancelled: Notify::new(),
        });
        let finisher = Finisher { progress: progress.clone(), callbacks };
        operation.write(Some(Box::new(Operation { progress, process: Process::current() })));
        let in_flight = Arc::new(InFlight::default());
        runtime.spawn(async move {
            let watching = in_flight.clone();
            let call = observed(move |step| watching.note(&step), asked.run(client.client()));
            let became = tokio::select! {
                biased;
                became = call => became,
                () = finisher.progress.cancelled.notified() => Err(cancelled(&in_flight)),
            };
            finisher.progress.finish(Facts::of_call(became));
            drop(finisher);
            // Last, since with it the runtime may end that this runs on.
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

/// Waits until a call in the background is done, and says what became of it. The outcome is the
/// caller's: every waiter gets one, to be freed. NULL if it isn't wanted. The callback may be called
/// before or after this returns.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_operation_wait(
    operation: Option<&Operation>,
    outcome: Out<'_, Option<Box<Outcome>>>,
) -> i32 {
    status(|| wait(operation, None, outcome))
}

/// `pegasus_dup_operation_wait` for that many milliseconds at most, and not at all for 0:
/// `PEGASUS_DUP_RUNNING` if it isn't done by then. The call goes on.
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

/// Cancels a call in the background, without waiting; one that is done stays as it is. What wasn't sent
/// by then never is, and the outcome is the error `PEGASUS_DUP_ERROR_TIMEOUT`; where something was
/// sent that changes something it is `PEGASUS_DUP_ERROR_OUTCOME_UNKNOWN`.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_operation_cancel(operation: Option<&Operation>) -> i32 {
    status(|| {
        let operation = given(operation)?;
        operation.process.check()?;
        operation.progress.cancelled.notify_one();
        Ok(())
    })
}

/// Cancels a call in the background and waits until it is done and its callback has returned: after it,
/// what `user_data` points to is the caller's again. A callback that wasn't called yet is called by this
/// function, on this thread. From within that callback it doesn't wait for it.
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

/// Frees an operation. The call goes on, and its callback is still called. NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_operation_free(operation: Option<Box<Operation>>) {
    catch((), || drop(operation));
}
