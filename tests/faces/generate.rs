//! Renders the enums of `src/enums.rs` as the code and the documentation of the faces.

use std::path::{Path, PathBuf};

use pegasus_dup::Evidence;
use pegasus_dup::enums::{ENUMS, Enum, Member};

/// Returns whether the tests write the generated files instead of comparing them.
pub(super) fn writing() -> bool {
    std::env::var_os("PEGASUS_DUP_WRITE").is_some()
}

fn path(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(file)
}

/// Returns the text of a checked-in file.
pub(super) fn read(file: &str) -> String {
    std::fs::read_to_string(path(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// Writes a checked-in file.
pub(super) fn write(file: &str, text: &str) {
    std::fs::write(path(file), text).unwrap_or_else(|error| panic!("{file}: {error}"));
}

/// The longest line of a generated file.
const WIDTH: usize = 100;

/// Returns the declaration of a Rust enum.
pub(super) fn declared(name: &str) -> &'static Enum {
    ENUMS.iter().find(|declared| declared.name == name).unwrap_or_else(|| panic!("no {name}"))
}

/// Returns the documentation as one line.
pub(super) fn prose(doc: &str) -> String {
    doc.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Breaks a text into lines, each of which starts with `prefix`.
fn wrapped(prefix: &str, text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + word.len() <= WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(format!("{prefix}{word}")),
        }
    }
    lines
}

/// Returns the name of a variant within its enum: what C, C++ and Python append to the enum's own
/// name.
fn key(member: &Member) -> String {
    let prefixes = ["AS_", "DS_", "FAIL_"];
    let bare = prefixes.iter().find_map(|prefix| member.name.strip_prefix(prefix));
    let name = bare.unwrap_or(member.name);
    name.to_lowercase().replace(['-', '.'], "_")
}

/// How C and C++ name an enum that they have.
struct InC {
    /// The name in Rust.
    name: &'static str,
    /// The prefix of the constants.
    prefix: &'static str,
    /// The words with which the comment of a constant starts.
    noun: &'static str,
    /// The name of the C++ enum, if C++ has one.
    cpp: Option<&'static str>,
}

/// The enums that have numbers in C, in the order of the header.
const IN_C: [InC; 12] = [
    InC { name: "OutcomeKind", prefix: "", noun: "The outcome kind", cpp: None },
    InC { name: "ResourceKind", prefix: "RESOURCE_", noun: "The resource kind", cpp: None },
    InC { name: "Evidence", prefix: "", noun: "The evidence", cpp: Some("evidence") },
    InC { name: "ErrorKind", prefix: "ERROR_", noun: "The error kind", cpp: Some("error_kind") },
    InC { name: "Status", prefix: "STATUS_", noun: "The duplication status", cpp: Some("status") },
    InC { name: "FailMode", prefix: "FAIL_", noun: "The fail mode", cpp: Some("fail_mode") },
    InC {
        name: "Generation",
        prefix: "GENERATION_",
        noun: "The generation",
        cpp: Some("generation"),
    },
    InC { name: "Mode", prefix: "MODE_", noun: "The mode", cpp: Some("mode") },
    InC { name: "MatchType", prefix: "TABLES_", noun: "The match type", cpp: Some("tables") },
    InC { name: "ValueType", prefix: "VALUE_", noun: "The value type", cpp: Some("value_type") },
    InC { name: "LogLevel", prefix: "LOG_", noun: "The log level", cpp: Some("log_level") },
    // C++ has methods instead.
    InC { name: "OperationKind", prefix: "OPERATION_", noun: "The operation", cpp: None },
];

fn constant(of: &InC, member: &Member) -> String {
    format!("PEGASUS_DUP_{}{}", of.prefix, key(member).to_uppercase())
}

/// Returns Rust code that declares the numbers of the enums, as cbindgen reads it.
pub(super) fn c_constants() -> String {
    let mut code = String::new();
    for of in &IN_C {
        for member in declared(of.name).members {
            let text = format!("{} `{}`. {}", of.noun, member.name, prose(member.doc));
            for line in wrapped("/// ", &text) {
                code += &format!("{line}\n");
            }
            code += &format!("pub const {}: i32 = {};\n", constant(of, member), member.number);
        }
    }
    code
}

/// Returns the enums of the C++ header.
pub(super) fn cpp_enums() -> Vec<String> {
    let mut lines = Vec::new();
    for of in &IN_C {
        let Some(name) = of.cpp else { continue };
        let declared = declared(of.name);
        lines.extend(wrapped("/// ", &prose(declared.doc)));
        lines.push(format!("enum class {name} : std::int32_t {{"));
        for member in declared.members {
            lines.extend(wrapped("    /// ", &prose(member.doc)));
            lines.push(format!("    {} = {},", key(member), constant(of, member)));
        }
        if let Some(other) = &declared.other {
            lines.extend(wrapped("    /// ", &prose(other.doc)));
            lines.push("    unnamed = PEGASUS_DUP_UNNAMED,".to_owned());
        }
        lines.extend(["};".to_owned(), String::new()]);
    }
    lines.pop();
    lines
}

/// Returns the functions of `tests/c/parity.cpp` that name the values of the C++ enums. Their
/// switches have no default, so the compiler compares them with the header.
pub(super) fn cpp_names() -> Vec<String> {
    let mut lines = Vec::new();
    for of in &IN_C {
        let Some(name) = of.cpp else { continue };
        let declared = declared(of.name);
        lines.push(format!("static const char *name(pd::{name} value) {{"));
        lines.push("    switch (value) {".to_owned());
        for member in declared.members {
            lines.push(format!(
                "    case pd::{name}::{}: return \"{}\";",
                key(member),
                member.name
            ));
        }
        if declared.other.is_some() {
            lines.push(format!("    case pd::{name}::unnamed: return nullptr;"));
        }
        lines.extend(["    }", "    return nullptr;", "}", ""].map(str::to_owned));
    }
    lines.pop();
    lines
}

/// Returns the documentation with the markup of Python docstrings.
fn python_prose(doc: &str) -> String {
    prose(doc).replace('`', "``")
}

/// Returns a docstring whose first sentence stands on its own, as Python's conventions want it.
fn docstring(indent: &str, doc: &str) -> Vec<String> {
    let doc = python_prose(doc);
    let Some((first, rest)) = doc.split_once(". ") else {
        return vec![format!("{indent}\"\"\"{doc}\"\"\"")];
    };
    let mut lines = vec![format!("{indent}\"\"\"{first}."), String::new()];
    lines.extend(wrapped(indent, rest));
    lines.push(format!("{indent}\"\"\""));
    lines
}

/// Returns the docstring and the members of a Python enum.
pub(super) fn python_enum(name: &str) -> Vec<String> {
    let declared = declared(name);
    let mut lines = docstring("    ", declared.doc);
    lines.push(String::new());
    for member in declared.members.iter().chain(&declared.other) {
        lines.push(format!("    {} = \"{}\"", key(member).to_uppercase(), member.name));
        let mut doc = wrapped("    ", &format!("\"\"\"{}", python_prose(member.doc)));
        let last = doc.pop().expect("a line");
        match last.len() + 3 <= WIDTH {
            true => doc.push(format!("{last}\"\"\"")),
            false => doc.extend([last, "    \"\"\"".to_owned()]),
        }
        lines.extend(doc);
    }
    if name == "Evidence" {
        lines.extend(python_certain());
    }
    lines
}

/// Returns the property that says which evidence is certain.
fn python_certain() -> Vec<String> {
    let members = declared("Evidence").members.iter().zip(Evidence::ALL);
    let doubtful: Vec<String> = members
        .filter(|(_, evidence)| !evidence.certain())
        .map(|(member, _)| format!("Evidence.{}", key(member).to_uppercase()))
        .collect();
    let lines = [
        "",
        "    @property",
        "    def certain(self) -> bool:",
        "        \"\"\"Whether an outcome with this evidence is certain.\"\"\"",
        &format!("        return self not in {{{}}}", doubtful.join(", ")),
        "",
    ];
    lines.map(str::to_owned).to_vec()
}

/// Built-in exceptions that exceptions of ours derive from as well.
const PYTHON_BASES: [(&str, &str); 1] = [("InvalidArgument", "ValueError")];

/// Returns the exception classes, one for each error kind.
pub(super) fn python_exceptions() -> Vec<String> {
    let mut lines = Vec::new();
    for member in declared("ErrorKind").members {
        let class = member.exception();
        let base = PYTHON_BASES.iter().find(|(name, _)| *name == class);
        let base = base.map_or(String::new(), |(_, base)| format!(", {base}"));
        lines.push(format!("class {class}(PegasusDupError{base}):"));
        lines.extend(docstring("    ", member.doc));
        lines.extend([
            String::new(),
            format!("    kind = ErrorKind.{}", key(member).to_uppercase()),
            String::new(),
            String::new(),
        ]);
    }
    lines
}

/// Returns the directives that show the exceptions in the Python reference.
pub(super) fn python_reference() -> Vec<String> {
    let members = declared("ErrorKind").members.iter();
    let mut lines: Vec<String> = members
        .flat_map(|member| [format!("::: pegasus_dup.{}", member.exception()), String::new()])
        .collect();
    lines.pop();
    lines
}

/// Returns the table of an enum for a page of documentation, without the values `less`.
pub(super) fn markdown_table(name: &str, less: &[&str]) -> Vec<String> {
    let declared = declared(name);
    let mut lines = vec!["| value | meaning |".to_owned(), "|---|---|".to_owned()];
    for member in declared.members.iter().filter(|member| !less.contains(&member.name)) {
        lines.push(format!("| `{}` | {} |", member.name, prose(member.doc)));
    }
    if let Some(other) = &declared.other {
        lines.push(format!("| `{}(NUMBER)` | {} |", other.name, prose(other.doc)));
    }
    lines
}

/// Returns the enum of a JSON schema, without the line that names it and without the closing brace.
/// `more` are further values that only the JSON output has, `less` those that it does not have.
pub(super) fn schema(name: &str, more: &[&str], less: &[&str]) -> Vec<String> {
    let names = declared(name).members.iter().map(|member| member.name);
    let names: Vec<String> = names
        .filter(|name| !less.contains(name))
        .chain(more.iter().copied())
        .map(|name| format!("\"{name}\""))
        .collect();
    let mut lines = vec!["      \"enum\": [".to_owned()];
    lines.extend(wrapped("        ", &names.join(", ")));
    lines.push("      ]".to_owned());
    lines
}

/// Returns a section of `tests/parity.json`, without its brackets.
pub(super) fn parity(name: &str) -> Vec<String> {
    let has_numbers = IN_C.iter().any(|of| of.name == name);
    let mut lines = Vec::new();
    for (place, member) in declared(name).members.iter().enumerate() {
        let mut entry = format!("    {{\"name\": \"{}\"", member.name);
        if has_numbers {
            entry += &format!(", \"number\": {}", member.number);
        }
        match name {
            "ErrorKind" => entry += &format!(", \"python\": \"{}\"", member.exception()),
            "OutcomeKind" => entry += &format!(", \"python\": \"{}\"", python_outcome(member)),
            "Evidence" => entry += &format!(", \"certain\": {}", Evidence::ALL[place].certain()),
            _ => {}
        }
        lines.push(entry + "},");
    }
    lines.last_mut().expect("an entry").pop();
    lines
}

/// Returns the name of the Python class for a kind of outcome.
fn python_outcome(member: &Member) -> &'static str {
    match member.variant {
        "Error" => "Failed",
        "Listed" => "list",
        variant => variant,
    }
}

/// Returns the operations of Python's asynchronous client, made from those of the blocking client.
pub(super) fn async_methods(blocking_client: &str) -> Vec<String> {
    let lines = blocking_client.lines().skip_while(|line| !line.starts_with("    def add("));
    let operations = lines.take_while(|line| !line.starts_with("    def _wait("));
    operations
        .map(|line| {
            let line = match line.strip_prefix("    def ") {
                Some(rest) => format!("    async def {rest}"),
                None => line.to_owned(),
            };
            let line = line.replace("return self._wait(", "return await self._run(");
            line.replace("return self._try(", "return await self._try(")
        })
        .collect()
}
