//! `serve`: the embedded meta server until a signal ends it.

use super::exit::Exit;
use super::serve_args::ServeArgs;
use super::terminal::{Look, complain};

#[cfg(not(feature = "server"))]
pub(super) fn run(_args: ServeArgs, look: Look) -> Exit {
    complain(&format!(
        "{} this build has no server in it: build it with the feature `server`\n",
        look.stderr.red("error:")
    ));
    Exit::Error
}

#[cfg(feature = "server")]
pub(super) fn run(args: ServeArgs, look: Look) -> Exit {
    let check_only = args.check_only();
    let config = args.config();
    if check_only {
        return match config.check() {
            Ok(()) => {
                // A closed pipe is nothing to complain of: the exit code says it too.
                let _ = super::terminal::say("the configuration makes sense\n");
                Exit::Done
            }
            Err(error) => {
                let error = super::text::chain(&error);
                complain(&format!("{} {error}\n", look.stderr.red("error:")));
                Exit::Usage
            }
        };
    }
    if !config.listen.ip().is_loopback() {
        complain(&format!(
            "{} the server has no authentication: whoever reaches {} can change everything in it\n",
            look.stderr.yellow("warning:"),
            config.listen
        ));
    }
    match serve(config) {
        Ok(()) => Exit::Done,
        Err(Failure { exit, message }) => {
            complain(&format!("{} {message}\n", look.stderr.red("error:")));
            exit
        }
    }
}

#[cfg(feature = "server")]
struct Failure {
    exit: Exit,
    message: String,
}

#[cfg(feature = "server")]
fn serve(config: crate::server::ServerConfig) -> Result<(), Failure> {
    use super::signals::Signals;
    use crate::server::{ClockMode, MetaServer, ServerError};

    let failed = |what: &str, error: std::io::Error| Failure {
        exit: Exit::Error,
        message: format!("{what}: {error}"),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| failed("cannot start a runtime", error))?;
    runtime.block_on(async {
        // Before anything is opened, so that a signal during the start is a graceful stop too.
        let mut signals =
            Signals::listen().map_err(|error| failed("cannot watch for signals", error))?;
        let about = format!("{} {}", config.behaviour, config.clock_mode());
        let by_hand = config.clock_mode() == ClockMode::Manual;
        let server = MetaServer::start(config).await.map_err(|error| Failure {
            exit: match error {
                ServerError::Config(_) => Exit::Usage,
                _ => Exit::Error,
            },
            message: super::text::chain(&error),
        })?;
        // Whoever started this may have closed the pipe; that is no reason not to serve.
        let _ = super::terminal::say(&format!("serving on {}\n", server.address()));
        tracing::info!(address = %server.address(), about, "serving");
        if by_hand {
            let hub = server.hub().clone();
            // It waits for stdin, which nothing can end: the process doesn't wait for it.
            std::thread::spawn(move || turn_by_hand(&hub));
        }
        let name = signals.next().await;
        tracing::info!(signal = name, "stopping");
        // A second signal doesn't wait for the answers under way.
        tokio::select! {
            biased;
            () = server.stop() => {}
            _ = signals.next() => {}
        }
        Ok(())
    })
}

/// Reads lines `advance SECONDS` and turns the clock; says so when it has, so that a script can wait.
#[cfg(feature = "server")]
fn turn_by_hand(hub: &crate::server::Hub) {
    for line in std::io::stdin().lines().map_while(Result::ok) {
        let seconds =
            line.trim().strip_prefix("advance ").and_then(|text| text.trim().parse().ok());
        match seconds.map(std::time::Duration::try_from_secs_f64) {
            Some(Ok(time)) => {
                hub.advance(time);
                let _ = super::terminal::say(&format!("advanced {}\n", time.as_secs_f64()));
            }
            Some(Err(_)) | None if line.trim().is_empty() => {}
            Some(Err(_)) | None => {
                complain(&format!("error: not a line `advance SECONDS`: {line:?}\n"));
            }
        }
    }
}
