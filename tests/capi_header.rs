//! `include/pegasus_dup.h` is what cbindgen makes of `src/capi`, byte for byte.
//!
//! After a change there, write it anew with
//! `PEGASUS_DUP_WRITE_HEADER=1 cargo test --features capi --test capi_header`.
#![cfg(feature = "capi")]

use std::path::Path;

/// The files that declare something for C, in the order in which the header shows them.
const SOURCES: [&str; 12] = [
    "version.rs",
    "numbers.rs",
    "names.rs",
    "log.rs",
    "options.rs",
    "request.rs",
    "client.rs",
    "operation.rs",
    "outcome.rs",
    "tables.rs",
    "info.rs",
    "duplication.rs",
];

fn generate(root: &Path) -> String {
    let config = cbindgen::Config::from_file(root.join("cbindgen.toml")).unwrap();
    let mut builder = cbindgen::Builder::new().with_config(config);
    // For the type aliases in the other files' signatures.
    builder = builder.with_src(root.join("src/capi/pointers.rs"));
    for source in SOURCES {
        builder = builder.with_src(root.join("src/capi").join(source));
    }
    let mut header = Vec::new();
    builder.generate().unwrap().write(&mut header);
    // Types that cbindgen.toml renames to pointers come with a blank that C programmers don't write.
    let header = String::from_utf8(header).unwrap();
    let tidy = |line: &str| match line.trim_start().starts_with(['*', '/']) {
        true => format!("{line}\n"),
        false => format!("{}\n", line.replace("* ", "*")),
    };
    header.lines().map(tidy).collect()
}

#[test]
fn the_header_is_what_the_source_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = root.join("include/pegasus_dup.h");
    let generated = generate(root);
    if std::env::var_os("PEGASUS_DUP_WRITE_HEADER").is_some() {
        std::fs::write(&path, &generated).unwrap();
    }
    let checked_in = std::fs::read_to_string(&path).unwrap();
    assert!(
        checked_in == generated,
        "include/pegasus_dup.h is not what cbindgen makes of src/capi: write it anew with \
         PEGASUS_DUP_WRITE_HEADER=1 cargo test --features capi --test capi_header"
    );
}

/// What programs are compiled against: each number and each function's signature, one a line.
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

/// The ABI as it was released: what is in this file stays, as long as the soname does. After adding
/// something, add it there too:
/// `PEGASUS_DUP_WRITE_HEADER=1 cargo test --features capi --test capi_header`.
#[test]
fn the_abi_only_grows() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = root.join("tests/c/abi.txt");
    let now = abi(&generate(root));
    assert!(now.len() > 100, "only {} lines of ABI were found", now.len());
    let pinned = std::fs::read_to_string(&path).unwrap_or_default();
    for line in pinned.lines().filter(|line| !line.contains("PEGASUS_DUP_ABI_VERSION ")) {
        assert!(now.iter().any(|now| now == line), "gone from the ABI, or changed: {line}");
    }
    if std::env::var_os("PEGASUS_DUP_WRITE_HEADER").is_some() {
        std::fs::write(&path, now.join("\n") + "\n").unwrap();
    }
    let pinned = std::fs::read_to_string(&path).unwrap();
    assert!(pinned.lines().eq(now.iter()), "the ABI grew: add it to tests/c/abi.txt");
}

/// No panic crosses into C: each function's body goes through one of the helpers that catch it.
#[test]
fn every_function_catches_panics() {
    const CATCHING: [&str; 6] = ["status(|", "catch(", "read(", "named(|", "call(", "change("];
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
