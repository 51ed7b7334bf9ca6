//! Declares the duplications that a cluster has.

use super::pattern::TableGlobs;
use super::spec::{Declaration, DeclaredFailMode, DeclaredStatus, Fleet, RemoteTable};
use super::state::{State, TableState};
use crate::escape::name;
use crate::protocol::generation::Generation;
use crate::resource::{Duplication, several};

/// Returns a fleet that declares every duplication of a cluster as it is, and warnings about what cannot be
/// declared. If there are no warnings, a plan of this fleet finds every duplication as wanted.
///
/// A duplication is left out if it is not settled, if its table has another duplication to the same remote
/// cluster, or if a file cannot hold its names. The fleet declares no checkpoints, because servers do not report
/// whether a checkpoint was shipped. It declares no scopes either, so nothing is ever removed because of it.
pub fn export(state: &State) -> (Fleet, Vec<String>) {
    let mut warnings = Vec::new();
    let mut fleet = Fleet { expect_cluster: state.cluster_name.clone(), ..Fleet::default() };
    if state.generation.is_none() {
        warnings
            .push("the generation of the server is unknown, so a plan compares nothing".to_owned());
    }
    let mut unreported = 0;
    for (table, has) in &state.tables {
        for one in &has.duplications {
            let declared = declare(table, has, one);
            warnings.extend(declared.warning);
            let Some(declaration) = declared.declaration else { continue };
            fleet.duplications.push(declaration);
            let keeps_name = state.generation.is_some_and(Generation::keeps_table_name);
            unreported += usize::from(one.remote_table.is_none() && !keeps_name);
        }
    }
    if unreported > 0 {
        warnings.push(format!(
            "the server does not report the names of remote tables, and the names of the tables themselves were taken instead: duplications={unreported}"
        ));
    }
    (fleet, warnings)
}

/// The declaration of one duplication, as far as it can be declared.
struct Declared {
    declaration: Option<Declaration>,
    warning: Option<String>,
}

fn declare(table: &str, has: &TableState, one: &Duplication) -> Declared {
    let left_out = |why: &str| Declared {
        declaration: None,
        warning: Some(format!("a duplication was left out, because {why}: {}", shown(table, one))),
    };
    if one.is_being_removed() {
        return left_out("the server is removing it");
    }
    let pair = has.duplications.iter().filter(|other| other.cluster == one.cluster);
    let pair: Vec<&Duplication> = pair.filter(|other| !other.is_being_removed()).collect();
    if pair.len() > 1 {
        // One warning is enough for all of them.
        let is_first = pair.first().is_some_and(|first| std::ptr::eq(*first, one));
        let why = || format!("duplications were left out, because {}", several(&pair));
        return Declared { declaration: None, warning: is_first.then(why) };
    }
    let Some(status) = one.status.and_then(DeclaredStatus::of) else {
        return match one.status {
            Some(status) => left_out(&format!("the status {status} cannot be declared")),
            None => left_out("its status is not known"),
        };
    };
    if table.is_empty() {
        return left_out("its table has no name");
    }
    let other_name = one.remote_table.as_ref().filter(|remote_table| *remote_table != table);
    let remote_table = match other_name.map(|name| name.parse::<RemoteTable>()).transpose() {
        Ok(remote_table) => remote_table.unwrap_or_default(),
        Err(error) => return left_out(&error.to_string()),
    };
    let fail_mode = one.fail_mode.and_then(DeclaredFailMode::of);
    let unnamed = one.fail_mode.filter(|_| fail_mode.is_none());
    let declaration = Declaration {
        remote_table,
        remote_replica_count: one.remote_replica_count.filter(|&count| count > 0),
        fail_mode,
        status: Some(status),
        ..Declaration::new(TableGlobs::exact(table), &*one.cluster)
    };
    Declared {
        declaration: Some(declaration),
        warning: unnamed
            .map(|mode| format!("the fail mode {mode} cannot be declared: {}", shown(table, one))),
    }
}

fn shown(table: &str, one: &Duplication) -> String {
    format!("table={} cluster={} dupid={}", name(table), name(&one.cluster), one.dupid)
}
