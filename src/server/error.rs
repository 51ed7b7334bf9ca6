//! Why a server can't start, or its store can't go on.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::spec::TableSpec;

/// Why an embedded meta server doesn't start. Each says what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// The address can't be listened on.
    #[error("cannot listen, choose another address or end what uses it: address={address}")]
    Listen {
        /// What was asked for.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The configuration contradicts itself.
    #[error("the configuration makes no sense: {0}")]
    Config(String),
    /// The store can't be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No thread could be started.
    #[error("cannot start a thread")]
    Thread(#[source] std::io::Error),
}

/// What is wrong with a store.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another process (or another server of this one) has the file open.
    #[error(
        "the store is in use by another server, stop that one or choose another file: path={path:?}"
    )]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// The file is something else than a store of this kind.
    #[error(
        "not a store of an embedded meta server, and it was left as it is: choose another file: path={path:?} reason={reason}"
    )]
    Foreign {
        /// The file.
        path: PathBuf,
        /// How that is known.
        reason: String,
    },
    /// The file is damaged.
    #[error(
        "the store is damaged, restore it from a copy or begin with a new file: path={path:?} reason={reason}"
    )]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What was found.
        reason: String,
    },
    /// The file was written by a later version.
    #[error(
        "the store's format is newer than this program, use the program that wrote it: path={path:?} format={format}"
    )]
    NewerFormat {
        /// The file.
        path: PathBuf,
        /// The format it has.
        format: u32,
    },
    /// The file belongs to another cluster.
    #[error(
        "the store belongs to another cluster, give that name or choose another file: stored={stored} given={given}"
    )]
    OtherCluster {
        /// The name in the file.
        stored: String,
        /// The name given.
        given: String,
    },
    /// A table is in the store with other partitions, which can't be changed.
    #[error(
        "a table stands in the store with other partitions, give it as stored or leave it out: stored={stored} given={given}"
    )]
    OtherTable {
        /// As stored.
        stored: TableSpec,
        /// As given.
        given: TableSpec,
    },
    /// Reading or writing failed.
    #[error(
        "the store cannot be read or written, see to the disk and start again: reason={reason}"
    )]
    Io {
        /// What failed.
        reason: String,
    },
}
