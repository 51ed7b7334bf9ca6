//! What the library notes of its work, as lines of text, for a face that passes them on to a log of
//! its own.

use std::fmt::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use tracing::field::{Field, Visit};
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber, span};

use crate::escape::sentence;

/// Who gets this crate's events.
pub(crate) trait Listen: Send + Sync + 'static {
    /// Whether an event of that level is wanted now, on this thread.
    fn wants(&self, level: &Level) -> bool;
    /// An event, as text without hidden characters.
    fn hear(&self, metadata: &Metadata<'_>, text: &str);
}

/// Why [`install`] did nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotInstalled {
    /// The program passes `tracing`'s events on to something else already.
    Taken,
    /// This process was forked while a thread of its parent was installing a listener. `tracing` may
    /// hold a lock for a thread that does not exist here, so that trying again could wait for ever.
    Forked,
}

/// Makes `listener` hear this crate's events, for as long as the process lasts. Every call after the
/// first one keeps the listener of the first.
///
/// `tracing` holds locks while it registers a listener. One thread does that once, and nothing else
/// asks for these locks: not a call of a client, and not this function in a forked child.
pub(crate) fn install<L: Listen>(listener: L) -> Result<(), NotInstalled> {
    const NOBODY: u64 = 0;
    const INSTALLED: u64 = 1;
    const TAKEN: u64 = 2;
    /// One of the above; or the process in which a thread is installing a listener, in the upper half.
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
            // Another thread is done in less than a millisecond.
            Err(by) if by == installing => thread::sleep(Duration::from_millis(1)),
            Err(_) => return Err(NotInstalled::Forked),
        }
    }
}

/// Passes this crate's events on; spans have no use here.
struct Forward<L>(L);

impl<L: Listen> Subscriber for Forward<L> {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if metadata.is_event() && metadata.target().starts_with("pegasus_dup") {
            // Asked each time, since who listens, and to what, changes.
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

#[derive(Default)]
struct Text {
    message: String,
    fields: String,
}

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a String can't fail.
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }
}
