//! Runs the actors of a schedule. Each actor runs in a task of its own, and makes one call after
//! the other.

use std::pin::pin;
use std::time::Duration;

use pegasus_dup::fleet::{self, Stop, Summary, Work};
use pegasus_dup::{Client, RecallSpec, Selector};
use tokio::time::{sleep, timeout};

use super::plan::{Actor, CLUSTER, Step, TABLE, What, Who};
use super::plan_fleet::Apply;
use super::plan_table::TableStep;
use super::raw;
use super::streams::Network;
use super::trace::{Ended, Line};

/// What an actor leaves behind.
pub(crate) struct Left {
    pub(crate) who: usize,
    /// The requests that the client of the actor still reports as unsettled.
    pub(crate) unsettled: Vec<String>,
}

/// Runs all steps of an actor.
pub(crate) async fn run(actor: Actor, network: Network, seed: u64) -> Left {
    let who = network.who;
    let unsettled = match actor.who {
        Who::Client(_) | Who::Stating(_) => as_client(&actor, &network, seed).await,
        Who::Raw => {
            as_raw(&actor, &network).await;
            Vec::new()
        }
    };
    Left { who, unsettled }
}

async fn as_client(actor: &Actor, network: &Network, seed: u64) -> Vec<String> {
    let metas = if network.by_name {
        "meta.example:34601".to_owned()
    } else {
        network.addresses().iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
    };
    let builder = match actor.who {
        Who::Stating(stated) => Client::builder().generation(stated),
        Who::Client(_) | Who::Raw => Client::builder(),
    };
    let client = builder
        .meta(metas)
        .resolver(network.clone())
        .connector(network.clone())
        .version_lookup(network.clone())
        .mode(actor.who.mode().unwrap_or_default())
        .seed(seed)
        .build()
        .expect("a client");
    let who = network.who;
    for step in &actor.steps {
        sleep(Duration::from_millis(step.after_ms)).await;
        let call = network.pen.begins(who, step);
        let client = client.with_timeout(Duration::from_millis(step.timeout_ms));
        let how = match step.give_up_ms {
            None => call_client(&client, step).await,
            Some(ms) => timeout(Duration::from_millis(ms), call_client(&client, step))
                .await
                .unwrap_or(Ended::GaveUp),
        };
        network.pen.write(Line::Ends { call, how });
    }
    client.unsettled()
}

async fn call_client(client: &Client, step: &Step) -> Ended {
    let which = Selector::Cluster(CLUSTER.to_owned());
    match &step.what {
        What::Add(spec) => Ended::Add(client.add(spec).await),
        What::Query => Ended::Queried(client.query(TABLE).await),
        What::Start => Ended::Change(client.start(TABLE, &which).await),
        What::Pause => Ended::Change(client.pause(TABLE, &which).await),
        What::Remove | What::Replace => Ended::Removal(client.remove(TABLE, &which).await),
        What::SetFailMode(mode) => Ended::Change(client.set_fail_mode(TABLE, &which, *mode).await),
        What::Apply(apply) => Ended::Applied(call_apply(client, apply).await.map(Box::new)),
        What::Table(TableStep::Create(spec)) => Ended::Created(client.create_table(spec).await),
        What::Table(TableStep::Drop(name)) => Ended::Dropped(client.drop_table(name, None).await),
        What::Table(TableStep::RecallById { id, name }) => {
            let new_name = name.map(str::to_owned);
            let spec = RecallSpec { new_name, ..RecallSpec::new(*id) };
            Ended::Recalled(client.recall_table(&spec).await)
        }
        What::Table(other) => unreachable!("no client has the step {other}"),
    }
}

/// Plans a fleet and applies the plan.
async fn call_apply(client: &Client, apply: &Apply) -> pegasus_dup::Result<(fleet::Plan, Summary)> {
    let plan = fleet::Plan::make(client, &apply.fleet).await?;
    let work = Work::new(plan.clone(), apply.options.clone())?;
    let stop = Stop::new();
    let mut running = pin!(work.run(client, None, &stop, |_| ()));
    if let Some(ms) = apply.stop_ms {
        match timeout(Duration::from_millis(ms), &mut running).await {
            Ok(summary) => return Ok((plan, summary?)),
            Err(_) => stop.stop(),
        }
    }
    Ok((plan, running.await?))
}

async fn as_raw(actor: &Actor, network: &Network) {
    for step in &actor.steps {
        sleep(Duration::from_millis(step.after_ms)).await;
        let call = network.pen.begins(network.who, step);
        let limit = Duration::from_millis(step.timeout_ms);
        let how = timeout(limit, raw::act(network, &step.what)).await;
        let how = how.unwrap_or_else(|_| "no response in time".to_owned());
        network.pen.write(Line::Ends { call, how: Ended::Raw(how) });
    }
}
