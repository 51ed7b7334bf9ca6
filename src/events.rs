//! What the library notes of its work, as lines of text, for a face that passes them on to a log of
//! its own.

use std::fmt::{self, Write};

use tracing::field::{Field, Visit};
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber, span};

use crate::text::sentence;

/// Who gets this crate's events.
pub(crate) trait Listen: Send + Sync + 'static {
    /// Whether an event of that level is wanted now, on this thread.
    fn wants(&self, level: &Level) -> bool;
    /// An event, as text without hidden characters.
    fn hear(&self, metadata: &Metadata<'_>, text: &str);
}

/// Passes this crate's events on; spans have no use here.
pub(crate) struct Forward<L>(pub(crate) L);

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
