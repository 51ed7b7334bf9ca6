//! An add, and what was known when it was sent.

use crate::client::compare::{Server, compare, ships_unasked_checkpoint};
use crate::client::spec::DuplicationSpec;
use crate::protocol::generation::Generation;
use crate::resource::Duplication;

/// A request to add a duplication, and what was known when the add was sent.
#[derive(Debug, Clone)]
pub(crate) struct Question<'a> {
    pub(crate) spec: &'a DuplicationSpec,
    /// The id of the table, as it was read before the add.
    pub(crate) table_id: i32,
    /// The generation of the server to which the add was sent, if it is known.
    pub(crate) generation: Option<Generation>,
    /// Whether the table was read just before the add and did not contain the duplication. In direct mode
    /// the table may not have been read, or the add may have been sent although the duplication existed.
    pub(crate) absent_before: bool,
}

impl Question<'_> {
    /// Returns whether the server is proven to be `dup-exist`.
    pub(super) fn proven(&self) -> bool {
        self.generation == Some(Generation::DupExist)
    }

    /// Returns whether no reported property of the duplication differs from the request. What only the
    /// generation of the server implies does not count, because an add that the server ignored in part may
    /// have created this duplication.
    pub(super) fn is_as_asked(&self, one: &Duplication) -> bool {
        compare(self.spec, Server::default(), one).differences.is_empty()
    }

    /// Returns whether this add may have created the duplication.
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
