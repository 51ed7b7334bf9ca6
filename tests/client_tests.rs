//! Tests of the Rust client: every outcome of every operation, with fake and embedded servers.

/// Helpers that more than one folder of tests uses.
mod common {
    pub(crate) mod embedded;
    pub(crate) mod fake;
    pub(crate) mod in_memory;
    pub(crate) mod peer;
}

mod client {
    mod add;
    mod add_backup_policy;
    mod add_lies;
    mod being_removed;
    mod braces;
    mod check_remote_cluster;
    mod create_table;
    mod create_table_lies;
    mod drop_table;
    mod errors;
    mod faults;
    mod generations;
    mod history;
    #[cfg(feature = "cli")]
    mod http;
    mod info;
    mod leader;
    mod list;
    mod list_tables;
    mod names;
    mod policy_races;
    mod queue_check;
    mod recall_table;
    mod snapshot_2024;
    mod statements;
    mod switched_off;
    mod two_for_one_pair;
    mod unsettled;
    mod unverified;
    mod wait_ready;

    mod support {
        pub(crate) mod adding;
        pub(crate) mod fake;
        pub(crate) mod in_memory;
        pub(crate) mod tables;
    }
}
