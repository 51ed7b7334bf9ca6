//! A way to a server on which adds get lost.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Every add carries its name on the wire.
const ADD: &[u8] = b"RPC_CM_ADD_DUPLICATION";

/// What gets lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lose {
    /// The add: the server never sees it, and the client hears nothing.
    Request,
    /// The answer to the add: the connection ends when it would have come.
    Answer,
}

/// Passes everything on to `target` but what is to be lost; its own address.
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

/// Passes on what `pass` lets through, until the end or a `None`; then both ways are closed.
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
