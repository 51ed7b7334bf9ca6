//! Measures round trips of this client, for `scripts/bench`. `bench ADDRESS COUNT` measures against
//! a running server, and `bench echo COUNT` measures a bare TCP echo on this machine. Each line of
//! the output is `OPERATION CLIENT NANOSECONDS`, where the time is a median.
#![allow(clippy::disallowed_methods, reason = "a benchmark measures real time")]

use std::error::Error;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Instant;

use pegasus_dup::{BlockingClient, Client, DuplicationSpec, Mode, Outcome, Selector};

type Fallible<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// The number of bytes in an echo, which is about the length of a query's response.
const ECHOED: usize = 300;

fn main() -> Fallible<()> {
    let mut args = std::env::args().skip(1);
    let (Some(what), Some(count)) = (args.next(), args.next()) else {
        return Err("usage: bench ADDRESS|echo COUNT".into());
    };
    let count: usize = count.parse()?;
    if what == "echo" {
        return echo(count);
    }
    blocking(&what, count)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(asynchronous(&what, count))
}

fn report(operation: &str, client: &str, mut took: Vec<u128>) {
    took.sort_unstable();
    println!("{operation} {client} {}", took[took.len() / 2]);
}

async fn asynchronous(address: &str, count: usize) -> Fallible<()> {
    let client = Client::builder().meta(address).build()?;
    // Connects, finds out the generation, and adds the duplication that the queries return.
    let shown = DuplicationSpec::new("shown", "target");
    let _ = client.add(&shown).await?;
    let mut took = Vec::new();
    for _ in 0..count {
        let began = Instant::now();
        client.query("shown").await?;
        took.push(began.elapsed().as_nanos());
    }
    report("query", "ours", took);
    for (name, mode) in [("ours", Mode::Safe), ("ours-direct", Mode::Direct)] {
        let client = client.with_mode(mode);
        let spec = DuplicationSpec::new("added", "target");
        let mut took = Vec::new();
        for _ in 0..count {
            let began = Instant::now();
            let outcome = client.add(&spec).await?;
            took.push(began.elapsed().as_nanos());
            if !matches!(outcome, Outcome::Created { .. }) {
                return Err(format!("not created: {outcome:?}").into());
            }
            let _ = client.remove("added", &Selector::Cluster("target".to_owned())).await?;
        }
        report("add", name, took);
        let mut took = Vec::new();
        for _ in 0..count {
            let began = Instant::now();
            let outcome = client.add(&shown).await?;
            took.push(began.elapsed().as_nanos());
            if !matches!(outcome, Outcome::AlreadyExists { .. }) {
                return Err(format!("created: {outcome:?}").into());
            }
        }
        report("add-again", name, took);
    }
    Ok(())
}

fn blocking(address: &str, count: usize) -> Fallible<()> {
    let client = BlockingClient::new(Client::builder().meta(address).build()?);
    let _ = client.add(&DuplicationSpec::new("shown", "target"))?;
    let mut took = Vec::new();
    for _ in 0..count {
        let began = Instant::now();
        client.query("shown")?;
        took.push(began.elapsed().as_nanos());
    }
    report("query", "ours-blocking", took);
    Ok(())
}

fn echo(count: usize) -> Fallible<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let server = std::thread::spawn(move || -> std::io::Result<()> {
        let (mut stream, _) = listener.accept()?;
        stream.set_nodelay(true)?;
        let mut bytes = [0; ECHOED];
        // Runs until the client closes the connection.
        while stream.read_exact(&mut bytes).is_ok() {
            stream.write_all(&bytes)?;
        }
        Ok(())
    });
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    let mut bytes = [1; ECHOED];
    let mut took = Vec::new();
    for _ in 0..count {
        let began = Instant::now();
        stream.write_all(&bytes)?;
        stream.read_exact(&mut bytes)?;
        took.push(began.elapsed().as_nanos());
    }
    drop(stream);
    server.join().map_err(|_| "the echo server panicked")??;
    report("echo", "tcp", took);
    Ok(())
}
