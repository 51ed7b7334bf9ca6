//! Tests of the command line. They run the program.

/// Helpers that more than one folder of tests uses.
mod common {
    pub(crate) mod fake;
}

mod cli {
    mod check_remote_cluster;
    mod clusters;
    mod commands;
    mod doubt;
    mod fleets {
        mod apply;
        mod audit;
        mod files;
        mod interrupted;
        mod plan;
        mod support;
        #[cfg(target_os = "linux")]
        mod terminal;
    }
    mod explain;
    mod hidden;
    mod info;
    mod json_schema;
    mod list;
    #[cfg(target_os = "linux")]
    mod resources;
    mod serve;
    mod serve_config;
    mod support;
    mod tables;
    mod usage;
}
