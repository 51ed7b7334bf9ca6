//! The command `serve`: runs the embedded meta server until a signal arrives.

use super::exit::Exit;
use super::serve_args::ServeArgs;
use super::terminal::{complain, say};
use crate::escape::sentence;
use crate::text::{Line, chain};

/// Runs the command.
pub(super) fn run(args: ServeArgs) -> Exit {
    let check_only = args.check_only();
    let failed = |Failure { exit, message }: Failure| {
        complain(&[Line::error(sentence(&message))]);
        exit
    };
    let plan = match args.plan() {
        Ok(plan) => plan,
        Err(message) => return failed(Failure { exit: Exit::Usage, message }),
    };
    if check_only {
        return match plan.servers.iter().try_for_each(crate::server::ServerConfig::check) {
            Ok(()) => {
                // If stdout is closed, the exit code still reports the success.
                let _ = say(&[Line::plain("the configuration makes sense")]);
                Exit::Done
            }
            Err(error) => failed(Failure { exit: Exit::Usage, message: chain(&error) }),
        };
    }
    for config in &plan.servers {
        if !config.listen.ip().is_loopback() {
            complain(&[Line::warning(&format!(
                "the server has no authentication: everyone who can reach {} can change \
                 everything in it",
                config.listen
            ))]);
        }
    }
    match serve(plan) {
        Ok(would_have_died) => {
            if would_have_died > 0 {
                complain(&[Line::warning(&format!(
                    "requests that would have ended a real server: {would_have_died}"
                ))]);
            }
            Exit::Done
        }
        Err(failure) => failed(failure),
    }
}

/// A failure that ends the command.
struct Failure {
    exit: Exit,
    message: String,
}

/// A running server, or a running group of servers.
enum Served {
    One(crate::server::MetaServer),
    Group(crate::server::MetaGroup),
}

impl Served {
    async fn start(
        mut plan: super::serve_args::Plan,
    ) -> Result<Served, crate::server::ServerError> {
        use crate::server::{MetaGroup, MetaServer};

        if plan.servers.len() > 1 {
            let group = MetaGroup::start_with_faults(plan.servers, plan.faults).await?;
            return Ok(Served::Group(group));
        }
        // There is always a server, because the address has a default. The rules for groups, such as
        // IPv4 only, do not apply to a single server.
        let config = plan.servers.pop().unwrap_or_default();
        let config = crate::server::ServerConfig { faults: plan.faults, ..config };
        MetaServer::start(config).await.map(Served::One)
    }

    fn servers(&self) -> &[crate::server::MetaServer] {
        match self {
            Served::One(server) => std::slice::from_ref(server),
            Served::Group(group) => group.servers(),
        }
    }

    async fn stop(&self) {
        match self {
            Served::One(server) => server.stop().await,
            Served::Group(group) => group.stop().await,
        }
    }
}

/// Serves until a signal arrives. Returns how many requests would have ended a real server.
fn serve(plan: super::serve_args::Plan) -> Result<u64, Failure> {
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
        // This comes first, so that a signal during the start also leads to a graceful stop.
        let mut signals =
            Signals::listen().map_err(|error| failed("cannot watch for signals", error))?;
        let by_hand = plan.servers.iter().any(|one| one.clock_mode() == ClockMode::Manual);
        let about: Vec<String> = plan
            .servers
            .iter()
            .map(|one| format!("{} {}", one.behaviour, one.clock_mode()))
            .collect();
        let served = Served::start(plan).await.map_err(|error| Failure {
            exit: match error {
                ServerError::Config(_) => Exit::Usage,
                _ => Exit::Error,
            },
            message: chain(&error),
        })?;
        let lines: Vec<Line> = served
            .servers()
            .iter()
            .map(|server| Line::plain(format!("serving on {}", server.address())))
            .collect();
        // The server runs even if stdout is closed.
        let _ = say(&lines);
        for (server, about) in served.servers().iter().zip(about) {
            tracing::info!(address = %server.address(), about, "serving");
        }
        if by_hand {
            let hubs = served.servers().iter().map(|server| server.hub().clone()).collect();
            // The process does not wait for this thread, because a read from stdin cannot be cancelled.
            std::thread::Builder::new()
                .spawn(move || turn_by_hand(hubs))
                .map_err(|error| failed("cannot start a thread", error))?;
        }
        let name = signals.next().await;
        tracing::info!(signal = name, "stopping");
        // A second signal stops at once, without waiting for requests in flight.
        tokio::select! {
            biased;
            () = served.stop() => {}
            _ = signals.next() => {}
        }
        let would_have_died = served.servers().iter().map(MetaServer::would_have_died).sum();
        tracing::info!(would_have_died, "stopped");
        Ok(would_have_died)
    })
}

/// What a line on stdin asks for.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Order {
    /// `advance SECONDS`: advance the clock.
    Advance(std::time::Duration),
    /// `alive-nodes N`: let that many replica servers be alive.
    AliveNodes(usize),
}

impl std::str::FromStr for Order {
    type Err = String;

    fn from_str(line: &str) -> Result<Order, String> {
        let (word, number) = line.trim().split_once(' ').unwrap_or_default();
        let number = number.trim();
        let order = match word {
            "advance" => {
                let seconds = number.parse().ok().map(std::time::Duration::try_from_secs_f64);
                seconds.and_then(Result::ok).map(Order::Advance)
            }
            "alive-nodes" => number.parse().ok().map(Order::AliveNodes),
            _ => None,
        };
        order.ok_or_else(|| {
            format!("not a line `advance SECONDS` or `alive-nodes N`: {:?}", line.trim_end())
        })
    }
}

/// Reads orders from stdin and executes them on all servers. It confirms each order on stdout, so that a
/// script can wait. A wrong line is reported on stderr, and reading continues.
fn turn_by_hand(hubs: Vec<crate::server::Hub>) {
    let mut input = std::io::stdin().lock();
    loop {
        let line = match next_line(&mut input) {
            Ok(Some(line)) => String::from_utf8_lossy(&line).into_owned(),
            Ok(None) => return,
            Err(error) => {
                complain(&[Line::error(format!("the clock cannot be advanced any more: {error}"))]);
                return;
            }
        };
        if line.trim().is_empty() {
            continue;
        }
        match line.parse() {
            Ok(Order::Advance(time)) => {
                for hub in &hubs {
                    hub.advance(time);
                }
                let _ = say(&[Line::plain(format!("advanced {}", time.as_secs_f64()))]);
            }
            Ok(Order::AliveNodes(count)) => {
                // The servers share the replica servers.
                hubs.iter().take(1).for_each(|hub| hub.set_alive_nodes(count));
                let _ = say(&[Line::plain(format!("alive nodes {count}"))]);
            }
            Err(wrong) => complain(&[Line::error(wrong)]),
        }
    }
}

/// Returns the next line of `input` without its line end, or `None` at the end of the input. A line that
/// is too long is an error, so that input without line ends takes no memory.
fn next_line(input: &mut impl std::io::BufRead) -> std::io::Result<Option<Vec<u8>>> {
    use std::io::{BufRead, Read};

    const MAX_LINE: u64 = 4_096;
    let mut line = Vec::new();
    let read = input.by_ref().take(MAX_LINE).read_until(b'\n', &mut line)?;
    if line.pop_if(|last| *last == b'\n').is_none() && read as u64 == MAX_LINE {
        let error = format!("a line on stdin is too long: limit={MAX_LINE}");
        return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, error));
    }
    Ok((read > 0).then_some(line))
}

#[cfg(test)]
mod tests {
    use super::{Order, next_line};
    use std::time::Duration;

    #[test]
    fn an_order_is_a_word_and_a_number() {
        let half = Order::Advance(Duration::from_millis(500));
        for (line, order) in [
            ("advance 0.5", half),
            ("  advance   0.5 \r\n", half),
            ("alive-nodes 2\n", Order::AliveNodes(2)),
        ] {
            assert_eq!(line.parse(), Ok(order), "{line:?}");
        }
        for line in ["advance", "advance -1", "advance x", "alive-nodes", "alive-nodes -1", "go 1"]
        {
            assert!(line.parse::<Order>().is_err(), "{line:?}");
        }
    }

    #[test]
    fn lines_end_at_line_ends_and_are_short() {
        let mut input = &b"one\n\ntw\xffo\nlast"[..];
        for line in [&b"one"[..], b"", b"tw\xffo", b"last"] {
            assert_eq!(next_line(&mut input).unwrap().unwrap(), line);
        }
        assert_eq!(next_line(&mut input).unwrap(), None);
        let mut endless = std::io::BufReader::new(std::io::repeat(0));
        assert!(next_line(&mut endless).is_err());
    }
}
