//! Tests of fleets through the Rust interface, with fake and embedded servers.

/// Helpers that more than one folder of tests uses.
mod common {
    pub(crate) mod embedded;
    pub(crate) mod fake;
}

mod fleet {
    mod apply;
    mod audit;
    mod export;
    mod plan;
    mod read;

    mod support;
}
