//! What travels between a client and a meta server: thrift codec, frames, messages, error codes,
//! and what differs between generations of servers. No I/O.

pub mod bare;
pub mod error_code;
pub mod found;
pub mod frame;
pub mod generation;
pub mod messages;
pub mod rpc;
pub mod thrift;

/// The longest name of a table or a cluster that is sent or served, in bytes. Pegasus states no limit;
/// nobody has names this long.
pub(crate) const MAX_NAME: usize = 255;
