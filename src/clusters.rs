//! The meta servers of clusters by name, from a file in the format of the Pegasus shell's `config.ini`.
//!
//! Pegasus reads such files with a parser of its own, whose rules this file follows. The crates that parse INI files
//! read some of these files differently without an error: they keep the last of two definitions of a key where
//! Pegasus keeps the first, end keys at a colon, or join lines that end with a backslash. A wrong address here would
//! be that of a wrong cluster.

use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::escape::name;
use crate::transport::MetaAddr;

/// The section that names the clusters.
const SECTION: &str = "pegasus.clusters";

/// Clusters with their meta servers: the section `[pegasus.clusters]` of a file of the Pegasus shell.
///
/// ```
/// # use pegasus_dup::Clusters;
/// let clusters = Clusters::parse("[pegasus.clusters]\nonebox = a:34601,b:34601 # the first\n")?;
/// assert_eq!(clusters.metas("onebox")?, "a:34601,b:34601");
/// # Ok::<(), pegasus_dup::Error>(())
/// ```
///
/// These are the rules of Pegasus: A comment begins with `#` or `;` anywhere in a line, unless `^` stands before that
/// character. White space around names and values does not count. There are no quotes and no continued lines. If a
/// cluster is defined twice, Pegasus uses the first definition; here, the name is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clusters {
    /// The file, if the text comes from one.
    file: Option<PathBuf>,
    defined: Vec<Defined>,
}

/// A definition in the section.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Defined {
    cluster: String,
    metas: String,
    /// The number of the line, from 1.
    line: usize,
}

/// What a line of the file says, without its comment.
enum Line<'a> {
    Section(&'a str),
    Definition(&'a str, &'a str),
    Wrong(&'static str),
}

impl Clusters {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// Fails with `InvalidArgument` if the file cannot be read, or like [`Clusters::parse`].
    pub fn read(path: impl AsRef<Path>) -> Result<Clusters> {
        let path = path.as_ref();
        // Comments in a file may have any encoding. Names and addresses that are not UTF-8 do not match anything.
        let bytes = std::fs::read(path).map_err(|error| {
            Error::invalid(format!("the file with the clusters cannot be read: {error}{}", place(Some(path))))
                .with_hint("give the configuration file of the Pegasus shell, which has a section [pegasus.clusters]")
        })?;
        Clusters::of(&String::from_utf8_lossy(&bytes), Some(path))
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    ///
    /// Fails with `InvalidArgument` if the text has no section `[pegasus.clusters]` or has it twice, or if a line
    /// cannot be understood.
    pub fn parse(text: &str) -> Result<Clusters> {
        Clusters::of(text, None)
    }

    fn of(text: &str, file: Option<&Path>) -> Result<Clusters> {
        let mut defined: Option<Vec<Defined>> = None;
        let mut inside = false;
        for (index, line) in text.split('\n').enumerate() {
            let number = index + 1;
            let line = without_comment(line.trim());
            let line = line.trim();
            if line.is_empty() {
                continue;
            }
            let why = match meaning(line) {
                Line::Section(section) if section == SECTION => {
                    inside = true;
                    match defined {
                        None => {
                            defined = Some(Vec::new());
                            continue;
                        }
                        Some(_) => "the section [pegasus.clusters] is defined twice",
                    }
                }
                Line::Section(_) => {
                    inside = false;
                    continue;
                }
                Line::Definition(cluster, metas) => {
                    if let Some(defined) = defined.as_mut().filter(|_| inside) {
                        let (cluster, metas) = (cluster.to_owned(), metas.to_owned());
                        defined.push(Defined { cluster, metas, line: number });
                    }
                    continue;
                }
                Line::Wrong(why) => why,
            };
            return Err(Error::invalid(format!(
                "{why}: line={number} text={}{}",
                name(line),
                place(file)
            )));
        }
        match defined {
            Some(defined) => Ok(Clusters { file: file.map(Path::to_owned), defined }),
            None => Err(Error::invalid(format!("there is no section [pegasus.clusters]{}", separated(file)))
                .with_hint("give the configuration file of the Pegasus shell, with lines `NAME = HOST:PORT,...` in this section")),
        }
    }

    /// Returns the names of the clusters, in the order of the file.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.defined.iter().map(|one| one.cluster.as_str())
    }

    /// Returns the meta servers of a cluster as `HOST:PORT,HOST:PORT`, for [`crate::ClientBuilder::meta`].
    ///
    /// # Errors
    ///
    /// Fails with `InvalidArgument` if the cluster is not defined, or is defined twice, or if an address is not
    /// valid.
    pub fn metas(&self, cluster: &str) -> Result<&str> {
        let shown = format!("cluster={}", name(cluster));
        let file = self.file.as_deref();
        let mut found = self.defined.iter().filter(|one| one.cluster == cluster);
        let Some(one) = found.next() else {
            let known: Vec<_> = self.names().map(name).collect();
            let known = match known.is_empty() {
                true => "the section [pegasus.clusters] is empty".to_owned(),
                false => format!("known clusters: {}", known.join(", ")),
            };
            return Err(
                Error::invalid(format!("no such cluster: {shown}{}", place(file))).with_hint(known)
            );
        };
        if let Some(other) = found.next() {
            let text = format!(
                "the cluster is defined twice: {shown} lines={},{}{}",
                one.line,
                other.line,
                place(file)
            );
            return Err(Error::invalid(text).with_hint("remove one of the lines"));
        }
        let at = format!("{shown} line={}{}", one.line, place(file));
        if one.metas.is_empty() {
            return Err(Error::invalid(format!("the cluster has no meta servers: {at}"))
                .with_hint("write `NAME = HOST:PORT,HOST:PORT`"));
        }
        MetaAddr::parse_list(&one.metas).map_err(|error| {
            let hint = match one.metas.contains(['%', '@']) {
                true => "the file seems to be a template: give the file in which the variables are replaced by addresses",
                false => "write `NAME = HOST:PORT,HOST:PORT`, with brackets around an IPv6 address",
            };
            Error::invalid(format!("the meta servers of the cluster are wrong: {at}: {}", error.message())).with_hint(hint)
        })?;
        Ok(&one.metas)
    }
}

/// Returns the file as the last of several `key=value` pairs.
fn place(file: Option<&Path>) -> String {
    file.map_or(String::new(), |file| format!(" file={}", name(&file.to_string_lossy())))
}

/// Returns the file as the only `key=value` pair of a message.
fn separated(file: Option<&Path>) -> String {
    file.map_or(String::new(), |_| format!(":{}", place(file)))
}

/// Returns the line without its comment. `^` before the character that begins a comment takes the meaning from that
/// character, and is removed.
fn without_comment(line: &str) -> String {
    let mut kept = String::new();
    for c in line.chars() {
        if matches!(c, '#' | ';') {
            if !kept.ends_with('^') {
                break;
            }
            kept.pop();
        }
        kept.push(c);
    }
    kept
}

/// Returns the meaning of a line that is not empty.
fn meaning(line: &str) -> Line<'_> {
    if let Some(rest) = line.strip_prefix('[') {
        // Pegasus ignores what follows the bracket.
        return match rest.split_once(']') {
            _ if line.contains('=') => {
                Line::Wrong("the line has both a bracket and an equals sign")
            }
            Some((section, _)) if !section.trim().is_empty() => Line::Section(section.trim()),
            Some(_) => Line::Wrong("the name of the section is empty"),
            None => Line::Wrong("the closing bracket of the section is missing"),
        };
    }
    // A key without a value is allowed.
    let (key, value) = line.split_once('=').unwrap_or((line, ""));
    let (key, value) = (key.trim(), value.trim());
    if key.is_empty() {
        return Line::Wrong("the name before the equals sign is missing");
    }
    // An argument `%...%` that nobody gave is empty.
    let missing = value.len() > 2 && value.starts_with('%') && value.ends_with('%');
    Line::Definition(key, if missing { "" } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metas(text: &str, cluster: &str) -> std::result::Result<String, String> {
        let found = Clusters::parse(text).and_then(|all| all.metas(cluster).map(str::to_owned));
        found.map_err(|error| error.to_string())
    }

    /// The same files as the Pegasus shell reads them, apart from what is refused here.
    #[test]
    fn lines_as_pegasus_reads_them() {
        let text = "\
; [pegasus.clusters]
[core]
tool = nativerun ; x
one = wrong:1
key without a value

\t[ pegasus.clusters ] ignored
  one = a:1,b:2 ; comment
two=a:1#comment
\tthree\t=\ta:1 , b:2\t\r
with:colon = a:1
back = a:1,\\
^#hash = a:1
semi^;colon = a:1
unset = %metas%
none
[other]
four = a:1
";
        let all = Clusters::parse(text).unwrap();
        let names: Vec<_> = all.names().collect();
        let expected =
            ["one", "two", "three", "with:colon", "back", "#hash", "semi;colon", "unset", "none"];
        assert_eq!(names, expected);
        assert_eq!(all.metas("one").unwrap(), "a:1,b:2");
        assert_eq!(all.metas("two").unwrap(), "a:1");
        assert_eq!(all.metas("three").unwrap(), "a:1 , b:2");
        assert_eq!(all.metas("with:colon").unwrap(), "a:1");
        assert_eq!(all.metas("#hash").unwrap(), "a:1");
        for wrong in ["back", "unset", "none", "four", "One"] {
            assert!(all.metas(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn errors_say_what_is_wrong_and_where() {
        for (text, cluster, part) in [
            ("", "a", "no section [pegasus.clusters]"),
            ("[other]\na = b:1\n", "a", "no section [pegasus.clusters]"),
            ("[pegasus.clusters]\n[pegasus.clusters]\n", "a", "defined twice: line=2"),
            ("[pegasus.clusters\n", "a", "bracket of the section is missing: line=1"),
            ("[]\n", "a", "name of the section is empty: line=1"),
            ("[a=b]\n", "a", "both a bracket and an equals sign: line=1"),
            ("[x]\n = b\n", "a", "name before the equals sign is missing: line=2"),
            ("[pegasus.clusters]\n", "a", "section [pegasus.clusters] is empty"),
            ("[pegasus.clusters]\nb = x:1\nc d = x:1\n", "a", "known clusters: b, \"c d\""),
            ("[pegasus.clusters]\na = x:1\na = x:2\n", "a", "defined twice: cluster=a lines=2,3"),
            ("[pegasus.clusters]\na =\n", "a", "no meta servers: cluster=a line=2"),
            ("[pegasus.clusters]\na = x\n", "a", "cluster=a line=2: invalid meta server address"),
            ("[pegasus.clusters]\na = \"x:1\"\n", "a", "cluster=a line=2: invalid"),
            ("[pegasus.clusters]\na = %{x}\n", "a", "template"),
            ("[pegasus.clusters]\na = @X@\n", "a", "template"),
        ] {
            let error = metas(text, cluster).unwrap_err();
            assert!(error.contains(part), "{text:?}: {error}");
        }
        // What is wrong about one cluster does not matter to the others.
        let text = "[pegasus.clusters]\na = x:1\nb = x\nc = x:1\nc = x:2\n";
        assert_eq!(metas(text, "a").unwrap(), "x:1");
    }

    proptest::proptest! {
        /// Any text is either refused, or each of its names has valid addresses or an error of its own.
        #[test]
        fn any_text_has_a_result(text in "(\\[pegasus\\.clusters\\]\n)?([\\[\\]a=:1,#;^% \t\r\n]|é){0,60}") {
            if let Ok(all) = Clusters::parse(&text) {
                for cluster in all.names() {
                    if let Ok(metas) = all.metas(cluster) {
                        MetaAddr::parse_list(metas).unwrap();
                    }
                }
            }
        }

        /// What is written by the rules is read back, whatever stands around it.
        #[test]
        fn what_is_written_is_read(
            cluster in "[a-z][a-z0-9_.-]{0,9}",
            port in 1_u16..,
            before in "( |\t){0,3}",
            comment in "( |\t)*([#;][^\n]{0,9})?",
        ) {
            let text = format!("[a]\n{cluster} = no:1\n[pegasus.clusters]{comment}\n{before}{cluster}{before}={before}h:{port}{comment}\n[b]\n{cluster} = no:2");
            // A section line with an equals sign in its comment is fine, because comments do not count.
            assert_eq!(metas(&text, &cluster).unwrap(), format!("h:{port}"));
        }
    }
}
