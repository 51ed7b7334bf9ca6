//! A fake meta server. It sends the responses that the test defines, including wrong ones.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pegasus_dup::ErrorCode;
use pegasus_dup::protocol::frame;
use pegasus_dup::protocol::messages::*;
use pegasus_dup::protocol::thrift::Wire;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// A request that the server received.
#[derive(Debug, Clone)]
pub struct Seen {
    pub name: String,
    pub seqid: i32,
    pub frame: Vec<u8>,
}

impl Seen {
    pub fn is<R: Rpc>(&self) -> bool {
        self.name == R::NAME
    }

    pub fn read<R: Rpc>(&self) -> R::Request {
        assert!(self.is::<R>(), "{} is no {}", self.name, R::NAME);
        frame::decode_request(&self.frame).unwrap().request().unwrap()
    }

    pub fn answer<T: Wire>(&self, answer: &T) -> Say {
        Say::bytes(frame::encode_response(answer, &self.name, self.seqid))
    }

    pub fn no_such_rpc(&self) -> Say {
        self.framework("ERR_HANDLER_NOT_FOUND")
    }

    pub fn framework(&self, code: &str) -> Say {
        let code = ErrorCode::from_name(code);
        Say::bytes(frame::encode_framework_error(&code, &self.name, self.seqid))
    }
}

/// The reaction to a request. After the delay the server sends the bytes, and may then close the
/// connection.
#[derive(Debug, Clone)]
pub struct Say {
    pub delay: Duration,
    pub bytes: Vec<u8>,
    pub closes: bool,
}

impl Say {
    pub fn bytes(bytes: Vec<u8>) -> Say {
        Say { delay: Duration::ZERO, bytes, closes: false }
    }
}

/// Returns the bytes of the response to `GET TARGET`. If they are empty, the server closes the
/// connection.
pub type Pages = fn(&str) -> String;

/// A page that is never sent.
pub const SILENCE: &str = "\0";

/// Splits a page: the server sends the text after it in a segment of its own.
pub const CUT: char = '\u{1}';

/// Decides the reaction to each request.
pub type Script = Arc<Mutex<dyn FnMut(&Seen) -> Say + Send>>;

/// A fake server on a free loopback port. It ends with the test.
pub struct Fake {
    pub address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    _tasks: JoinSet<()>,
}

impl Fake {
    pub async fn start(script: impl FnMut(&Seen) -> Say + Send + 'static) -> Fake {
        Fake::with_pages(|_| String::new(), script).await
    }

    pub async fn with_pages(
        pages: Pages,
        script: impl FnMut(&Seen) -> Say + Send + 'static,
    ) -> Fake {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let script: Script = Arc::new(Mutex::new(script));
        let mut tasks = JoinSet::new();
        let noted = seen.clone();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                stream.set_nodelay(true).unwrap();
                connections.spawn(serve(stream, pages, script.clone(), noted.clone()));
            }
        });
        Fake { address, seen, _tasks: tasks }
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

/// Responds to the requests on one stream, which may be in memory, as the script says.
pub async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    pages: Pages,
    script: Script,
    noted: Arc<Mutex<Vec<Seen>>>,
) {
    // The buffer holds a whole segment, so that a request is read in as many pieces as it arrives
    // in.
    let mut bytes = Vec::with_capacity(16 << 10);
    loop {
        if bytes.starts_with(b"GET ") {
            let target = String::from_utf8_lossy(&bytes).split(' ').nth(1).unwrap().to_owned();
            let page = pages(&target);
            if page == SILENCE {
                std::future::pending::<()>().await;
            }
            // A real 2.5.0 closes a connection whose request arrives in two segments.
            if !bytes.ends_with(b"\r\n\r\n") {
                return;
            }
            for piece in page.split(CUT) {
                stream.write_all(piece.as_bytes()).await.unwrap_or(());
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            return;
        }
        let length = match frame::request_length(&bytes, 1 << 20) {
            Ok(length) => length,
            Err(_) => return,
        };
        if let Some(length) = length.filter(|&length| length <= bytes.len()) {
            let frame: Vec<u8> = bytes.drain(..length).collect();
            let request = frame::decode_request(&frame).unwrap();
            let seen =
                Seen { name: request.name.into(), seqid: request.seqid, frame: frame.clone() };
            noted.lock().unwrap().push(seen.clone());
            let say = script.lock().unwrap()(&seen);
            if !say.delay.is_zero() {
                tokio::time::sleep(say.delay).await;
            }
            stream.write_all(&say.bytes).await.unwrap_or(());
            if say.closes {
                return;
            }
            continue;
        }
        if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return;
        }
    }
}

/// The state of a fake server: one table and its duplications.
#[derive(Debug, Clone)]
pub struct World {
    pub table: String,
    pub table_id: i32,
    pub entries: Vec<Entry>,
    /// Whether the server has the list RPC, and the fields of `dup-exist`.
    pub lists: bool,
    /// Whether the server has the replica count RPC, like 2.4 and later.
    pub counts: bool,
}

pub const DUPID: i32 = 1_795_488_624;

impl World {
    pub fn dup_exist() -> World {
        World { table: "temp".into(), table_id: 3, entries: Vec::new(), lists: true, counts: true }
    }

    pub fn entry(&self, dupid: i32) -> Entry {
        Entry {
            dupid,
            status: 3,
            remote: "target".into(),
            create_ts: i64::from(dupid) * 1000,
            progress: None,
            fail_mode: Some(0),
            remote_app_name: self.lists.then(|| self.table.clone()),
            remote_replica_count: self.lists.then_some(3),
            mode: None,
            partition_states: None,
        }
    }

    /// Returns the correct response of a leader to every request except adds and modifies.
    pub fn answer(&self, seen: &Seen) -> Say {
        match seen.name.as_str() {
            QueryConfig::NAME => seen.answer(&QueryConfigResponse {
                err: ErrorCode::Ok,
                app_id: Some(self.table_id),
                partition_count: Some(8),
                is_stateful: Some(true),
                partitions: Some(Vec::new()),
            }),
            ListDuplication::NAME if self.lists => {
                let state = AppState {
                    appid: self.table_id,
                    duplications: self.entries.iter().map(|e| (e.dupid, e.clone())).collect(),
                    app_name: Some(self.table.clone()),
                    partition_count: Some(8),
                };
                let wanted = seen.read::<ListDuplication>();
                let named = wanted.app_name_pattern == self.table || wanted.match_type == 1;
                seen.answer(&ListResponse {
                    err: ErrorCode::Ok,
                    hint_message: Some(String::new()),
                    app_states: Some(
                        named.then(|| (self.table.clone(), state)).into_iter().collect(),
                    ),
                })
            }
            GetMaxReplicaCount::NAME if self.counts => seen.answer(&MaxReplicaCountResponse {
                err: ErrorCode::AppNotExist,
                max_replica_count: Some(0),
                hint_message: Some("handled is all that counts".into()),
            }),
            QueryDuplication::NAME if seen.read::<QueryDuplication>().app_name == self.table => {
                seen.answer(&QueryResponse {
                    err: ErrorCode::Ok,
                    appid: Some(self.table_id),
                    entry_list: Some(self.entries.clone()),
                })
            }
            QueryDuplication::NAME => seen.answer(&QueryResponse {
                err: ErrorCode::AppNotExist,
                appid: Some(0),
                entry_list: Some(Vec::new()),
            }),
            _ => seen.no_such_rpc(),
        }
    }
}

pub fn refused(code: &str, hint: &str) -> AddResponse {
    AddResponse {
        err: ErrorCode::from_name(code),
        appid: Some(0),
        dupid: Some(0),
        hint: Some(hint.to_owned()).filter(|hint| !hint.is_empty()),
        remote_app_name: None,
        remote_replica_count: None,
    }
}
