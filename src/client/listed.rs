//! Selects the listed duplications that a request is about.

use crate::outcome::Status;
use crate::resource::Duplication;

/// The listed duplications that a request is about: those to one remote cluster, or those that a
/// selector selects. A duplication that is being removed counts only if there is no other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Listed {
    /// There is none.
    Nothing,
    /// The only duplication is unsettled: in DS_INIT the server shows it before it is stored, and
    /// forgets it if the server crashes; in DS_REMOVED it is still shown and about to be gone.
    Unsettled(Duplication),
    /// There is one duplication, and it is stored.
    One(Duplication),
    /// There are several, the oldest first. There should be at most one.
    Several(Vec<Duplication>),
}

impl Listed {
    /// Classifies the duplications that a request is about.
    pub(crate) fn of(duplications: impl Iterator<Item = Duplication>) -> Listed {
        let (mut leaving, mut staying): (Vec<Duplication>, Vec<Duplication>) =
            duplications.partition(Duplication::is_being_removed);
        staying.sort_by_key(|one| (one.create_ts_ms, one.dupid));
        let mut staying = staying.into_iter();
        match (staying.next(), staying.len()) {
            (None, _) => leaving.pop().map_or(Listed::Nothing, Listed::Unsettled),
            (Some(one), 0) if one.status == Some(Status::Init) => Listed::Unsettled(one),
            (Some(one), 0) => Listed::One(one),
            (Some(oldest), _) => Listed::Several(std::iter::once(oldest).chain(staying).collect()),
        }
    }
}

/// Returns why an unsettled duplication does not show the outcome.
pub(crate) fn why_unsettled(one: &Duplication) -> &'static str {
    match one.is_being_removed() {
        true => "the listed duplication is being removed",
        false => "the server has not stored the listed duplication yet",
    }
}

/// Returns the dupids of several duplications, as `key=value` pairs.
pub(crate) fn dupids(many: &[Duplication]) -> String {
    let dupids: Vec<String> = many.iter().map(|one| format!("dupid={}", one.dupid)).collect();
    dupids.join(", ")
}
