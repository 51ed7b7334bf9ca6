//! Operations on backup policies.

mod add;
mod ask;
mod decide;

pub(super) use add::add;
