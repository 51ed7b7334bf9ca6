//! The command line, `pegasus-dup`.

fn main() -> std::process::ExitCode {
    pegasus_dup::cli::main(std::env::args_os())
}
