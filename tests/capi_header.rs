//! `include/pegasus_dup.h` is what cbindgen makes of `src/capi`, byte for byte.
//!
//! After a change there, write it anew with
//! `PEGASUS_DUP_WRITE_HEADER=1 cargo test --features capi --test capi_header`.
#![cfg(feature = "capi")]

use std::path::Path;

/// The files that declare something for C, in the order in which the header shows them.
const SOURCES: [&str; 10] = [
    "version.rs",
    "numbers.rs",
    "names.rs",
    "log.rs",
    "options.rs",
    "request.rs",
    "client.rs",
    "operation.rs",
    "outcome.rs",
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
