//! Measures plans and applies of many tables, for `scripts/bench-fleets`.
//!
//! `fleet_scale serve TABLES` runs an embedded server with that number of tables, of 64 partitions each, and
//! prints its address. `fleet_scale client ADDRESS TABLES` plans a duplication of every table, applies the
//! plan, and does both again. Each line of its output is `OPERATION CLIENT MILLISECONDS`, followed by the
//! requests, the bytes sent and the bytes received. The last line has the peak memory of the client. It needs
//! Linux, because it reads the memory from /proc.
#![allow(clippy::disallowed_methods, reason = "a benchmark measures real time")]

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use pegasus_dup::Client;
use pegasus_dup::fleet::{ApplyOptions, Fleet, Format, Plan, State, Stop, Work, export};
use pegasus_dup::server::{BlockingMetaServer, RemoteCluster, ServerConfig, TableSpec};
use pegasus_dup::transport::seams::{Connecting, Connector, Stream, TcpConnector};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

type Fallible<T> = Result<T, Box<dyn Error + Send + Sync>>;

const PARTITIONS: i32 = 64;

fn main() -> Fallible<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["serve", tables] => serve(tables.parse()?),
        ["client", address, tables] => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(client(address, tables.parse()?))
        }
        _ => Err("usage: fleet_scale serve TABLES | client ADDRESS TABLES".into()),
    }
}

/// Runs a server until the process is ended.
fn serve(tables: usize) -> Fallible<()> {
    let table =
        |number| TableSpec { partitions: PARTITIONS, ..TableSpec::new(format!("t{number}")) };
    let server = BlockingMetaServer::start(ServerConfig {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        tables: (0..tables).map(table).collect(),
        remote_clusters: vec![RemoteCluster {
            name: "target".to_owned(),
            metas: vec!["127.0.0.1:35601".to_owned()],
        }],
        ..ServerConfig::default()
    })?;
    println!("serving on {}", server.address());
    loop {
        std::thread::park();
    }
}

async fn client(address: &str, tables: usize) -> Fallible<()> {
    let counts = Counts::default();
    let client = Client::builder()
        .meta(address)
        .connector(Counting(counts.clone()))
        .timeout(Duration::from_secs(60))
        .build()?;
    let text = "[[duplication]]\ntable = \"t*\"\ncluster = \"target\"\n";
    let fleet = Fleet::parse(text, Format::Toml)?;

    let began = Instant::now();
    let plan = Plan::make(&client, &fleet).await?;
    counts.report("plan", began);
    let began = Instant::now();
    let work = Work::new(plan, ApplyOptions::default())?;
    let summary = work.run(&client, None, &Stop::new(), |_| ()).await?;
    counts.report("apply", began);
    let created = summary.count(pegasus_dup::ItemResult::Created);
    if created != tables {
        return Err(format!("{created} of {tables} duplications were created").into());
    }

    let began = Instant::now();
    let plan = Plan::make(&client, &fleet).await?;
    counts.report("plan-again", began);
    if plan.has_changes() {
        return Err("the second plan has changes".into());
    }
    let began = Instant::now();
    let summary =
        Work::new(plan, ApplyOptions::default())?.run(&client, None, &Stop::new(), |_| ()).await?;
    counts.report("apply-again", began);
    if summary.count(pegasus_dup::ItemResult::Unchanged) != tables {
        return Err("the second apply changes something".into());
    }
    let began = Instant::now();
    let (exported, _) = export(&State::read(&client, &Fleet::default()).await?);
    counts.report("export", began);
    if exported.duplications.len() != tables {
        return Err("the export lacks duplications".into());
    }
    println!("memory ours {} kB", peak_kilobytes()?);
    Ok(())
}

/// Returns the peak memory of this process.
fn peak_kilobytes() -> Fallible<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number.ok_or("the kernel does not report the peak memory")?.parse()?)
}

/// What the client has sent and received since the last report.
#[derive(Debug, Clone, Default)]
struct Counts(Arc<Traffic>);

#[derive(Debug, Default)]
struct Traffic {
    writes: AtomicU64,
    sent: AtomicU64,
    received: AtomicU64,
}

impl Counts {
    fn report(&self, operation: &str, began: Instant) {
        let milliseconds = began.elapsed().as_secs_f64() * 1_000.0;
        let Traffic { writes, sent, received } = &*self.0;
        let take = |counter: &AtomicU64| counter.swap(0, Ordering::Relaxed);
        println!(
            "{operation} ours {milliseconds:.1} {} {} {}",
            take(writes),
            take(sent),
            take(received)
        );
    }
}

/// Opens TCP connections that count their traffic.
#[derive(Debug)]
struct Counting(Counts);

impl Connector for Counting {
    fn connect(&self, to: SocketAddr) -> Connecting {
        let counts = self.0.clone();
        Box::pin(async move {
            let inner = TcpConnector.connect(to).await?;
            Ok(Box::new(Counted { inner, counts }) as Box<dyn Stream>)
        })
    }
}

struct Counted {
    inner: Box<dyn Stream>,
    counts: Counts,
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.inner).poll_read(cx, buf);
        let count = (buf.filled().len() - before) as u64;
        self.counts.0.received.fetch_add(count, Ordering::Relaxed);
        polled
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.inner).poll_write(cx, bytes);
        if let Poll::Ready(Ok(count)) = polled {
            self.counts.0.sent.fetch_add(count as u64, Ordering::Relaxed);
            self.counts.0.writes.fetch_add(1, Ordering::Relaxed);
        }
        polled
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
