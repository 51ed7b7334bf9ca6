//! The commands that change nothing: `plan`, `export` and `add --dry-run`.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use tempfile::NamedTempFile;

use crate::cli::args::{AddArgs, GenerationOption, Global};
use crate::cli::commands::deliver;
use crate::cli::exit::Exit;
use crate::cli::metas;
use crate::cli::output::{Format, Output};
use crate::enums::Verdict;
use crate::error::Error;
use crate::escape;
use crate::fleet::{self, Declaration, Fleet, Plan, State, TableGlobs};
use crate::text::Line;

use super::source::Source;
use super::{ExportArgs, PlanArgs, Target, failure, json, mistake, text};

/// Runs `plan`.
pub(in crate::cli) fn plan(
    global: &Global,
    before: GenerationOption,
    args: &PlanArgs,
    format: Format,
) -> Result<Exit, Output> {
    if args.show {
        let plan = Source::plan(&args.file).map_err(|error| mistake(format, &error))?;
        return Ok(deliver(output(&plan, args.all, format), true));
    }
    let source = Source::read(&args.file).map_err(|error| mistake(format, &error))?;
    let fleet = source.fleet(&args.file).map_err(|error| mistake(format, &error))?;
    let generation = args.generation.generation.or(before.generation);
    let target = source
        .metas(global)
        .and_then(|metas| Target::new(metas, global, generation, format))
        .map_err(|error| mistake(format, &error))?;
    Ok(target.read(async |client| {
        let plan = match Plan::make(client, fleet).await {
            Ok(plan) => plan,
            Err(error) => return failure(format, &error),
        };
        let written = args.out.as_deref().map_or(Ok(()), |path| save(&plan.to_text(), path));
        match written {
            Ok(()) => output(&plan, args.all, format),
            Err(error) => failure(format, &error),
        }
    }))
}

/// Runs `add --dry-run`.
pub(in crate::cli) fn dry_run(
    global: &Global,
    before: GenerationOption,
    args: AddArgs,
    format: Format,
) -> Result<Exit, Output> {
    let usage = |error: Error| format.usage(&error);
    let spec = args.spec();
    crate::client::Operation::Add(spec.clone()).check().map_err(usage)?;
    let mut declaration = Declaration::new(TableGlobs::exact(&spec.table), spec.cluster);
    if let Some(remote_table) = &spec.remote_table {
        declaration.remote_table =
            remote_table.parse().map_err(|error| usage(Error::invalid(format!("{error}"))))?;
    }
    declaration.remote_replica_count = spec.remote_replica_count;
    declaration.checkpoint = spec.checkpoint;
    let fleet = Fleet { duplications: vec![declaration], ..Fleet::default() };
    let generation = args.generation.generation.or(before.generation);
    let target = metas::of(global)
        .and_then(|metas| Target::new(metas, global, generation, format))
        .map_err(usage)?;
    Ok(target.read(async |client| match Plan::make(client, &fleet).await {
        Ok(mut plan) => {
            plan.items.retain(|item| item.wanted.is_some());
            output(&plan, true, format)
        }
        Err(error) => failure(format, &error),
    }))
}

/// Runs `export`.
pub(in crate::cli) fn export(
    global: &Global,
    before: GenerationOption,
    args: &ExportArgs,
    format: Format,
) -> Result<Exit, Output> {
    let generation = args.generation.generation.or(before.generation);
    let target = metas::of(global)
        .and_then(|metas| Target::new(metas, global, generation, format))
        .map_err(|error| format.usage(&error))?;
    Ok(target.read(async |client| {
        let state = match State::read(client, &Fleet::default()).await {
            Ok(state) => state,
            Err(error) => return failure(format, &error),
        };
        let (mut exported, warnings) = fleet::export(&state);
        exported.meta = Some(client.meta_servers());
        let text = match format.json && !args.toml {
            // Serialization only fails for maps whose keys are not strings.
            true => escape::json(&exported).unwrap_or_default(),
            false => exported.to_toml(),
        };
        Output {
            stdout: vec![Line::plain(text.trim_end())],
            stderr: warnings.iter().map(|warning| Line::warning(warning)).collect(),
            exit: Exit::Done,
        }
    }))
}

/// Returns the output for a plan.
fn output(plan: &Plan, all: bool, format: Format) -> Output {
    let stdout = match format.json {
        true => json::plan(plan),
        false => text::plan(plan, all),
    };
    let exit = if plan.count(Verdict::Refused) > 0 {
        Exit::Error
    } else if plan.has_changes() {
        Exit::Changes
    } else {
        Exit::Done
    };
    Output { stdout, stderr: text::warnings(plan), exit }
}

/// Writes a file so that it is there completely or not at all, whatever happens meanwhile.
fn save(text: &str, path: &Path) -> crate::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) | None => Path::new("."),
    };
    let write = || -> io::Result<()> {
        let mut file = NamedTempFile::new_in(folder)?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        File::open(folder)?.sync_all()
    };
    write().map_err(|error| {
        Error::invalid(format!("cannot write the plan: {error} path={}", path.display()))
    })
}
