//! Reads the file that a command names, and finds the cluster that the file is about.

use std::path::Path;

use crate::cli::args::Global;
use crate::cli::input;
use crate::cli::metas;
use crate::error::{Error, Result};
use crate::fleet::{self, Fleet, Plan};

/// The longest file that is read, in bytes. A plan of a hundred thousand duplications is shorter.
const LONGEST: u64 = 256 << 20;

/// The content of a file.
pub(super) enum Source {
    Fleet(Fleet),
    Plan(Plan),
}

impl Source {
    /// Reads a file. `-` stands for stdin.
    pub(super) fn read(path: &Path) -> Result<Source> {
        let text = input::file_or_stdin(path, LONGEST).map_err(|error| {
            Error::invalid(format!("cannot read the file: {error} path={}", path.display()))
        })?;
        if Plan::is_plan_file(&text) {
            return Plan::parse(&text).map(Source::Plan);
        }
        Fleet::parse(&text, format(path, &text)).map(Source::Fleet)
    }

    /// Returns the fleet that the file has to declare.
    pub(super) fn fleet(&self, path: &Path) -> Result<&Fleet> {
        match self {
            Source::Fleet(fleet) => Ok(fleet),
            Source::Plan(_) => Err(Error::invalid(format!(
                "the file is a plan and declares nothing: path={}",
                path.display()
            ))
            .with_hint("`plan --show` shows a plan, and `apply` applies it")),
        }
    }

    /// Reads a file that has to be a plan.
    pub(super) fn plan(path: &Path) -> Result<Plan> {
        match Source::read(path)? {
            Source::Plan(plan) => Ok(plan),
            Source::Fleet(_) => {
                Err(Error::invalid(format!("the file is not a plan: path={}", path.display()))
                    .with_hint("`plan FILE --out PLAN` writes a plan"))
            }
        }
    }

    /// Returns the meta servers that the file names.
    fn meta(&self) -> Option<&str> {
        match self {
            Source::Fleet(fleet) => fleet.meta.as_deref(),
            Source::Plan(plan) => Some(&plan.source.meta),
        }
    }

    /// Returns the meta servers of the source cluster. An option takes precedence over the file, and the file
    /// over the environment.
    pub(super) fn metas(&self, global: &Global) -> Result<String> {
        let named = match self {
            _ if metas::by_option(global) => None,
            Source::Fleet(Fleet { cluster: Some(cluster), meta: None, .. }) => Some(cluster),
            Source::Fleet(_) | Source::Plan(_) => {
                if let Some(meta) = self.meta() {
                    return Ok(meta.to_owned());
                }
                None
            }
        };
        match named {
            Some(cluster) => Ok(metas::clusters(global)?.metas(cluster)?.to_owned()),
            None => metas::of(global),
        }
    }
}

/// Returns the format of a file. Text from stdin that begins with a brace is JSON, because TOML cannot begin
/// with one.
fn format(path: &Path, text: &str) -> fleet::Format {
    match path.as_os_str() == "-" && text.trim_start().starts_with('{') {
        true => fleet::Format::Json,
        false => fleet::Format::of(path),
    }
}
