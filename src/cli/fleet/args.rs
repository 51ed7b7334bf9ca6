//! The options of the commands for fleets, as clap parses them.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::cli::args::GenerationOption;
use crate::fleet::{ApplyOptions, Fix};

pub(in crate::cli) const PLAN_EXIT_CODES: &str = "\
Exit codes:
  0    nothing to do
  1    an error, or a duplication is refused
  2    the command line or the file is wrong
  6    something to do: a duplication has to be created, or differs from its declaration
  130  a signal stopped the command";

pub(in crate::cli) const APPLY_EXIT_CODES: &str = "\
Exit codes:
  0    everything that is declared is as wanted
  1    something failed, was refused, was stale, or was not tried
  2    the command line or the file is wrong, or there is no terminal and no --yes
  4    a duplication differs from its declaration and was left as it is
  5    the outcome is not known: a request was sent, and its effect is not known
  130  a signal, or an answer other than yes, stopped the command before it sent a request
       that changes anything";

pub(in crate::cli) const AUDIT_EXIT_CODES: &str = "\
Exit codes:
  0    what every recorded request did is known
  1    an error
  2    the command line or the file is wrong
  5    the effect of a recorded request is not known
  130  a signal stopped the command";

#[derive(Debug, Args)]
pub(in crate::cli) struct PlanArgs {
    /// The file that declares the duplications, as TOML, YAML (.yaml, .yml) or JSON (.json). - stands for
    /// stdin, as TOML or JSON. docs/fleets.md describes the file.
    pub(super) file: PathBuf,

    /// Also write the plan to a file. `apply` does exactly what such a file says.
    #[arg(long, value_name = "PLAN", conflicts_with = "show")]
    pub(super) out: Option<PathBuf>,

    /// Show a plan that --out wrote. FILE is then the plan, and no server is asked.
    #[arg(long)]
    pub(super) show: bool,

    /// Also show the duplications that are as wanted. With --json they are always shown.
    #[arg(long)]
    pub(super) all: bool,

    #[command(flatten)]
    pub(super) generation: GenerationOption,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ApplyArgs {
    /// The file that declares the duplications, or a plan that `plan --out` wrote. - stands for stdin.
    #[arg(value_name = "FILE|PLAN")]
    pub(super) file: PathBuf,

    /// Do not ask for confirmation.
    #[arg(long, short)]
    pub(super) yes: bool,

    /// Alter these properties of existing duplications.
    #[arg(long, value_name = "PROPERTY[,...]", value_delimiter = ',')]
    pub(super) fix: Vec<FixName>,

    /// Remove the duplications that are in a scope of the file and not declared. It needs --audit with a
    /// file that records an earlier finished apply to the same cluster.
    #[arg(long, requires = "audit")]
    pub(super) prune: bool,

    /// Send nothing if more duplications than this would be created, changed or removed.
    #[arg(long, value_name = "N")]
    pub(super) max_changes: Option<usize>,

    /// Send nothing if more duplications than this would be removed.
    #[arg(long, value_name = "N")]
    pub(super) max_removals: Option<usize>,

    /// Let at most this many duplications be in DS_PREPARE, where they create their checkpoints. The
    /// command then waits before it adds the next one.
    #[arg(long, value_name = "N")]
    pub(super) max_preparing: Option<NonZeroUsize>,

    /// Continue with the other duplications after a failure.
    #[arg(long, conflicts_with = "stop_on_error")]
    pub(super) keep_going: bool,

    /// Start nothing more after a failure. This is the default.
    #[arg(long)]
    pub(super) stop_on_error: bool,

    /// With --fix status, also start duplications that may have been paused for more than an hour. The log
    /// that was retained for them may be large.
    #[arg(long)]
    pub(super) start_long_paused: bool,

    /// Record each change in this file, before the change is sent and after it. The file is created if it does
    /// not exist, and is locked while the command runs.
    #[arg(long, value_name = "FILE")]
    pub(super) audit: Option<PathBuf>,

    /// Work on this many duplications at the same time.
    #[arg(long, value_name = "N", default_value = "16")]
    pub(super) concurrency: NonZeroUsize,

    /// Also show the duplications for which there was nothing to do. With --json they are always shown.
    #[arg(long)]
    pub(super) all: bool,

    #[command(flatten)]
    pub(super) generation: GenerationOption,
}

/// A property that `--fix` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum FixName {
    /// Start and pause duplications.
    Status,
    /// Set fail modes.
    FailMode,
}

impl ApplyArgs {
    pub(super) fn options(&self) -> ApplyOptions {
        let fix = Fix {
            status: self.fix.contains(&FixName::Status),
            fail_mode: self.fix.contains(&FixName::FailMode),
        };
        ApplyOptions {
            fix,
            prune: self.prune,
            start_long_paused: self.start_long_paused,
            max_changes: self.max_changes,
            max_removals: self.max_removals,
            max_preparing: self.max_preparing.map(NonZeroUsize::get),
            concurrency: self.concurrency.get(),
            keep_going: self.keep_going,
        }
    }
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ExportArgs {
    /// Write TOML. This is the default; --json writes JSON.
    #[arg(long, conflicts_with = "json")]
    pub(super) toml: bool,

    #[command(flatten)]
    pub(super) generation: GenerationOption,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct AuditArgs {
    /// The file that `apply --audit` wrote.
    pub(super) file: PathBuf,

    #[command(flatten)]
    pub(super) generation: GenerationOption,
}
