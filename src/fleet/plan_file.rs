//! Plan files: a plan as JSON, with a marker and a version.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::file::Format;
use super::plan::{Item, Plan};
use super::spec::Fleet;
use crate::enums::{PlanStep, Verdict};
use crate::error::{Error, Result};
use crate::escape;

/// The text by which a plan file is recognized.
const MARKER: &str = "pegasus-dup plan";
/// The version of the format. A change of the format takes another version.
const VERSION: u32 = 1;

/// The content of a plan file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File<P> {
    format: String,
    version: u32,
    plan: P,
}

/// The keys that plan files of every version have.
#[derive(Deserialize)]
struct Header {
    format: String,
    version: u32,
}

impl Header {
    /// Returns the header of a plan file of any version, or `None` if the text is not a plan file.
    fn of(text: &str) -> Option<Header> {
        serde_json::from_str(text).ok().filter(|header: &Header| header.format == MARKER)
    }
}

/// Returns the SHA-256 hash of a fleet in hexadecimal digits. The hash is that of the fleet as JSON without
/// white space, so it depends neither on the format of a file nor on its comments.
pub(super) fn input_hash(fleet: &Fleet) -> String {
    let json = serde_json::to_vec(fleet).expect("a fleet can be written as JSON");
    sha256(&json)
}

/// Returns the SHA-256 hash of bytes in hexadecimal digits.
pub(super) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Plan {
    /// Returns whether the text is that of a plan file, also if its version is another one.
    pub fn is_plan_file(text: &str) -> bool {
        Header::of(text).is_some()
    }

    /// Reads a plan from the text of a plan file.
    ///
    /// # Errors
    ///
    /// Fails with `InvalidArgument` if the text is not a plan, is a plan of another version, or contradicts
    /// itself.
    pub fn parse(text: &str) -> Result<Plan> {
        let Some(header) = Header::of(text) else { return Err(not_a_plan(text)) };
        if header.version != VERSION {
            let what = format!(
                "this version of the program does not read such a plan file: version={} known={VERSION}",
                header.version
            );
            return Err(Error::invalid(what)
                .with_hint("make another plan, or apply this plan with the version that made it"));
        }
        let plan = match serde_json::from_str::<File<Plan>>(text) {
            Ok(file) => file.plan,
            Err(error) => {
                return Err(
                    Error::invalid(format!("the plan file is damaged: {error}")).with_hint(AGAIN)
                );
            }
        };
        match plan.items.iter().find(|item| !is_possible(item)) {
            Some(item) => {
                let verdict = item.verdict;
                let what = format!("the plan file contradicts itself: {item} verdict={verdict}");
                Err(Error::invalid(what).with_hint(AGAIN))
            }
            None => Ok(plan),
        }
    }

    /// Returns the text of a plan file. The same plan always gives the same text.
    pub fn to_text(&self) -> String {
        let file = File { format: MARKER.to_owned(), version: VERSION, plan: self };
        let json = escape::json(&file).expect("a plan can be written as JSON");
        format!("{json}\n")
    }
}

const AGAIN: &str = "make another plan; a plan file is not meant to be edited";

/// Returns the error for a text that is not a plan file.
fn not_a_plan(text: &str) -> Error {
    // The empty text is a fleet that declares nothing, but nobody took it for a plan.
    let is_fleet = [Format::Toml, Format::Json, Format::Yaml]
        .into_iter()
        .any(|format| Fleet::parse(text, format).is_ok_and(|fleet| fleet != Fleet::default()));
    match is_fleet {
        true => {
            Error::invalid("this is a file that declares a fleet, and not a plan file".to_owned())
                .with_hint("make a plan of it first")
        }
        false => Error::invalid(format!(
            "this is not a plan file: it is not JSON with the format {MARKER:?}"
        ))
        .with_hint("make a plan file with `plan --out FILE`"),
    }
}

/// Returns whether a comparison can have this result. A program that applies a plan relies on it.
pub(super) fn is_possible(item: &Item) -> bool {
    let steps = item.steps.as_slice();
    let only = |allowed: &[PlanStep]| steps.iter().all(|step| allowed.contains(step));
    let (declared, exists) = (item.wanted.is_some(), item.existing.is_some());
    let as_verdict = match item.verdict {
        Verdict::Create => {
            let [first, then @ ..] = steps else { return false };
            let then =
                then.iter().all(|step| matches!(step, PlanStep::SetFailMode | PlanStep::Pause));
            declared && !exists && *first == PlanStep::Add && then
        }
        Verdict::AsWanted | Verdict::NotComparable => declared && exists && steps.is_empty(),
        Verdict::Differs => {
            use PlanStep::{Pause, Recreate, SetFailMode, Start};
            declared && exists && !steps.is_empty() && only(&[Start, Pause, SetFailMode, Recreate])
        }
        Verdict::Refused => declared && !exists && steps.is_empty(),
        Verdict::Unmanaged => {
            let removed = item.in_scope && steps == [PlanStep::Remove];
            !declared && exists && (steps.is_empty() || removed)
        }
    };
    as_verdict && (item.table_id.is_some() || item.verdict == Verdict::Refused)
}
