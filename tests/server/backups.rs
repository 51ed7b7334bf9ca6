//! Tests how backup policies are added, listed and changed, in the cases that the recordings do not have.
//! The responses of `dup-exist`, `checkpoint` and `freezed` were compared with those of real servers.

use std::sync::Arc;

use pegasus_dup::ErrorCode;
use pegasus_dup::protocol::messages::{
    AddBackupPolicyRequest, BackupEntry, ModifyBackupPolicyRequest, QueryBackupPolicy,
    QueryBackupPolicyRequest,
};
use pegasus_dup::server::store::MemoryStore;
use pegasus_dup::server::{Behaviour, ClockMode, ServerConfig};

use super::support::policies::{
    DONE, NOW_MS, add, change, config, in_memory, kept, modify, named, policy, query, said, serve,
    try_add,
};
use crate::common::peer::Peer;

/// The time that a backup takes.
const BACKUP_MS: i64 = 20_000;
/// The setting for the least interval, in the hint of a refusal.
const RESERVE: &str = "cold_backup_checkpoint_reserve_minutes=10";

/// Returns the backups of a policy.
async fn backups(peer: &mut Peer, name: &str) -> Vec<BackupEntry> {
    query(peer, &[name]).await.backup_infos.expect("a list").remove(0)
}

#[tokio::test]
async fn each_generation_has_its_own_limits_and_hints() {
    for behaviour in Behaviour::ALL {
        let (hub, _, mut peer) = in_memory(behaviour);
        let old = matches!(behaviour, Behaviour::Freezed | Behaviour::Checkpoint);
        let least = match behaviour {
            Behaviour::Freezed => format!("greater than {RESERVE}"),
            Behaviour::Checkpoint => format!("greater than FLAGS_{RESERVE}"),
            _ => format!("larger than {RESERVE}"),
        };
        let wrong = ErrorCode::InvalidParameters;
        let interval = |name: &str, seconds: i64| AddBackupPolicyRequest {
            backup_interval_seconds: seconds,
            ..policy(name)
        };
        let day = "backup interval must be >= 86400 (1 day)";
        let got = add(&mut peer, &interval("short", 600)).await;
        assert_eq!(got, (wrong.clone(), format!("backup interval must be {least}")), "{behaviour}");
        let got = add(&mut peer, &interval("hour", 3_600)).await;
        let expected = if old { DONE } else { (wrong.clone(), day) };
        assert_eq!(said(&got), expected, "{behaviour}");
        // Names.
        for name in ["a-b", "9", "backup_info", "a:b", "täglich", "__x"] {
            let got = add(&mut peer, &policy(name)).await;
            assert_eq!(got.0 == ErrorCode::Ok, old, "{behaviour} {name} {got:?}");
            let refused = got.1.starts_with(&format!("invalid policy name: '{name}', policy name"));
            assert_eq!(refused, !old, "{behaviour} {name} {got:?}");
        }
        assert_eq!(said(&add(&mut peer, &policy("daily")).await), DONE, "{behaviour}");
        let got = add(&mut peer, &policy("daily")).await;
        let taken = match old {
            true => "invalid policy_name: daily",
            false => "invalid policy name: 'daily', policy name is already exist",
        };
        assert_eq!(said(&got), (wrong.clone(), taken), "{behaviour}");
        // Changes. What is not valid is skipped.
        let seconds = |seconds: i64| ModifyBackupPolicyRequest {
            new_backup_interval_sec: Some(seconds),
            ..change("daily")
        };
        assert_eq!(said(&modify(&mut peer, &seconds(1)).await), DONE, "{behaviour}");
        assert_eq!(said(&modify(&mut peer, &seconds(0)).await), DONE, "{behaviour}");
        let shown = query(&mut peer, &["daily"]).await.policys.expect("a list").remove(0);
        let kept = if old { "1" } else { "86400" };
        assert_eq!(shown.backup_interval_seconds, kept, "{behaviour}");
        assert_eq!(hub.would_have_died(), 0, "{behaviour}");
    }
}

#[tokio::test]
async fn the_checks_have_the_order_of_a_real_server() {
    let (_, _, mut peer) = in_memory(Behaviour::DupExist);
    assert_eq!(said(&add(&mut peer, &policy("taken")).await), DONE);
    // Each step repairs the first fault of the request before it.
    let mut request = AddBackupPolicyRequest {
        backup_provider_type: "nosuch".to_owned(),
        policy_name: "backup_info-".to_owned(),
        app_ids: vec![1, 99, 98],
        backup_interval_seconds: 600,
        ..policy("")
    };
    let mut hints = Vec::new();
    let mut note = async |request: &AddBackupPolicyRequest| {
        let (code, hint) = add(&mut peer, request).await;
        assert_eq!(code == ErrorCode::Ok, hint.is_empty());
        hints.push(hint);
    };
    note(&request).await;
    request.backup_interval_seconds = 601;
    note(&request).await;
    request.backup_interval_seconds = 86_400;
    note(&request).await;
    request.app_ids = vec![1];
    note(&request).await;
    request.policy_name = "taken-".to_owned();
    note(&request).await;
    request.policy_name = "ta:ken".to_owned();
    note(&request).await;
    request.policy_name = "taken".to_owned();
    note(&request).await;
    request.policy_name = "free".to_owned();
    note(&request).await;
    request.backup_provider_type = "local_service".to_owned();
    note(&request).await;
    assert_eq!(
        hints,
        [
            format!("backup interval must be larger than {RESERVE}").as_str(),
            "backup interval must be >= 86400 (1 day)",
            "invalid app 99",
            "invalid policy name: 'backup_info-', policy name is reserved",
            "invalid policy name: 'taken-', policy name should match regex \
             '[a-zA-Z_:][a-zA-Z0-9_:]*' when act as a metric name in prometheus",
            "invalid policy name: 'ta:ken', policy name should match regex \
             '[a-zA-Z_][a-zA-Z0-9_]*' when act as a metric label in prometheus",
            "invalid policy name: 'taken', policy name is already exist",
            "invalid backup_provider_type: nosuch",
            "",
        ]
    );
}

#[tokio::test]
async fn the_providers_are_those_of_the_configuration() {
    let config = ServerConfig {
        block_services: vec!["a".to_owned(), "b".to_owned()],
        ..config(Behaviour::DupExist)
    };
    let (_, _, mut peer) = serve(&config, Arc::new(MemoryStore::new()));
    // A NUL ends the name where the server looks for the provider.
    for (name, provider, accepted) in [
        ("p1", "a", true),
        ("p2", "b", true),
        ("p3", "b\0c", true),
        ("p4", "local_service", false),
        ("p5", "", false),
    ] {
        let backup_provider_type = provider.to_owned();
        let request = AddBackupPolicyRequest { backup_provider_type, ..policy(name) };
        let (code, hint) = add(&mut peer, &request).await;
        assert_eq!(code == ErrorCode::Ok, accepted, "{provider:?} {hint}");
    }
}

#[tokio::test]
async fn names_that_end_a_real_server_are_counted() {
    let braces = |behaviour| matches!(behaviour, Behaviour::RemoteName | Behaviour::DupExist);
    let old = |behaviour| matches!(behaviour, Behaviour::Freezed | Behaviour::Checkpoint);
    let provider = |provider: &str, name: &str| AddBackupPolicyRequest {
        backup_provider_type: provider.to_owned(),
        ..policy(name)
    };
    for behaviour in Behaviour::ALL {
        let (hub, _, _) = in_memory(behaviour);
        let mut peer = Peer::in_memory(&hub);
        assert_eq!(said(&add(&mut peer, &policy("taken")).await), DONE);
        let short = AddBackupPolicyRequest { backup_interval_seconds: 600, ..policy("a{b") };
        let mut died = 0;
        for (request, ends) in [
            (policy("a{b"), braces(behaviour)),
            (policy("a}b"), braces(behaviour)),
            (policy("a{{b"), false),
            (provider("a{b", "free"), braces(behaviour)),
            // The hint does not name the policy or the provider.
            (short, false),
            (AddBackupPolicyRequest { app_ids: vec![99], ..policy("a{b") }, false),
            (provider("a{b", "taken"), false),
            // The name is a part of a path, which ends a server that keeps its state in ZooKeeper.
            (policy("a/b"), old(behaviour)),
            (policy(""), old(behaviour)),
            (provider("nosuch", "a/b"), false),
        ] {
            let mut peer = Peer::in_memory(&hub);
            let got = try_add(&mut peer, &request).await;
            assert_eq!(got.is_none(), ends, "{behaviour} {request:?} {got:?}");
            died += u64::from(ends);
            assert_eq!(hub.would_have_died(), died, "{behaviour} {request:?}");
        }
        for (names, ends) in [
            (&["a}b"][..], braces(behaviour)),
            (&["taken", "{"], braces(behaviour)),
            (&["{", "}"], braces(behaviour)),
            (&["x{{}}y"], false),
            (&["taken", "other"], false),
        ] {
            let mut peer = Peer::in_memory(&hub);
            let got = peer.try_call::<QueryBackupPolicy>(&named(names)).await;
            assert_eq!(got.is_none(), ends, "{behaviour} {names:?} {got:?}");
            died += u64::from(ends);
            assert_eq!(hub.would_have_died(), died, "{behaviour} {names:?}");
        }
        // The hint of a change names nothing.
        let got = modify(&mut peer, &change("a{nosuch")).await;
        assert_eq!(said(&got), (ErrorCode::InvalidParameters, ""), "{behaviour}");
        assert_eq!(hub.would_have_died(), died, "{behaviour}");
    }
}

#[tokio::test]
async fn a_backup_begins_with_the_add_and_ends() {
    for (clock_mode, takes) in [
        (ClockMode::Real, BACKUP_MS),
        (ClockMode::Stopped, BACKUP_MS),
        (ClockMode::Fast, BACKUP_MS / 100),
    ] {
        let config = ServerConfig { clock: Some(clock_mode), ..config(Behaviour::DupExist) };
        let (_, clock, mut peer) = serve(&config, Arc::new(MemoryStore::new()));
        for (name, start_time, tables) in [
            ("this_hour", "11:00", vec![1, 2]),
            ("any_time", "24:00", vec![1]),
            ("next_hour", "12:00", vec![1]),
            ("no_tables", "11:00", vec![]),
        ] {
            let start_time = start_time.to_owned();
            let request = AddBackupPolicyRequest { start_time, app_ids: tables, ..policy(name) };
            assert_eq!(said(&add(&mut peer, &request).await), DONE);
        }
        let running = BackupEntry {
            backup_id: NOW_MS,
            start_time_ms: NOW_MS,
            end_time_ms: 0,
            app_ids: [1, 2].into(),
        };
        clock.forward(takes - 1);
        let shown = backups(&mut peer, "this_hour").await;
        assert_eq!(shown, std::slice::from_ref(&running));
        assert_eq!(backups(&mut peer, "any_time").await.len(), 1);
        assert_eq!(backups(&mut peer, "next_hour").await, []);
        clock.forward(1);
        let ended = BackupEntry { end_time_ms: NOW_MS + takes, ..running };
        assert_eq!(backups(&mut peer, "this_hour").await, [ended]);
        clock.forward(86_400_000);
        assert_eq!(backups(&mut peer, "no_tables").await[0].end_time_ms, 0);
        let none = QueryBackupPolicyRequest { backup_info_count: 0, ..named(&["this_hour"]) };
        let hidden = peer.call::<QueryBackupPolicy>(&none).await;
        assert_eq!(hidden.backup_infos, Some(vec![vec![]]));
    }
}

#[tokio::test]
async fn a_policy_is_not_disabled_while_a_backup_is_running_unless_forced() {
    for behaviour in Behaviour::ALL {
        let (_, clock, mut peer) = in_memory(behaviour);
        let now = AddBackupPolicyRequest { start_time: "24:00".to_owned(), ..policy("now") };
        assert_eq!(said(&add(&mut peer, &now).await), DONE);
        let disable = ModifyBackupPolicyRequest { is_disable: Some(true), ..change("now") };
        // The other fields of the request take effect.
        let keep =
            ModifyBackupPolicyRequest { backup_history_count_to_keep: Some(9), ..disable.clone() };
        let got = modify(&mut peer, &keep).await;
        assert_eq!(said(&got), (ErrorCode::Busy, ""), "{behaviour}");
        assert_eq!(kept(&mut peer).await, [("now".to_owned(), 9)], "{behaviour}");
        let force = ModifyBackupPolicyRequest { force_disable: Some(true), ..disable.clone() };
        let can_force = matches!(behaviour, Behaviour::DupExist | Behaviour::Idempotent);
        let expected = if can_force { DONE } else { (ErrorCode::Busy, "") };
        assert_eq!(said(&modify(&mut peer, &force).await), expected, "{behaviour}");
        let shown = query(&mut peer, &["now"]).await.policys.expect("a list").remove(0);
        assert_eq!(shown.is_disable, can_force, "{behaviour}");
        clock.forward(BACKUP_MS);
        assert_eq!(said(&modify(&mut peer, &disable).await), DONE, "{behaviour}");
        let enable = ModifyBackupPolicyRequest { is_disable: Some(false), ..change("now") };
        assert_eq!(said(&modify(&mut peer, &enable).await), DONE, "{behaviour}");
        let got = modify(&mut peer, &enable).await;
        assert_eq!(said(&got), (ErrorCode::Ok, "policy is already enabled"), "{behaviour}");
    }
}
