//! Forwards the library's log messages, as lines of text, to a face that has its own log.

use std::fmt::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use tracing::field::{Field, Visit};
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber, span};

use crate::escape::sentence;

/// A receiver of this crate's events.
pub(crate) trait Listen: Send + Sync + 'static {
    /// Returns whether an event of this level is wanted at the moment, on this thread.
    fn wants(&self, level: &Level) -> bool;
    /// Receives an event as text in which hidden characters are escaped.
    fn hear(&self, metadata: &Metadata<'_>, text: &str);
}

/// The reason why [`install`] did nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotInstalled {
    /// The program already sends the events of `tracing` to another subscriber.
    Taken,
    /// This process was forked while a thread of its parent was installing a listener. That thread may
    /// hold a lock of `tracing`, and it does not exist in this process, so another attempt could wait
    /// forever.
    Forked,
}

/// Sends this crate's events to `listener` until the process ends. Later calls keep the listener of the
/// first call.
///
/// `tracing` holds locks while it registers a listener. Only one thread registers one, and only once.
/// Nothing else takes these locks: no call of a client does, and neither does this function in a forked
/// child.
pub(crate) fn install<L: Listen>(listener: L) -> Result<(), NotInstalled> {
    const NOBODY: u64 = 0;
    const INSTALLED: u64 = 1;
    const TAKEN: u64 = 2;
    /// One of the constants, or in the upper half the process whose thread is installing a listener.
    static STATE: AtomicU64 = AtomicU64::new(NOBODY);

    let installing = u64::from(std::process::id()) << 32;
    loop {
        match STATE.compare_exchange(NOBODY, installing, Ordering::SeqCst, Ordering::SeqCst) {
            Ok(_) => {
                let taken = tracing::subscriber::set_global_default(Forward(listener)).is_err();
                STATE.store(if taken { TAKEN } else { INSTALLED }, Ordering::SeqCst);
                return if taken { Err(NotInstalled::Taken) } else { Ok(()) };
            }
            Err(INSTALLED) => return Ok(()),
            Err(TAKEN) => return Err(NotInstalled::Taken),
            // The other thread finishes in less than a millisecond.
            Err(by) if by == installing => thread::sleep(Duration::from_millis(1)),
            Err(_) => return Err(NotInstalled::Forked),
        }
    }
}

/// Forwards this crate's events. Spans are ignored.
struct Forward<L>(L);

impl<L: Listen> Subscriber for Forward<L> {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if metadata.is_event() && metadata.target().starts_with("pegasus_dup") {
            // The listener is asked each time, because the levels that it wants change.
            Interest::sometimes()
        } else {
            Interest::never()
        }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && self.0.wants(metadata.level())
    }

    fn event(&self, event: &Event<'_>) {
        let mut text = Text::default();
        event.record(&mut text);
        self.0.hear(event.metadata(), &sentence(&format!("{}{}", text.message, text.fields)));
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

/// The text of an event.
#[derive(Default)]
struct Text {
    message: String,
    fields: String,
}

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a String cannot fail.
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }
}
