//! A table that is recalled after the server was restarted has lost its duplications. An add makes a new
//! one, and the next restart loads the old one beside it. The client recognises the two and names both.

use std::path::Path;
use std::time::Duration;

use pegasus_dup::protocol::messages::{DropApp, DropAppRequest, RecallApp, RecallAppRequest};
use pegasus_dup::server::{Behaviour, MetaServer, ServerConfig, StoreChoice};
use pegasus_dup::{
    Client, Duplication, DuplicationSpec, ErrorCode, ErrorKind, Evidence, Generation, Outcome,
    Removal, Selector, TablePattern,
};

use crate::common::embedded;
use crate::common::peer::Peer;

const TABLE: &str = "temp";

/// A server over sockets that keeps its state in a file.
struct Scene {
    config: ServerConfig,
    server: MetaServer,
}

impl Scene {
    async fn start(behaviour: Behaviour, store: &Path) -> Scene {
        let config = ServerConfig {
            store: StoreChoice::File(store.to_owned()),
            nodes: Some(3),
            ..embedded::still(behaviour)
        };
        Scene { server: embedded::start(config.clone()).await, config }
    }

    async fn restart(&mut self) {
        self.server.stop().await;
        self.server = embedded::start(self.config.clone()).await;
    }

    async fn peer(&self) -> Peer {
        Peer::over(
            tokio::net::TcpStream::connect(self.server.address()).await.expect("a connection"),
        )
    }

    /// Returns a new client, which knows nothing of the server before.
    fn client(&self) -> Client {
        let client = Client::builder().meta(self.server.address().to_string());
        let client = match self.config.behaviour.generation() {
            Generation::RemoteName => client.generation(Generation::RemoteName),
            _ => client,
        };
        client.build().expect("a client")
    }

    async fn drop_table(&self) {
        let request = DropAppRequest { app_name: TABLE.to_owned(), options: Default::default() };
        assert_eq!(self.peer().await.call::<DropApp>(&request).await.err, ErrorCode::Ok);
    }

    async fn recall(&self, app_id: i32) {
        let request = RecallAppRequest { app_id, new_app_name: String::new() };
        assert_eq!(self.peer().await.call::<RecallApp>(&request).await.err, ErrorCode::Ok);
    }

    /// Brings about two duplications of one pair, and returns them.
    async fn two(&mut self) -> Vec<Duplication> {
        let spec = DuplicationSpec::new(TABLE, "target");
        let first = self.client().add(&spec).await.expect("an outcome");
        assert!(first.created(), "{first:?}");
        self.drop_table().await;
        self.restart().await;
        self.recall(first.value().table_id).await;
        // A dupid is the second of its creation, and the server does not know that the old one is taken.
        tokio::time::sleep(Duration::from_secs(1)).await;
        let second = self.client().add(&spec).await.expect("an outcome");
        assert!(second.created(), "{second:?}");
        self.restart().await;
        let both = self.client().query(TABLE).await.expect("a list");
        let dupids: Vec<i32> = both.iter().map(|one| one.dupid).collect();
        assert_eq!(dupids, [first.value().dupid, second.value().dupid]);
        both
    }
}

#[track_caller]
fn assert_names_both(text: &str, both: &[Duplication]) {
    for one in both {
        assert!(text.contains(&format!("dupid={}", one.dupid)), "{text}");
    }
}

/// Only the experimental behaviour `idempotent` keeps the duplications of dropped tables.
fn behaviours() -> impl Iterator<Item = Behaviour> {
    Behaviour::ALL.into_iter().filter(|&behaviour| behaviour != Behaviour::Idempotent)
}

#[tokio::test]
async fn an_add_and_a_change_name_both_and_change_nothing() {
    for behaviour in behaviours() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut scene = Scene::start(behaviour, &folder.path().join("store")).await;
        let both = scene.two().await;
        let client = scene.client();

        let outcome = client.add(&DuplicationSpec::new(TABLE, "target")).await.expect("an outcome");
        let Outcome::AlreadyExists { existing, evidence, warning, .. } = outcome else {
            panic!("{behaviour}: {outcome:?}");
        };
        assert_eq!((existing.dupid, evidence), (both[0].dupid, Evidence::ListedBefore));
        assert_names_both(&warning.expect("a warning"), &both);

        let pair = Selector::Cluster("target".to_owned());
        let removal = client.remove(TABLE, &pair).await.map(|_| ());
        for result in [
            removal,
            client.start(TABLE, &pair).await.map(|_| ()),
            client.pause(TABLE, &pair).await.map(|_| ()),
        ] {
            let error = result.expect_err("several match");
            assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{behaviour}: {error}");
            assert_names_both(error.message(), &both);
            assert!(error.hint().is_some_and(|hint| hint.contains("dupid")), "{error}");
            assert_eq!(error.known(), both);
        }
        assert_eq!(client.query(TABLE).await.expect("a list"), both, "{behaviour}");

        // The dupid selects one of them.
        let removal = client.remove(TABLE, &Selector::Dupid(both[0].dupid)).await;
        assert!(matches!(removal, Ok(Removal::Removed { .. })), "{behaviour}: {removal:?}");
        let left = client.list(&TablePattern::All).await.expect("a list");
        assert_eq!(left, both[1..], "{behaviour}");
        scene.server.stop().await;
    }
}

/// The response to the add is lost, and the old duplication comes back with the restart of the server.
#[tokio::test]
async fn an_add_after_which_two_are_listed_is_unknown_and_names_both() {
    let mut world = crate::common::fake::World::dup_exist();
    let dupid = crate::common::fake::DUPID;
    let fake = super::support::adding::fake(
        {
            world.entries.clear();
            world
        },
        |world, _| {
            let dupid = crate::common::fake::DUPID;
            world.entries = vec![world.entry(dupid - 500), world.entry(dupid)];
            crate::common::fake::Say::CLOSE
        },
    )
    .await;
    let outcome = super::support::adding::client(&fake).add(&super::support::adding::spec()).await;
    let error = super::support::adding::assert_error(&outcome, ErrorKind::OutcomeUnknown);
    for one in [dupid - 500, dupid] {
        assert!(error.message().contains(&format!("dupid={one}")), "{error}");
    }
    assert_eq!(error.known().len(), 2);
}
