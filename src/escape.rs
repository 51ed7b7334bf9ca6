//! Escaping: how text and JSON write characters that would control a terminal or that nobody sees.
//!
//! A server may send any character. Characters of Unicode's general categories C (control, format,
//! private use, unassigned), Zl and Zp (line and paragraph separators) are called *hidden* here: they
//! move the cursor, colour text, change its direction, or show nothing at all. Text writes a hidden
//! character as a Rust literal does, such as `\u{9b}`. JSON writes `\u009b`, which every JSON parser
//! turns back into the character. A single field of a result is returned unchanged.

use std::borrow::Cow;
use std::fmt::Write;
use std::io;

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};

/// Returns whether a character is hidden, and therefore written as its number.
pub(crate) fn is_hidden(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    let category = c.general_category();
    matches!(category, GeneralCategory::LineSeparator | GeneralCategory::ParagraphSeparator)
        || c.general_category_group() == GeneralCategoryGroup::Other
}

/// Escapes the hidden characters of a sentence, or of other text that may contain spaces. Escaping
/// twice gives the same text as escaping once.
pub(crate) fn sentence(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        push(&mut shown, c);
    }
    Cow::Owned(shown)
}

/// Returns a name as part of a line, in quotation marks if it could be mistaken for something else.
pub(crate) fn name(text: &str) -> Cow<'_, str> {
    let plain = |c: char| !is_hidden(c) && !c.is_whitespace() && !matches!(c, '=' | '"' | '\\');
    if !text.is_empty() && text.chars().all(plain) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(quoted(text))
}

/// Returns the text in quotation marks.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 8);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            // Other white space looks like an ordinary space.
            c if c.is_whitespace() && c != ' ' => quoted.extend(c.escape_default()),
            c => push(&mut quoted, c),
        }
    }
    quoted.push('"');
    quoted
}

/// Appends a character, or its number if it is hidden.
fn push(text: &mut String, c: char) {
    if is_hidden(c) {
        text.extend(c.escape_default());
    } else {
        text.push(c);
    }
}

/// Returns a value as JSON on one line.
pub(crate) fn json(value: &impl Serialize) -> serde_json::Result<String> {
    let mut bytes = Vec::new();
    value.serialize(&mut Serializer::with_formatter(&mut bytes, Compact))?;
    // The formatter only writes whole strings, so the bytes are UTF-8.
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Escapes the hidden characters of existing JSON text. Hidden characters can only be inside of its
/// strings, except for the white space between its tokens, which is kept.
#[cfg(feature = "cli")]
pub(crate) fn json_text(json: &str) -> Cow<'_, str> {
    let hidden = |c: char| !c.is_ascii() && is_hidden(c) || c == '\x7f';
    if !json.contains(hidden) {
        return Cow::Borrowed(json);
    }
    let mut text = String::with_capacity(json.len() + 8);
    for c in json.chars() {
        if hidden(c) { push_json(&mut text, c) } else { text.push(c) }
    }
    Cow::Owned(text)
}

/// Appends the number of a character as JSON writes it, in units of UTF-16.
fn push_json(text: &mut String, c: char) {
    for unit in c.encode_utf16(&mut [0; 2]) {
        // Writing to a String cannot fail.
        let _ = write!(text, "\\u{unit:04x}");
    }
}

/// Formats like `serde_json::to_string`, and also escapes hidden characters that JSON allows.
struct Compact;

impl Formatter for Compact {
    fn write_string_fragment<W>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()>
    where
        W: ?Sized + io::Write,
    {
        let mut rest = fragment;
        while let Some((at, c)) = rest.char_indices().find(|&(_, c)| is_hidden(c)) {
            let mut number = String::new();
            push_json(&mut number, c);
            writer.write_all(&rest.as_bytes()[..at])?;
            writer.write_all(number.as_bytes())?;
            rest = &rest[at + c.len_utf8()..];
        }
        writer.write_all(rest.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_does_something_to_a_terminal_is_hidden() {
        let hidden = [
            '\0',
            '\x07',
            '\n',
            '\x1b',
            '\x7f',
            '\u{85}',
            '\u{9b}',
            '\u{ad}',
            '\u{61c}',
            '\u{200b}',
            '\u{200e}',
            '\u{2028}',
            '\u{2029}',
            '\u{202a}',
            '\u{202e}',
            '\u{2066}',
            '\u{2069}',
            '\u{feff}',
            '\u{fff9}',
            '\u{e000}',
            '\u{e0001}',
            '\u{e0041}',
            '\u{10ffff}',
        ];
        for c in hidden {
            assert!(is_hidden(c), "{c:?}");
        }
        for c in " !az~\u{a0}é\u{301}漢\u{3000}😀".chars() {
            assert!(!is_hidden(c), "{c:?}");
        }
    }

    #[test]
    fn names_cannot_be_taken_for_something_else() {
        assert_eq!(name("a_b.c:d-e"), "a_b.c:d-e");
        assert_eq!(name("größe"), "größe");
        assert_eq!(name(""), "\"\"");
        assert_eq!(name("a b"), "\"a b\"");
        assert_eq!(name("a\u{a0}b"), "\"a\\u{a0}b\"");
        assert_eq!(name("a\"\\"), "\"a\\\"\\\\\"");
        assert_eq!(name("\x1b[2J"), "\"\\u{1b}[2J\"");
        assert_eq!(name("a\u{202e}b"), "\"a\\u{202e}b\"");
        assert_eq!(sentence("no\x1b[2J\ngo"), "no\\u{1b}[2J\\ngo");
        assert_eq!(sentence("a b \u{9b} c"), "a b \\u{9b} c");
    }

    #[test]
    fn json_numbers_are_those_of_utf_16() {
        assert_eq!(json(&"a\u{9b}\u{e0041}\u{7f}\n").unwrap(), r#""a\u009b\udb40\udc41\u007f\n""#);
        assert_eq!(json(&"größe 😀").unwrap(), "\"größe 😀\"");
    }

    /// Generates text in which many characters are hidden.
    fn texts() -> impl Strategy<Value = String> {
        let hidden = "\0\x1b\x7f\n\u{85}\u{9b}\u{ad}\u{2028}\u{202e}\u{e000}\u{e0041}\"\\";
        let hidden = proptest::sample::select(hidden.chars().collect::<Vec<_>>());
        proptest::collection::vec(prop_oneof![hidden, any::<char>()], 0..40)
            .prop_map(|chars| chars.into_iter().collect())
    }

    proptest! {
        #[test]
        fn nothing_hidden_is_left(text in texts()) {
            for shown in [sentence(&text), name(&text)] {
                prop_assert!(!shown.contains(is_hidden), "{:?}", shown);
            }
            let once = sentence(&text);
            prop_assert_eq!(&sentence(&once), &once);
            let written = json(&text).unwrap();
            prop_assert!(!written.contains(is_hidden), "{}", written);
            prop_assert_eq!(serde_json::from_str::<String>(&written).unwrap(), text);
        }

        #[cfg(feature = "cli")]
        #[test]
        fn json_from_elsewhere_stays_the_same_value(text in texts()) {
            let theirs = serde_json::to_string(&text).unwrap();
            let ours = json_text(&theirs);
            prop_assert!(!ours.contains(is_hidden), "{}", ours);
            prop_assert_eq!(serde_json::from_str::<String>(&ours).unwrap(), text);
        }
    }
}
