//! Adds to a fake server, and checks of their outcomes.

use std::time::Duration;

use pegasus_dup::protocol::messages::*;
use pegasus_dup::{Client, Duplication, DuplicationSpec, Error, ErrorKind, Evidence, Outcome};

use crate::common::fake::{Fake, Say, Seen, World};

/// How the fake server handles an add. It may change the world, and returns a response.
pub type OnAdd = fn(&mut World, &Seen) -> Say;

pub fn spec() -> DuplicationSpec {
    DuplicationSpec::new("temp", "target")
}

pub fn client(fake: &Fake) -> Client {
    Client::builder()
        .meta(fake.address.to_string())
        .timeout(Duration::from_millis(1500))
        .build()
        .unwrap()
}

pub async fn fake(world: World, on_add: OnAdd) -> Fake {
    let mut world = world;
    Fake::start(move |seen| match seen.is::<AddDuplication>() {
        true => on_add(&mut world, seen),
        false => world.answer(seen),
    })
    .await
}

pub async fn add(
    world: World,
    spec: DuplicationSpec,
    on_add: OnAdd,
) -> (Result<Outcome<Duplication>, Error>, Fake) {
    let fake = fake(world, on_add).await;
    let outcome = client(&fake).add(&spec).await;
    (outcome, fake)
}

pub fn with(world: World, entries: impl FnOnce(&World) -> Vec<Entry>) -> World {
    let entries = entries(&world);
    World { entries, ..world }
}

pub fn assert_created(
    outcome: &Result<Outcome<Duplication>, Error>,
    evidence: Evidence,
) -> Duplication {
    match outcome {
        Ok(Outcome::Created { value, evidence: found, .. }) if *found == evidence => value.clone(),
        other => panic!("expected Created, {evidence}; got {other:?}"),
    }
}

pub fn assert_exists(
    outcome: &Result<Outcome<Duplication>, Error>,
    evidence: Evidence,
) -> Duplication {
    match outcome {
        Ok(Outcome::AlreadyExists { existing, evidence: found, .. }) if *found == evidence => {
            existing.clone()
        }
        other => panic!("expected AlreadyExists, {evidence}; got {other:?}"),
    }
}

pub fn assert_error(outcome: &Result<Outcome<Duplication>, Error>, kind: ErrorKind) -> Error {
    match outcome {
        Err(error) if error.kind() == kind => error.clone(),
        other => panic!("expected an error {kind}; got {other:?}"),
    }
}
