//! The C interface, which `include/pegasus_dup.h` declares.
//!
//! Each file has one task. `numbers` and `names` define the numbers of C and their names.
//! `pointers` is the only file that handles raw pointers, and `boundary` keeps panics from crossing
//! into C. `waiting` refuses calls on threads that must not wait. The other files define the
//! handles and the functions that use them.
//!
//! A handle crosses the boundary in one of three forms: `Option<&T>` is lent, `Option<Box<T>>` is
//! given back to be freed, and `pointers::Out` receives a new handle. The compiler therefore knows
//! who owns a handle, and NULL is `None`, which no function can forget to check.
//!
//! The header is generated from these files, so their doc comments are written for C programmers.

// Brackets in the doc comments, such as those around an IPv6 address, are not links.
#![allow(rustdoc::broken_intra_doc_links)]

pub(crate) mod boundary;
pub(crate) mod callbacks;
pub mod client;
pub mod duplication;
pub(crate) mod facts;
pub mod history;
pub mod info;
pub mod log;
pub mod names;
pub mod numbers;
pub mod operation;
pub mod options;
pub mod outcome;
pub(crate) mod pointers;
pub mod request;
pub mod tables;
pub mod value;
pub mod values;
pub mod version;
mod waiting;
