//! Another Rust static library, which a program links beside ours.

/// Returns `number`, or -1 if `number` is negative: by a panic that is caught, so that this library
/// brings its own unwinding along.
#[unsafe(no_mangle)]
pub extern "C" fn other_rust_library(number: i32) -> i32 {
    std::panic::catch_unwind(|| {
        assert!(number >= 0, "on purpose");
        number
    })
    .unwrap_or(-1)
}
