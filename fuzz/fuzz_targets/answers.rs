//! Fuzzes what a client reads, with a server that sends any response. Every call must end in time
//! and without a panic, and its outcome must agree with what was sent. A Created without an add on
//! the wire is the worst defect.
//!
//! The first byte selects the call. Each connection continues to read the script where the previous
//! connection stopped. One byte decides what happens to the next request, or to the next look-up of
//! the version.
#![no_main]

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use pegasus_dup::protocol::frame::{decode_request, encode_framework_error, request_length};
use pegasus_dup::protocol::messages::{AddDuplication, ModifyDuplication, Rpc};
use pegasus_dup::transport::seams::{Connecting, Connector, LookingUp, Stream, VersionLookup};
use pegasus_dup::{
    Client, DuplicationSpec, ErrorCode, ErrorKind, Evidence, Mode, Outcome, Selector, TablePattern,
};
use pegasus_dup_fuzz::runtime;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

#[derive(Debug, Default)]
struct Script {
    bytes: Vec<u8>,
    at: usize,
    adds: usize,
    modifies: usize,
}

impl Script {
    fn byte(&mut self) -> Option<u8> {
        self.bytes.get(self.at).copied().inspect(|_| self.at += 1)
    }
    fn take(&mut self) -> Vec<u8> {
        let length = self.byte().map_or(0, usize::from) * 2;
        let end = (self.at + length).min(self.bytes.len());
        let taken = self.bytes[self.at..end].to_vec();
        self.at = end;
        taken
    }
}

#[derive(Debug, Clone)]
struct Scripted(Arc<Mutex<Script>>);

impl Connector for Scripted {
    fn connect(&self, _: SocketAddr) -> Connecting {
        let (client, server) = duplex(1 << 20);
        tokio::spawn(serve(server, Arc::clone(&self.0)));
        Box::pin(async move { Ok(Box::new(client) as Box<dyn Stream>) })
    }
}

impl VersionLookup for Scripted {
    fn version(&self, _: SocketAddr) -> LookingUp {
        let mut script = self.0.lock().expect("not poisoned");
        let version = match script.byte().unwrap_or(0) % 4 {
            0 => None,
            1 => Some("2.5.0".to_owned()),
            2 => Some("2.6.0-SNAPSHOT".to_owned()),
            _ => Some(String::from_utf8_lossy(&script.take()).into_owned()),
        };
        Box::pin(std::future::ready(version))
    }
}

/// Returns the frame of a response around any body.
fn framed(name: &str, seqid: i32, body: &[u8]) -> Vec<u8> {
    // The frame is that of a framework error, but with a body and ERR_OK.
    let empty = encode_framework_error(&ErrorCode::Ok, name, seqid);
    let mut frame = [&empty[4..], &[12, 0, 0], body, &[0]].concat();
    let length = u32::try_from(frame.len() + 4).expect("short");
    frame.splice(0..0, length.to_be_bytes());
    frame
}

async fn serve(mut stream: DuplexStream, script: Arc<Mutex<Script>>) {
    let mut input = Vec::new();
    loop {
        match request_length(&input, 1 << 20) {
            Ok(Some(length)) if length <= input.len() => {
                let frame: Vec<u8> = input.drain(..length).collect();
                let Some(answer) = answer(&frame, &script) else { return };
                if stream.write_all(&answer).await.is_err() {
                    return;
                }
            }
            Ok(_) => {
                if stream.read_buf(&mut input).await.unwrap_or(0) == 0 {
                    return;
                }
            }
            // The request is HTTP, which this server does not support.
            Err(_) => return,
        }
    }
}

fn answer(frame: &[u8], script: &Mutex<Script>) -> Option<Vec<u8>> {
    let request = decode_request(frame).expect("the client sends requests");
    let mut script = script.lock().expect("not poisoned");
    script.adds += usize::from(request.name == AddDuplication::NAME);
    script.modifies += usize::from(request.name == ModifyDuplication::NAME);
    let (name, seqid) = (&*request.name, request.seqid);
    match script.byte().unwrap_or(0) % 6 {
        0 => None,
        1 => Some(Vec::new()),
        2 => Some(encode_framework_error(&ErrorCode::HandlerNotFound, name, seqid)),
        3 => {
            // The whole frame comes from the script.
            Some(script.take())
        }
        4 => Some(framed(name, seqid.wrapping_add(1), &script.take())),
        _ => Some(framed(name, seqid, &script.take())),
    }
}

async fn call(client: &Client, which: u8, script: &Mutex<Script>) {
    let sent = || {
        let script = script.lock().expect("not poisoned");
        (script.adds, script.modifies)
    };
    let selector = Selector::Cluster("target".to_owned());
    match which % 5 {
        0 | 1 => {
            let spec = DuplicationSpec::new("temp", "target");
            let result = client.add(&spec).await;
            let (adds, modifies) = sent();
            assert_eq!(modifies, 0);
            match result {
                Ok(Outcome::Created { evidence, .. }) => {
                    assert!(adds > 0, "created without an add");
                    assert!(
                        evidence != Evidence::ListedBefore && evidence != Evidence::ListedAfter
                    );
                }
                Ok(Outcome::AlreadyExists { evidence: Evidence::ListedBefore, .. }) => {
                    assert_eq!(adds, 0, "listed before, and sent all the same");
                }
                Ok(Outcome::AlreadyExists { evidence, .. }) => {
                    assert!(adds > 0 && evidence.certain(), "{evidence:?}");
                }
                Err(error) if error.kind() == ErrorKind::OutcomeUnknown => {
                    assert!(adds > 0, "in doubt about nothing: {error}");
                }
                Err(_) => {}
            }
        }
        2 => {
            let _ = client.list(&TablePattern::All).await;
            assert_eq!(sent(), (0, 0));
        }
        3 => {
            let _ = client.query("temp").await;
            assert_eq!(sent(), (0, 0));
        }
        _ => {
            let result = client.pause("temp", &selector).await;
            let (adds, modifies) = sent();
            assert_eq!(adds, 0);
            let changed = result.as_ref().is_ok_and(|change| change.changed());
            assert!(!changed || modifies > 0, "changed without a modify: {result:?}");
        }
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((&which, bytes)) = data.split_first() else { return };
    let script = Script { bytes: bytes.to_vec(), ..Script::default() };
    let script = Arc::new(Mutex::new(script));
    runtime().block_on(async {
        let scripted = Scripted(Arc::clone(&script));
        let client = Client::builder()
            .meta("127.0.0.1:34601")
            .mode(if which >= 128 { Mode::Direct } else { Mode::Safe })
            .timeout(Duration::from_secs(5))
            .connector(scripted.clone())
            .version_lookup(scripted)
            .seed(1)
            .build()
            .expect("a client");
        let call = call(&client, which, &script);
        // The clock is paused, and advances only when nothing else can run.
        tokio::time::timeout(Duration::from_secs(60), call).await.expect("it ends in time");
    });
});
