//! Functions of the fake server that only the tests of the client use.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use pegasus_dup::ErrorCode;
use pegasus_dup::protocol::messages::{AddResponse, Rpc};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::common::fake::{Fake, Say, Seen, World, serve};

impl Say {
    /// No response, and the connection stays open.
    pub const NOTHING: Say = Say { delay: Duration::ZERO, bytes: Vec::new(), closes: false };

    /// No response, and the connection is closed.
    pub const CLOSE: Say = Say { delay: Duration::ZERO, bytes: Vec::new(), closes: true };

    /// Returns the same response with a delay.
    pub fn later(self, delay: Duration) -> Say {
        Say { delay, ..self }
    }
}

impl Fake {
    /// Returns the first such request.
    pub fn first<R: Rpc>(&self) -> R::Request {
        self.seen().iter().find(|seen| seen.is::<R>()).expect("none came").read::<R>()
    }

    pub fn count<R: Rpc>(&self) -> usize {
        self.seen().iter().filter(|seen| seen.is::<R>()).count()
    }
}

impl World {
    /// Returns a server of 2.4 or later, without the list RPC and without HTTP.
    pub fn old() -> World {
        World { lists: false, ..World::dup_exist() }
    }

    /// Returns a server of 2.3 or older.
    pub fn freezed() -> World {
        World { counts: false, ..World::old() }
    }

    pub fn made(&self, dupid: i32) -> AddResponse {
        AddResponse {
            err: ErrorCode::Ok,
            appid: Some(self.table_id),
            dupid: Some(dupid),
            hint: None,
            remote_app_name: self.lists.then(|| self.table.clone()),
            remote_replica_count: self.lists.then_some(3),
        }
    }
}

/// Responds to the requests on one stream, which may be in memory.
pub async fn answer(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    script: impl FnMut(&Seen) -> Say + Send + 'static,
) {
    serve(stream, |_| String::new(), Arc::new(Mutex::new(script)), Arc::default()).await;
}
