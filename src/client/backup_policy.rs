//! Operations on backup policies.

mod add;

pub(super) use add::add;
