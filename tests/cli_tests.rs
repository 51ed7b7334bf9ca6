//! Tests of the command line: they run the program.

/// Helpers for more than one folder of tests.
mod common {
    pub(crate) mod fake;
}

mod cli {
    mod commands;
    mod doubt;
    mod hidden;
    mod info;
    mod json_schema;
    #[cfg(target_os = "linux")]
    mod resources;
    mod serve;
    mod serve_config;
    mod support;
    mod usage;
}
