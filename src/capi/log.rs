//! Forwards the library's log messages to a callback.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use tracing::{Level, Metadata};

use super::boundary::{Process, status};
use super::numbers::*;
use super::pointers::{CText, UserData, c_string};
use crate::enums::{LogLevel, Numbered};
use crate::events::{self, Listen, NotInstalled};

/// The type of a log callback. It is called with the `user_data` of the callback, the level of the
/// message, one of `PEGASUS_DUP_LOG_*`, and the text of the message. The text is valid until the
/// callback returns.
pub type Log = Option<extern "C" fn(user_data: UserData, level: i32, message: CText)>;

/// The current listener. It is not behind a lock: a child process that is forked while another
/// thread holds the lock would wait for ever at its first message.
static LISTENER: ArcSwapOption<Listener> = ArcSwapOption::const_empty();

thread_local! {
    /// Whether this thread is in a log callback. If it is, its own messages are dropped, and it
    /// does not wait for itself.
    static IN_CALLBACK: Cell<bool> = const { Cell::new(false) };
}

struct Listener {
    callback: extern "C" fn(UserData, i32, CText),
    user_data: UserData,
    max_level: i32,
    /// The number of threads that are in the callback. If `ENDED` is added, no other thread may
    /// enter the callback.
    running: AtomicUsize,
    process: Process,
}

const ENDED: usize = 1 << (usize::BITS - 1);

impl Listener {
    /// Returns the current listener if it wants messages of this level.
    fn current(level: i32) -> Option<Arc<Listener>> {
        LISTENER.load_full().filter(|listener| level <= listener.max_level)
    }

    fn call(&self, level: i32, message: &str) {
        // This thread counts itself and reads `ENDED` in one step. The thread that ends the listener
        // therefore sees this thread, or this thread sees `ENDED`.
        if self.running.fetch_add(1, Ordering::SeqCst) & ENDED == 0 {
            IN_CALLBACK.set(true);
            (self.callback)(self.user_data, level, CText::lend(&c_string(message)));
            IN_CALLBACK.set(false);
        }
        self.running.fetch_sub(1, Ordering::SeqCst);
    }

    /// Lets no other thread enter the callback, and waits until no thread is in it.
    fn end(&self) {
        self.running.fetch_or(ENDED, Ordering::SeqCst);
        // The threads that were in the callback do not exist in a forked child process.
        if IN_CALLBACK.get() || self.process.check().is_err() {
            return;
        }
        while self.running.load(Ordering::SeqCst) != ENDED {
            thread::sleep(Duration::from_millis(1));
        }
    }
}

/// Forwards the events of this crate to the current listener.
struct ToListener;

fn number(level: &Level) -> i32 {
    let level = match *level {
        Level::ERROR => LogLevel::Error,
        Level::WARN => LogLevel::Warn,
        Level::INFO => LogLevel::Info,
        Level::DEBUG => LogLevel::Debug,
        Level::TRACE => LogLevel::Trace,
    };
    level.abi_number()
}

impl Listen for ToListener {
    fn wants(&self, level: &Level) -> bool {
        !IN_CALLBACK.get() && Listener::current(number(level)).is_some()
    }

    fn hear(&self, metadata: &Metadata<'_>, text: &str) {
        let level = number(metadata.level());
        if let Some(listener) = Listener::current(level) {
            listener.call(level, text);
        }
    }
}

/// Sets the callback that receives the library's log messages, for the whole process. It replaces
/// the previous callback. NULL ends the log. By default there is no log.
///
/// `max_level`: one of `PEGASUS_DUP_LOG_*`. Messages of a less important level are not forwarded.
/// `user_data`: a pointer that is passed to the callback.
///
/// The callback is called on any thread, and on several threads at once. The library holds no lock
/// meanwhile. The callback must return; it must not throw an exception or leave by `longjmp`. It
/// may call every function that does not wait for a server. When this function returns, the
/// previous callback is not running any more and is never called again, except if this function is
/// called in a callback.
///
/// A forked child process keeps the callback of its parent and may set another callback. There is
/// one exception: if a thread of the parent was in the first call of this function at the moment of
/// the fork, the child process has no log, and this function returns `PEGASUS_DUP_FORKED` there.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_set_log(callback: Log, max_level: i32, user_data: UserData) -> i32 {
    status(|| {
        value::<LogLevel>(max_level)?;
        events::install(ToListener).map_err(|why| match why {
            NotInstalled::Taken => Refusal(PEGASUS_DUP_LOG_TAKEN),
            NotInstalled::Forked => Refusal(PEGASUS_DUP_FORKED),
        })?;
        let listener = callback.map(|callback| {
            Arc::new(Listener {
                callback,
                user_data,
                max_level,
                running: AtomicUsize::new(0),
                process: Process::current(),
            })
        });
        if let Some(before) = LISTENER.swap(listener) {
            before.end();
        }
        Ok(())
    })
}

/// Returns whether this thread is in a log callback. Such a thread must not wait.
pub(crate) fn in_callback() -> bool {
    IN_CALLBACK.get()
}
