//! Errors of a server that cannot start, or of a store that cannot go on.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::spec::TableSpec;

/// An embedded meta server could not start. The message says what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// The server cannot listen on the address.
    #[error(
        "cannot listen on the address; choose another one, or end the program that uses it: address={address}"
    )]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The cause.
        source: std::io::Error,
    },
    /// The configuration contradicts itself.
    #[error("the configuration makes no sense: {0}")]
    Config(String),
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No thread could be started.
    #[error("cannot start a thread")]
    Thread(#[source] std::io::Error),
}

/// A store cannot be used.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another process, or another server of this process, has the file open.
    #[error(
        "the store is in use by another server; stop that server, or choose another file: path={path:?}"
    )]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// The file is not a store of an embedded meta server.
    #[error(
        "the file is not a store of an embedded meta server, and was not changed; choose another file: path={path:?} reason={reason}"
    )]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What shows that the file is something else.
        reason: String,
    },
    /// The file is damaged.
    #[error(
        "the store is damaged; restore it from a copy, or start with a new file: path={path:?} reason={reason}"
    )]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What is damaged.
        reason: String,
    },
    /// The file was written by a later version of this program.
    #[error(
        "the format of the store is newer than this program; use the program that wrote the store: path={path:?} format={format}"
    )]
    NewerFormat {
        /// The file.
        path: PathBuf,
        /// The format of the file.
        format: u32,
    },
    /// The file belongs to another cluster.
    #[error(
        "the store belongs to another cluster; use that cluster's name, or choose another file: stored={stored} given={given}"
    )]
    OtherCluster {
        /// The name of the cluster in the file.
        stored: String,
        /// The name of the cluster in the configuration.
        given: String,
    },
    /// The store has the table with another number of partitions, which cannot be changed.
    #[error(
        "the store has the table with another number of partitions; give the table as it is stored, or leave it out: stored={stored} given={given}"
    )]
    OtherTable {
        /// The table in the store.
        stored: TableSpec,
        /// The table in the configuration.
        given: TableSpec,
    },
    /// The file could not be read or written.
    #[error(
        "the store cannot be read or written; check the disk, and start again: reason={reason}"
    )]
    Io {
        /// The cause.
        reason: String,
    },
}
