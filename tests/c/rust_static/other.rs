//! Another Rust static library, which a program links together with the library of this project.

/// Returns `number`, or -1 if `number` is negative. It catches a panic to do so, so that this library
/// contains its own code for unwinding.
#[unsafe(no_mangle)]
pub extern "C" fn other_rust_library(number: i32) -> i32 {
    std::panic::catch_unwind(|| {
        assert!(number >= 0, "on purpose");
        number
    })
    .unwrap_or(-1)
}
