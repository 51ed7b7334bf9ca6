//! The C face: what `include/pegasus_dup.h` declares.
//!
//! How it is built, file by file: `numbers` gives every code its number, `pointers` is the only file
//! that handles raw pointers, `boundary` keeps panics from crossing into C, and the others are the
//! handles. Handles cross the boundary as `Option<&T>` (lent), `Option<Box<T>>` (given back, to be
//! freed) and `pointers::Out` (handed out): the compiler then knows who owns what, and NULL is
//! `None`, which no function can forget to look at.
//!
//! The header is generated from these files: their doc comments are written for C programmers.

// Brackets in them, as around an IPv6 address, are no links.
#![allow(rustdoc::broken_intra_doc_links)]

pub(crate) mod boundary;
pub(crate) mod callbacks;
pub mod client;
pub mod duplication;
pub(crate) mod facts;
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
mod text;
pub mod version;
mod waiting;
