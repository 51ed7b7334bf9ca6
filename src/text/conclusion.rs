//! The text of a result in the history of a call. It is the text that the faces write, except that a listing
//! is described by the number of its elements.

use super::{Line, Text, Tone};
use crate::enums::OutcomeKind;
use crate::error::Result;
use crate::info::Info;
use crate::outcome::{Change, Outcome, Removal};
use crate::remote_cluster::RemoteCluster;
use crate::resource::{Described, Table};

/// A result of a call that has a text.
pub(crate) trait Conclusion {
    /// Returns the text.
    fn text(&self) -> Text;
}

/// Returns the text of the result of a call, without a line end after the last line.
pub(crate) fn conclusion(result: &Result<impl Conclusion>) -> String {
    match result {
        Ok(value) => value.text().to_string(),
        Err(error) => super::error(error).to_string(),
    }
}

/// Returns the text of a listing.
fn listed(what: String) -> Text {
    let line = Line::new(OutcomeKind::Listed.name(), Tone::Neutral, what);
    Text { result: vec![line], remarks: Vec::new() }
}

impl<T: Described> Conclusion for Outcome<T> {
    fn text(&self) -> Text {
        super::outcome(self)
    }
}

impl<T: Described> Conclusion for Change<T> {
    fn text(&self) -> Text {
        super::change(self)
    }
}

impl<T: Described> Conclusion for Removal<T> {
    fn text(&self) -> Text {
        super::removal(self)
    }
}

impl Conclusion for Info {
    fn text(&self) -> Text {
        super::info(self)
    }
}

impl<T: Described> Conclusion for Vec<T> {
    fn text(&self) -> Text {
        listed(format!("count={}", self.len()))
    }
}

impl Conclusion for Table {
    fn text(&self) -> Text {
        listed(super::fields(&self.fields()))
    }
}

impl Conclusion for RemoteCluster {
    fn text(&self) -> Text {
        super::remote_cluster(self)
    }
}
