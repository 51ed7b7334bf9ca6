//! Selects tables by their names: names and globs, with exclusions.

use std::fmt;

use globset::{GlobBuilder, GlobMatcher};
use serde::{Deserialize, Serialize};

/// The characters that have a meaning in a pattern.
const SPECIAL: [char; 8] = ['*', '?', '[', ']', '{', '}', '\\', ','];

/// Names of tables and globs, with exclusions: `app_*,!app_tmp*`.
///
/// `*` stands for any text, `?` for one character, `[a-z]` for one of several characters, and `{a,b}` for one
/// of several texts. A backslash takes the meaning from the character that follows. A pattern that begins with
/// `!` excludes the tables that match it. A table is selected if at least one pattern matches it and no
/// exclusion does, in whatever order they are given. Without a pattern that selects, the exclusions apply to
/// all tables.
///
/// In a file, the value is a text of patterns that are separated by commas, or a list of patterns. A pattern
/// in a list may contain commas, and white space at its ends.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct TableGlobs {
    written: Written,
    selected: Vec<Pattern>,
    excluded: Vec<Pattern>,
}

/// The form in which a file has the patterns.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged, expecting = "expected a text of patterns or a list of patterns")]
enum Written {
    Text(String),
    List(Vec<String>),
}

/// A pattern without its exclamation mark.
#[derive(Debug, Clone)]
enum Pattern {
    /// The name of a table.
    Name(String),
    /// A pattern that may match several tables.
    Glob(GlobMatcher),
}

/// The limits of a glob: its length in bytes, and the number of its opening braces. Without the limits, the regular
/// expression of a glob may be too large or nested too deeply.
const LIMITS: (usize, usize) = (1024, 32);

/// A text is not a pattern for the names of tables.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the pattern for tables is wrong: {why}: pattern={pattern:?}")]
pub struct BadPattern {
    pattern: String,
    why: String,
}

impl TableGlobs {
    /// Parses patterns that are separated by commas. White space around a pattern does not count.
    ///
    /// # Errors
    ///
    /// Fails if a pattern is empty or is not a valid glob.
    pub fn parse(text: &str) -> Result<TableGlobs, BadPattern> {
        TableGlobs::try_from(Written::Text(text.to_owned()))
    }

    /// Returns the selection of one table, whatever characters its name has.
    pub fn exact(table: &str) -> TableGlobs {
        let plain = !table.contains(SPECIAL) && !table.starts_with('!') && table.trim() == table;
        let written = match plain {
            true => Written::Text(table.to_owned()),
            false => {
                let escape = |c: char| SPECIAL.contains(&c) || c == '!';
                let mut escaped = String::new();
                for c in table.chars() {
                    if escape(c) {
                        escaped.push('\\');
                    }
                    escaped.push(c);
                }
                Written::List(vec![escaped])
            }
        };
        TableGlobs {
            written,
            selected: vec![Pattern::Name(table.to_owned())],
            excluded: Vec::new(),
        }
    }

    /// Returns whether the table with this name is selected.
    pub fn matches(&self, table: &str) -> bool {
        let is_match = |pattern: &Pattern| pattern.is_match(table);
        (self.selected.is_empty() || self.selected.iter().any(is_match))
            && !self.excluded.iter().any(is_match)
    }

    /// Returns the patterns that are names and not globs, without the exclusions. Such a table is expected to
    /// exist.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.selected.iter().filter_map(|pattern| match pattern {
            Pattern::Name(name) => Some(name.as_str()),
            Pattern::Glob(_) => None,
        })
    }

    /// Returns whether a table may be selected that [`TableGlobs::names`] does not return.
    pub(super) fn has_globs(&self) -> bool {
        self.selected.is_empty()
            || self.selected.iter().any(|pattern| matches!(pattern, Pattern::Glob(_)))
    }

    /// Returns the globs that match none of the tables, without the exclusions.
    pub fn without_a_match<'a>(
        &self,
        tables: impl Iterator<Item = &'a str> + Clone,
    ) -> impl Iterator<Item = &str> {
        self.selected.iter().filter_map(move |pattern| match pattern {
            Pattern::Name(_) => None,
            Pattern::Glob(glob) => {
                let matched =
                    tables.clone().any(|table| glob.is_match(table) && self.matches(table));
                (!matched).then(|| glob.glob().glob())
            }
        })
    }
}

impl TryFrom<Written> for TableGlobs {
    type Error = BadPattern;
    fn try_from(written: Written) -> Result<TableGlobs, BadPattern> {
        let (mut selected, mut excluded) = (Vec::new(), Vec::new());
        let patterns: Vec<&str> = match &written {
            Written::Text(text) => split(text).into_iter().map(str::trim).collect(),
            Written::List(list) => list.iter().map(String::as_str).collect(),
        };
        for pattern in patterns {
            match pattern.strip_prefix('!') {
                Some(pattern) => excluded.push(Pattern::parse(pattern)?),
                None => selected.push(Pattern::parse(pattern)?),
            }
        }
        if selected.is_empty() && excluded.is_empty() {
            return Err(BadPattern { pattern: String::new(), why: "it is empty".to_owned() });
        }
        Ok(TableGlobs { written, selected, excluded })
    }
}

impl From<TableGlobs> for Written {
    fn from(globs: TableGlobs) -> Written {
        globs.written
    }
}

impl PartialEq for TableGlobs {
    fn eq(&self, other: &TableGlobs) -> bool {
        self.written == other.written
    }
}

impl Eq for TableGlobs {}

/// Writes the patterns, separated by commas.
impl fmt::Display for TableGlobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.written {
            Written::Text(text) => f.write_str(text),
            Written::List(list) => f.write_str(&list.join(",")),
        }
    }
}

impl Pattern {
    fn parse(text: &str) -> Result<Pattern, BadPattern> {
        let wrong = |why: String| BadPattern { pattern: text.to_owned(), why };
        if text.is_empty() {
            return Err(wrong("it is empty".to_owned()));
        }
        if let Some(name) = literal(text) {
            return Ok(Pattern::Name(name));
        }
        let (bytes, braces) = LIMITS;
        if text.len() > bytes || text.matches('{').count() > braces {
            return Err(wrong(format!(
                "it has more than {bytes} bytes or more than {braces} opening braces"
            )));
        }
        let glob = GlobBuilder::new(text)
            .backslash_escape(true)
            .build()
            .map_err(|error| wrong(error.kind().to_string()))?;
        Ok(Pattern::Glob(glob.compile_matcher()))
    }

    fn is_match(&self, table: &str) -> bool {
        match self {
            Pattern::Name(name) => name == table,
            Pattern::Glob(glob) => glob.is_match(table),
        }
    }
}

/// Returns the name that a pattern stands for, or `None` if the pattern is a glob.
fn literal(pattern: &str) -> Option<String> {
    let mut name = String::new();
    let mut characters = pattern.chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' => name.push(characters.next()?),
            // A comma only has a meaning between braces.
            ',' => name.push(c),
            c if SPECIAL.contains(&c) => return None,
            c => name.push(c),
        }
    }
    Some(name)
}

/// Splits a text at its commas, except those in braces and those behind a backslash.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut depth, mut escaped) = (Vec::new(), 0, 0_usize, false);
    for (index, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(&text[start..index]);
                start = index + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selects(patterns: &str, tables: &[&str]) -> Vec<bool> {
        let globs = TableGlobs::parse(patterns).unwrap();
        tables.iter().map(|table| globs.matches(table)).collect()
    }

    #[test]
    fn exclusions_count_in_any_order() {
        let tables = ["app_a", "app_tmp1", "other"];
        assert_eq!(selects("app_*,!app_tmp*", &tables), [true, false, false]);
        assert_eq!(selects("!app_tmp*, app_*", &tables), [true, false, false]);
        assert_eq!(selects("!app_tmp*", &tables), [true, false, true]);
        assert_eq!(selects("app_{a,tmp?}", &tables), [true, true, false]);
        assert_eq!(selects("*", &tables), [true, true, true]);
    }

    #[test]
    fn names_and_globs_are_told_apart() {
        let globs = TableGlobs::parse("a.b,app_*,!x,c\\*").unwrap();
        assert_eq!(globs.names().collect::<Vec<_>>(), ["a.b", "c*"]);
        assert!(globs.matches("c*") && !globs.matches("cc"));
        let tables = ["a.b"];
        let unmatched: Vec<_> = globs.without_a_match(tables.into_iter()).collect();
        assert_eq!(unmatched, ["app_*"]);
    }

    #[test]
    fn wrong_patterns_are_refused_and_named() {
        for (wrong, why) in [
            ("", "empty"),
            ("a,,b", "empty"),
            ("a,[", "[\""),
            ("!", "empty"),
            (&"{".repeat(33), "32 opening braces"),
        ] {
            let error = TableGlobs::parse(wrong).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
    }

    proptest::proptest! {
        /// A name that is selected as such is selected in whatever form it is written, and nothing else is.
        #[test]
        fn an_exact_selection_survives_writing(name in "[a-c*?{}\\[\\],!\\\\ ._]{1,8}", other in "[a-c*?! ]{1,4}") {
            let globs = TableGlobs::exact(&name);
            let json = serde_json::to_string(&globs).unwrap();
            let again: TableGlobs = serde_json::from_str(&json).unwrap();
            assert!(again.matches(&name), "{json}");
            assert_eq!(again.matches(&other), other == name, "{json}");
            assert_eq!(again.names().collect::<Vec<_>>(), [name.as_str()]);
        }
    }
}
