//! Connects to meta servers, matches responses to requests, and finds the leader of a group.

pub mod address;
pub(crate) mod connection;
pub(crate) mod durations;
pub(crate) mod group;
pub(crate) mod http;
pub(crate) mod learnt;
pub(crate) mod round;
pub mod seams;

pub use address::MetaAddr;
