//! A proxy to a server that loses adds.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The name of the RPC, which every add contains.
const ADD: &[u8] = b"RPC_CM_ADD_DUPLICATION";

/// What the proxy loses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lose {
    /// The add. The server never receives it, and the client gets no response.
    Request,
    /// The response to the add. The connection ends instead.
    Answer,
}

/// Starts a proxy to `target`, and returns its address. It forwards everything except what it
/// loses.
pub fn start(target: &str, lose: Lose) -> (String, Arc<AtomicBool>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
    let address = listener.local_addr().expect("bound").to_string();
    let target = target.to_owned();
    let seen = Arc::new(AtomicBool::new(false));
    let add_seen = seen.clone();
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let server = TcpStream::connect(&target).expect("the server");
            let lost = Arc::new(AtomicBool::new(false));
            let (there, back) = (copy(&client), copy(&server));
            let (seen, sent) = (seen.clone(), lost.clone());
            std::thread::spawn(move || {
                pump(there, &server, |bytes| {
                    if !bytes.windows(ADD.len()).any(|window| window == ADD) {
                        return Some(true);
                    }
                    sent.store(true, Ordering::SeqCst);
                    seen.store(true, Ordering::SeqCst);
                    Some(lose == Lose::Answer)
                });
            });
            std::thread::spawn(move || {
                pump(back, &client, |_| {
                    let over = lose == Lose::Answer && lost.load(Ordering::SeqCst);
                    if over { None } else { Some(true) }
                });
            });
        }
    });
    (address, add_seen)
}

fn copy(stream: &TcpStream) -> TcpStream {
    stream.try_clone().expect("clone")
}

/// Forwards the bytes for which `pass` returns true, until the end or a `None`. Then closes both
/// directions.
fn pump(mut from: TcpStream, mut to: &TcpStream, mut pass: impl FnMut(&[u8]) -> Option<bool>) {
    let mut buffer = [0; 65536];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        match pass(&buffer[..read]) {
            Some(true) if to.write_all(&buffer[..read]).is_ok() => {}
            Some(false) => {}
            _ => break,
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
