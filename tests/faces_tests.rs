//! Tests of the common parts of all faces, and of the generated C header.

mod faces {
    #[cfg(feature = "capi")]
    mod capi_header;
    #[cfg(feature = "capi")]
    mod enums;
    #[cfg(feature = "capi")]
    mod generate;
    mod parity;
}
