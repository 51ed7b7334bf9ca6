//! What travels between a client and a meta server: the thrift codec, frames, messages and error
//! codes, and what differs between the generations of servers. Nothing here does I/O.

pub mod bare;
pub mod error_code;
pub mod found;
pub mod frame;
pub mod generation;
pub mod messages;
pub mod rpc;
pub mod thrift;

/// The greatest length of a table's or a cluster's name that is sent or served, in bytes. Pegasus
/// has no limit, but names in use are much shorter.
pub(crate) const MAX_NAME: usize = 255;
