//! What the library tells of its work, passed on to a callback.

use std::cell::Cell;
use std::sync::{Arc, Condvar, Mutex, PoisonError, RwLock};

use once_cell::sync::OnceCell;
use tracing::{Level, Metadata};

use super::boundary::{Process, Refusal, status};
use super::numbers::*;
use super::pointers::{CText, UserData, c_string};
use crate::events::{Forward, Listen};

/// What is called with every message of the log: its level, one of `PEGASUS_DUP_LOG_*`, and its text,
/// which is valid until the callback returns.
pub type Log = Option<extern "C" fn(user_data: UserData, level: i32, message: CText)>;

/// Who gets the messages now.
static LISTENER: RwLock<Option<Arc<Listener>>> = RwLock::new(None);

thread_local! {
    /// Whether this thread is in a log callback: its own messages are dropped, and it doesn't wait for
    /// itself.
    static IN_CALLBACK: Cell<bool> = const { Cell::new(false) };
}

struct Listener {
    callback: extern "C" fn(UserData, i32, CText),
    user_data: UserData,
    max_level: i32,
    /// How many threads are in the callback.
    running: Mutex<usize>,
    idle: Condvar,
    process: Process,
}

impl Listener {
    /// The one to tell of a message of that level, counted as running.
    fn entered(level: i32) -> Option<Arc<Listener>> {
        let listener = LISTENER.read().unwrap_or_else(PoisonError::into_inner);
        let listener = listener.as_ref().filter(|listener| level <= listener.max_level)?.clone();
        *listener.running.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        Some(listener)
    }

    fn call(&self, level: i32, message: &str) {
        IN_CALLBACK.set(true);
        (self.callback)(self.user_data, level, CText::lend(&c_string(message)));
        IN_CALLBACK.set(false);
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        self.idle.notify_all();
    }

    /// Waits until no thread is in the callback.
    fn wait_until_idle(&self) {
        // In a forked child the threads that were in it don't exist.
        if IN_CALLBACK.get() || self.process.check().is_err() {
            return;
        }
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.idle.wait_while(running, |running| *running > 0));
    }
}

/// Passes this crate's events on to the listener of the moment.
struct ToListener;

fn number(level: &Level) -> i32 {
    match *level {
        Level::ERROR => PEGASUS_DUP_LOG_ERROR,
        Level::WARN => PEGASUS_DUP_LOG_WARN,
        Level::INFO => PEGASUS_DUP_LOG_INFO,
        Level::DEBUG => PEGASUS_DUP_LOG_DEBUG,
        Level::TRACE => PEGASUS_DUP_LOG_TRACE,
    }
}

impl Listen for ToListener {
    fn wants(&self, level: &Level) -> bool {
        !IN_CALLBACK.get()
            && LISTENER
                .read()
                .unwrap_or_else(PoisonError::into_inner)
                .as_ref()
                .is_some_and(|listener| number(level) <= listener.max_level)
    }

    fn hear(&self, metadata: &Metadata<'_>, text: &str) {
        let level = number(metadata.level());
        if let Some(listener) = Listener::entered(level) {
            listener.call(level, text);
        }
    }
}

/// Has the library's log passed to a callback, for the whole process, instead of to the one before; NULL
/// ends it. By default there is no log.
///
/// `max_level`: one of `PEGASUS_DUP_LOG_*`; what is less important isn't passed on.
/// `user_data`: what the callback is called with.
///
/// The callback is called on any thread, several at once, outside the library's locks. It must return,
/// and not throw or jump out; it may call what doesn't wait for a server. When this returns, the
/// callback before is not running any more and is never called again, unless this is called from within
/// a callback.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_set_log(callback: Log, max_level: i32, user_data: UserData) -> i32 {
    status(|| {
        if !(PEGASUS_DUP_LOG_ERROR..=PEGASUS_DUP_LOG_TRACE).contains(&max_level) {
            return Err(Refusal(PEGASUS_DUP_BAD_ARGUMENT));
        }
        static INSTALLED: OnceCell<()> = OnceCell::new();
        INSTALLED
            .get_or_try_init(|| tracing::subscriber::set_global_default(Forward(ToListener)))
            .map_err(|_| Refusal(PEGASUS_DUP_LOG_TAKEN))?;
        let listener = callback.map(|callback| {
            Arc::new(Listener {
                callback,
                user_data,
                max_level,
                running: Mutex::new(0),
                idle: Condvar::new(),
                process: Process::current(),
            })
        });
        let before = {
            let mut current = LISTENER.write().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *current, listener)
        };
        if let Some(before) = before {
            before.wait_until_idle();
        }
        Ok(())
    })
}

/// Whether this thread is in a log callback, which must not wait.
pub(crate) fn in_callback() -> bool {
    IN_CALLBACK.get()
}
