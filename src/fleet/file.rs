//! Reads the file that declares a fleet: TOML, YAML or JSON.

use std::path::Path;

use super::plan::Plan;
use super::spec::Fleet;
use crate::error::{Error, ErrorKind, Result};

/// The format of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// TOML.
    Toml,
    /// YAML 1.2.
    Yaml,
    /// JSON.
    Json,
}

impl Format {
    /// Returns the format that the name of a file stands for: `.toml`, `.yaml`, `.yml` or `.json`. Every
    /// other name stands for TOML.
    pub fn of(path: &Path) -> Format {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("json") => Format::Json,
            Some("yaml" | "yml") => Format::Yaml,
            _ => Format::Toml,
        }
    }
}

impl Fleet {
    /// Reads a fleet from text.
    ///
    /// # Errors
    ///
    /// Fails with `InvalidArgument` if the text is malformed, or has an unknown key or a wrong value. The
    /// message names the line.
    pub fn parse(text: &str, format: Format) -> Result<Fleet> {
        let (what, line) = match format {
            Format::Toml => match toml::from_str(text) {
                Ok(fleet) => return Ok(fleet),
                Err(error) => {
                    let line = error.span().map(|span| line_at(text, span.start));
                    (error.message().to_owned(), line)
                }
            },
            Format::Yaml => match serde_saphyr::from_str(text) {
                Ok(fleet) => return Ok(fleet),
                Err(error) => {
                    let line = error.location().map(|location| location.line() as usize);
                    (error.without_snippet().to_string(), line)
                }
            },
            Format::Json => match serde_json::from_str(text) {
                Ok(fleet) => return Ok(fleet),
                Err(error) => {
                    let line = Some(error.line()).filter(|&line| line > 0);
                    let text = error.to_string();
                    let what = text.split(" at line ").next().unwrap_or_default().to_owned();
                    (what, line)
                }
            },
        };
        if Plan::is_plan_file(text) {
            let what = "this is a plan file, and not a file that declares a fleet";
            return Err(Error::new(ErrorKind::InvalidArgument, what)
                .with_hint("apply the plan, or give the file that it was made from"));
        }
        let first = what.lines().next().unwrap_or_default();
        let line = line.map_or_else(String::new, |line| format!(": line={line}"));
        Err(Error::new(
            ErrorKind::InvalidArgument,
            format!("the fleet file is wrong: {first}{line}"),
        )
        .with_hint("docs/fleets.md describes the keys of the file"))
    }

    /// Returns the text of a TOML file that declares this fleet. The same fleet always gives the same text.
    pub fn to_toml(&self) -> String {
        toml::to_string_pretty(self).expect("a fleet can be written as TOML")
    }

    /// Returns the text of a JSON file that declares this fleet. The same fleet always gives the same text.
    pub fn to_json(&self) -> String {
        let mut json = serde_json::to_string_pretty(self).expect("a fleet can be written as JSON");
        json.push('\n');
        json
    }
}

/// Returns the number of the line that contains a byte, from 1.
fn line_at(text: &str, byte: usize) -> usize {
    let before = text.as_bytes().iter().take(byte);
    1 + before.filter(|&&byte| byte == b'\n').count()
}
