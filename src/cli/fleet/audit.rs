//! The command `audit`.

use crate::cli::args::{GenerationOption, Global};
use crate::cli::commands::deliver;
use crate::cli::exit::Exit;
use crate::cli::metas;
use crate::cli::output::{Format, Output};
use crate::fleet::{Audit, AuditLog, Now, Settled};

use super::{AuditArgs, Target, json, mistake, text};

/// Runs `audit`.
pub(in crate::cli) fn audit(
    global: &Global,
    before: GenerationOption,
    args: &AuditArgs,
    format: Format,
) -> Result<Exit, Output> {
    let mistake = |error| mistake(format, &error);
    let log = Audit::read(&args.file).map_err(mistake)?;
    let Some((last, _)) = log.unsettled().last() else {
        return Ok(deliver(output(&log, &[], format), true));
    };
    let metas = match metas::by_option(global) {
        true => metas::of(global).map_err(mistake)?,
        false => last.meta.clone(),
    };
    let generation = args.generation.generation.or(before.generation);
    let target = Target::new(metas, global, generation, format).map_err(mistake)?;
    Ok(target.read(async |client| {
        let settled = log.settle(client).await;
        output(&log, &settled, format)
    }))
}

/// Returns the output for a file, and for what a look at the cluster showed.
fn output(log: &AuditLog, settled: &[Settled], format: Format) -> Output {
    let stdout = match format.json {
        true => json::audit(log, settled),
        false => text::audit(log, settled),
    };
    let exit = match settled.iter().all(known) {
        true => Exit::Done,
        false => Exit::Unknown,
    };
    Output { stdout, stderr: text::unreadable(log), exit }
}

/// Returns whether the look at the cluster showed anything.
pub(super) fn known(settled: &Settled) -> bool {
    match settled.now {
        Now::Exists(_) | Now::Absent | Now::NoTable | Now::OtherTable(_) => true,
        Now::OtherCluster | Now::NotRead(_) => false,
    }
}
