//! What the library tells of its work, passed on to a callback.

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

/// What is called with every message of the log: its level, one of `PEGASUS_DUP_LOG_*`, and its text,
/// which is valid until the callback returns.
pub type Log = Option<extern "C" fn(user_data: UserData, level: i32, message: CText)>;

/// Who gets the messages now. No lock: a child that is forked while a thread of its parent is in here
/// would wait for that thread, with its first message, for ever.
static LISTENER: ArcSwapOption<Listener> = ArcSwapOption::const_empty();

thread_local! {
    /// Whether this thread is in a log callback: its own messages are dropped, and it doesn't wait for
    /// itself.
    static IN_CALLBACK: Cell<bool> = const { Cell::new(false) };
}

struct Listener {
    callback: extern "C" fn(UserData, i32, CText),
    user_data: UserData,
    max_level: i32,
    /// How many threads are in the callback; with [`ENDED`] added, no other thread may enter it.
    running: AtomicUsize,
    process: Process,
}

const ENDED: usize = 1 << (usize::BITS - 1);

impl Listener {
    /// The listener to tell of a message of that level.
    fn current(level: i32) -> Option<Arc<Listener>> {
        LISTENER.load_full().filter(|listener| level <= listener.max_level)
    }

    fn call(&self, level: i32, message: &str) {
        // Counted and asked in one step: who ends the listener sees this thread, or is seen by it.
        if self.running.fetch_add(1, Ordering::SeqCst) & ENDED == 0 {
            IN_CALLBACK.set(true);
            (self.callback)(self.user_data, level, CText::lend(&c_string(message)));
            IN_CALLBACK.set(false);
        }
        self.running.fetch_sub(1, Ordering::SeqCst);
    }

    /// Lets no thread into the callback any more, and waits until none is in there.
    fn end(&self) {
        self.running.fetch_or(ENDED, Ordering::SeqCst);
        // In a forked child the threads that were in it don't exist.
        if IN_CALLBACK.get() || self.process.check().is_err() {
            return;
        }
        while self.running.load(Ordering::SeqCst) != ENDED {
            thread::sleep(Duration::from_millis(1));
        }
    }
}

/// Passes this crate's events on to the listener of the moment.
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
///
/// A forked child keeps its parent's callback. It may set another one, unless it was forked in the very
/// moment in which a thread of its parent called this for the first time: that child has no log, and
/// this returns `PEGASUS_DUP_FORKED` there.
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

/// Whether this thread is in a log callback, which must not wait.
pub(crate) fn in_callback() -> bool {
    IN_CALLBACK.get()
}
