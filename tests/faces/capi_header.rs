//! Compares `include/pegasus_dup.h` with what cbindgen generates from `src/capi` and
//! `src/enums.rs`, byte for byte.
//!
//! After a change there, write the header again with
//! `PEGASUS_DUP_WRITE=1 cargo test --features capi --test faces`.

use std::path::Path;
use std::sync::LazyLock;

use super::generate;

/// The files whose declarations are for C, in the order of the header.
const SOURCES: [&str; 17] = [
    "version.rs",
    "numbers.rs",
    "names.rs",
    "log.rs",
    "options.rs",
    "request.rs",
    "request/table.rs",
    "request/backup_policy.rs",
    "client.rs",
    "operation.rs",
    "outcome.rs",
    "tables.rs",
    "info.rs",
    "history.rs",
    "duplication.rs",
    "values.rs",
    "value.rs",
];

/// The header as it is generated now.
static HEADER: LazyLock<String> = LazyLock::new(generated);

fn generated() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = cbindgen::Config::from_file(root.join("cbindgen.toml")).unwrap();
    let mut builder = cbindgen::Builder::new().with_config(config);
    // The signatures in the other files use the type aliases of this file.
    builder = builder.with_src(root.join("src/capi/pointers.rs"));
    // The numbers of the shared enums are declared by a macro, which cbindgen does not expand.
    let numbers = Path::new(env!("CARGO_TARGET_TMPDIR")).join("numbers_of_enums.rs");
    std::fs::write(&numbers, generate::c_constants()).unwrap();
    for source in SOURCES {
        builder = builder.with_src(root.join("src/capi").join(source));
        if source == "numbers.rs" {
            builder = builder.with_src(&numbers);
        }
    }
    let mut header = Vec::new();
    builder.generate().unwrap().write(&mut header);
    // cbindgen puts a space before the name where cbindgen.toml renames a type to a pointer.
    let header = String::from_utf8(header).unwrap();
    let tidy = |line: &str| match line.trim_start().starts_with(['*', '/']) {
        true => format!("{line}\n"),
        false => format!("{}\n", line.replace("* ", "*")),
    };
    header.lines().map(tidy).collect()
}

/// Writes the header once, if that is requested. Every test that reads the header forces this
/// first.
pub(super) static WRITTEN: LazyLock<()> = LazyLock::new(|| {
    if generate::writing() {
        generate::write("include/pegasus_dup.h", &HEADER);
    }
});

#[test]
fn the_header_is_what_the_source_says() {
    LazyLock::force(&WRITTEN);
    assert!(
        generate::read("include/pegasus_dup.h") == *HEADER,
        "include/pegasus_dup.h is not what cbindgen generates from src/capi. Write it again with \
         PEGASUS_DUP_WRITE=1 cargo test --features capi --test faces"
    );
}

/// Returns what programs are compiled against: each number and the signature of each function, one
/// on each line.
fn abi(header: &str) -> Vec<String> {
    let code: Vec<&str> = header
        .lines()
        .filter(|line| !line.trim_start().starts_with(['/', '*']) && !line.trim().is_empty())
        .collect();
    let numbers = code.iter().filter(|line| line.starts_with("#define PEGASUS_DUP_"));
    let numbers = numbers.filter(|line| line.split(' ').count() == 3).map(|line| line.to_string());
    let statements = code.iter().filter(|line| !line.starts_with('#')).copied();
    let statements = statements.collect::<Vec<_>>().join(" ");
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let functions = statements
        .split(';')
        .map(|statement| words(statement.trim_start_matches("extern \"C\" {")))
        .filter(|statement| statement.contains('('))
        .map(|statement| statement.trim_start_matches("extern \"C\" { ").to_owned());
    numbers.chain(functions).collect()
}

/// Compares the ABI with the released ABI in `tests/c/abi.txt`. A line of that file must not change
/// or disappear as long as the soname stays the same. After an addition to the ABI, write the file
/// again with `PEGASUS_DUP_WRITE=1 cargo test --features capi --test faces`.
#[test]
fn the_abi_only_grows() {
    const PINNED: &str = "tests/c/abi.txt";
    let now = abi(&HEADER);
    assert!(now.len() > 100, "only {} lines of ABI were found", now.len());
    for line in generate::read(PINNED).lines() {
        let may_grow = line.contains("PEGASUS_DUP_ABI_VERSION ");
        let same = may_grow || now.iter().any(|now| now == line);
        assert!(same, "this line of the ABI changed or disappeared: {line}");
    }
    if generate::writing() {
        generate::write(PINNED, &(now.join("\n") + "\n"));
    }
    let pinned = generate::read(PINNED);
    assert!(pinned.lines().eq(now.iter()), "the ABI has additions that are not in {PINNED}");
}

/// The body of each function must go through one of the helpers that catch panics.
#[test]
fn every_function_catches_panics() {
    const CATCHING: [&str; 7] =
        ["status(|", "catch(", "read(", "named(|", "call(", "change(", "difference("];
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut functions = 0;
    for source in SOURCES {
        let text = std::fs::read_to_string(root.join("src/capi").join(source)).unwrap();
        for function in text.split("#[unsafe(no_mangle)]").skip(1) {
            let body = &function[function.find(" {\n").unwrap()..function.find("\n}").unwrap()];
            let caught = CATCHING.iter().any(|catching| body.contains(catching));
            assert!(caught, "{source}: {}", function.lines().nth(1).unwrap());
            functions += 1;
        }
    }
    assert!(functions > 70, "only {functions} functions were found");
}
