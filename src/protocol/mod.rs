//! What travels between a client and a meta server: thrift codec, frames, messages, error codes,
//! and what differs between generations of servers. No I/O.

pub mod bare;
pub mod error_code;
pub mod frame;
pub mod generation;
pub mod messages;
pub mod thrift;
