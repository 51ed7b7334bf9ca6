//! Tests of the embedded meta server and of the protocol. Some use recordings of real servers.

/// Helpers that more than one folder of tests uses.
mod common {
    pub(crate) mod embedded;
    pub(crate) mod in_memory;
    pub(crate) mod native;
    pub(crate) mod peer;
    pub(crate) mod wire;
}

mod protocol {
    mod codec_properties;
    mod native_golden;
    mod native_properties;
    mod wire_golden;
}

mod server {
    mod alive_nodes;
    mod backups;
    mod backups_replay;
    mod backups_stored;
    mod concurrency;
    #[cfg(unix)]
    mod crash;
    mod durability;
    mod fatal;
    mod faults;
    mod follower_tables;
    mod generations;
    mod group;
    mod hostile;
    mod http;
    mod in_memory;
    mod java;
    #[cfg(target_os = "linux")]
    mod load;
    mod native;
    mod nodes;
    mod odd_requests;
    mod replay;
    mod rules;
    mod store_faults;
    mod table_races;
    mod table_settings;
    mod tables;
    mod tables_replay;
    mod time;
    mod uniqueness;

    mod support {
        pub(crate) mod disk;
        pub(crate) mod frames;
        mod peer;
        pub(crate) mod policies;
        pub(crate) mod process;
        pub(crate) mod replayed;
        pub(crate) mod slow_store;
        pub(crate) mod tables;
    }
}
