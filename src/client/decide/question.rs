//! An add, and what was known when it was sent.

use crate::client::compare::{Server, compare, ships_unasked_checkpoint};
use crate::client::spec::DuplicationSpec;
use crate::outcome::Duplication;
use crate::protocol::generation::Generation;

/// What was asked, and what was known when it was sent.
#[derive(Debug, Clone)]
pub(crate) struct Question<'a> {
    pub(crate) spec: &'a DuplicationSpec,
    /// The table's id, as it was listed before.
    pub(crate) table_id: i32,
    /// The generation of the server that the add was sent to, where it is known.
    pub(crate) generation: Option<Generation>,
    /// Whether it was asked for just before, and wasn't there. A direct add may not have asked, or
    /// have gone over what is there.
    pub(crate) absent_before: bool,
}

impl Question<'_> {
    pub(super) fn proven(&self) -> bool {
        self.generation == Some(Generation::DupExist)
    }

    /// Whether nothing of it is told otherwise than asked. What only its server's generation implies
    /// is left out: an add that was ignored in part may have made it.
    pub(super) fn is_as_asked(&self, one: &Duplication) -> bool {
        compare(self.spec, Server::default(), one).differences.is_empty()
    }

    /// Whether it may be what this call asked for.
    pub(super) fn may_have_made(&self, one: &Duplication) -> bool {
        self.is_as_asked(one) && !ships_unasked_checkpoint(self.spec, one)
    }

    /// Whether a server that ignored the requested remote table or replica count may have created this
    /// duplication for this call. Only a proven server cannot have ignored them, because a stated
    /// generation may be wrong for one server of a group.
    pub(super) fn may_have_been_ignored(&self, one: &Duplication) -> bool {
        let own_name = one.remote_table.as_deref().is_none_or(|name| name == self.spec.table);
        !self.proven()
            && own_name
            && !self.is_as_asked(one)
            && !ships_unasked_checkpoint(self.spec, one)
    }
}
