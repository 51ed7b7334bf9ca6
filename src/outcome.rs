//! What a caller gets: the outcome of an add, of a change, of a removal, and the duplication they
//! speak of.

use std::fmt;

pub use crate::enums::{Evidence, FailMode, Property, Status};
use crate::text::name;

/// A duplication, as far as the server told of it. What it didn't tell is `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Duplication {
    /// The table whose writes are shipped.
    pub table: String,
    /// The table's id in this cluster.
    pub table_id: i32,
    /// The remote cluster's name.
    pub cluster: String,
    /// The duplication's id within the table. Reused after a removal: see [`Duplication::identity`].
    pub dupid: i32,
    /// Where it stands; `None` where the server's generation isn't known, since the numbers mean
    /// different things, or where only the answer to an add told of it.
    pub status: Option<Status>,
    /// What it does with writes that the remote cluster refuses.
    pub fail_mode: Option<FailMode>,
    /// The table's name in the remote cluster. Told by 2.6 snapshots only.
    pub remote_table: Option<String>,
    /// The remote table's replica count. Told by 2.6 snapshots only.
    pub remote_replica_count: Option<i32>,
    /// When it was made, in milliseconds since 1970, by the server's clock.
    pub create_ts_ms: Option<i64>,
    /// How far each partition has come, by partition index. Told by newer 2.6 snapshots only,
    /// else empty.
    pub partitions: Vec<PartitionProgress>,
}

impl Duplication {
    /// Whether the server is removing the duplication: it is still listed, and will be gone.
    pub(crate) fn is_being_removed(&self) -> bool {
        self.status == Some(Status::Removed)
    }

    /// What makes two duplications the same one.
    pub fn identity(&self) -> Identity {
        Identity {
            table_id: self.table_id,
            cluster: self.cluster.clone(),
            dupid: self.dupid,
            create_ts_ms: self.create_ts_ms,
        }
    }
}

/// A table, and its duplications: none, if nothing of the table is shipped.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TableDuplications {
    /// The table.
    pub table: String,
    /// The table's id in this cluster.
    pub table_id: i32,
    /// The table's number of partitions; `None` where the server did not tell it.
    pub partition_count: Option<i32>,
    /// The table's duplications, in dupid order.
    pub duplications: Vec<Duplication>,
}

/// (table id, remote cluster, dupid, create time): what makes two duplications the same one. A
/// dupid alone doesn't: one removed and added again within a second gets the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Identity {
    /// The table's id.
    pub table_id: i32,
    /// The remote cluster's name.
    pub cluster: String,
    /// The duplication's id within the table.
    pub dupid: i32,
    /// When it was made, in milliseconds since 1970; `None` where only the answer to an add told of it.
    pub create_ts_ms: Option<i64>,
}

/// How far one partition has come, in decrees. `None` = not known yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct PartitionProgress {
    /// The partition's index.
    pub partition: i32,
    /// The last decree that the remote cluster has confirmed.
    pub confirmed_decree: Option<i64>,
    /// The last decree committed in this cluster.
    pub last_committed_decree: Option<i64>,
}

impl Evidence {
    /// Returns whether the outcome is certain.
    pub fn certain(self) -> bool {
        match self {
            Evidence::ServerSaidSo | Evidence::ListedBefore | Evidence::ListedAfter => true,
            Evidence::AppearedDuringCall => false,
        }
    }
}

impl Property {
    /// Why this property of a duplication could not be compared with the request.
    pub fn why_unverified(self) -> &'static str {
        match self {
            Property::Checkpoint => "the status does not tell whether a checkpoint was shipped",
            Property::RemoteTable | Property::RemoteReplicaCount => "the server does not tell it",
        }
    }
}

/// What an existing duplication has otherwise than asked.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Difference {
    /// Another remote table. Not asking for one is asking for the table's own name.
    RemoteTable {
        /// What was asked for.
        asked: String,
        /// What exists.
        existing: String,
    },
    /// Another remote replica count; compared only where one above 0 was asked for.
    RemoteReplicaCount {
        /// What was asked for.
        asked: i32,
        /// What exists.
        existing: i32,
    },
}

impl Difference {
    /// The field's name in every face.
    pub fn field(&self) -> &'static str {
        match self {
            Difference::RemoteTable { .. } => Property::RemoteTable.name(),
            Difference::RemoteReplicaCount { .. } => Property::RemoteReplicaCount.name(),
        }
    }

    /// What was asked for, as text.
    pub fn asked(&self) -> String {
        match self {
            Difference::RemoteTable { asked, .. } => asked.clone(),
            Difference::RemoteReplicaCount { asked, .. } => asked.to_string(),
        }
    }

    /// What exists, as text.
    pub fn existing(&self) -> String {
        match self {
            Difference::RemoteTable { existing, .. } => existing.clone(),
            Difference::RemoteReplicaCount { existing, .. } => existing.to_string(),
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (asked, existing) = (self.asked(), self.existing());
        write!(f, "{}: asked={} existing={}", self.field(), name(&asked), name(&existing))
    }
}

/// What became of an add. An error is the third possibility, and stands beside this type as
/// [`crate::Error`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "an add that created nothing is not an error: look at the outcome"]
pub enum Outcome<T> {
    /// It wasn't there before, and is now.
    Created {
        /// What was created.
        value: T,
        /// Which properties were requested and could not be compared; empty where the outcome is
        /// certain. See [`Outcome::unverified`].
        unverified: Vec<Property>,
        /// How that is known.
        evidence: Evidence,
        /// What a person should know besides.
        warning: Option<String>,
    },
    /// It was there already; this call created nothing.
    AlreadyExists {
        /// What exists.
        existing: T,
        /// What it has otherwise than asked. It is as asked where this and `unverified` are empty.
        differences: Vec<Difference>,
        /// Which properties were requested and could not be compared. See [`Outcome::unverified`].
        unverified: Vec<Property>,
        /// How that is known.
        evidence: Evidence,
        /// What a person should know besides: that it is paused, say.
        warning: Option<String>,
    },
}

impl<T> Outcome<T> {
    /// Whether this call created it (certainly or not).
    pub fn created(&self) -> bool {
        matches!(self, Outcome::Created { .. })
    }

    /// How the outcome is known.
    pub fn evidence(&self) -> Evidence {
        match self {
            Outcome::Created { evidence, .. } | Outcome::AlreadyExists { evidence, .. } => {
                *evidence
            }
        }
    }

    /// Whether the outcome is certain. False for [`Evidence::AppearedDuringCall`] alone.
    pub fn certain(&self) -> bool {
        self.evidence().certain()
    }

    /// What was created, or what exists.
    pub fn value(&self) -> &T {
        match self {
            Outcome::Created { value, .. } => value,
            Outcome::AlreadyExists { existing, .. } => existing,
        }
    }

    /// What exists otherwise than asked; empty for a created one.
    pub fn differences(&self) -> &[Difference] {
        match self {
            Outcome::Created { .. } => &[],
            Outcome::AlreadyExists { differences, .. } => differences,
        }
    }

    /// Which properties were requested and could not be compared with what is there, because the
    /// server does not tell them. Only a property that the request names is listed: a checkpoint, a
    /// remote table (the table's own name too, where it was given), a replica count above 0.
    pub fn unverified(&self) -> &[Property] {
        match self {
            Outcome::Created { unverified, .. } | Outcome::AlreadyExists { unverified, .. } => {
                unverified
            }
        }
    }

    /// What a person should know besides.
    pub fn warning(&self) -> Option<&str> {
        match self {
            Outcome::Created { warning, .. } | Outcome::AlreadyExists { warning, .. } => {
                warning.as_deref()
            }
        }
    }
}

/// What became of a start, a pause, or a change of the fail mode.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Change<T> {
    /// It was otherwise before.
    Changed {
        /// As it was when this call looked.
        before: T,
        /// As it is now.
        after: T,
        /// What a person should know besides.
        warning: Option<String>,
    },
    /// It was so already; this call changed nothing.
    Unchanged {
        /// As it is.
        current: T,
        /// What a person should know besides.
        warning: Option<String>,
    },
}

impl<T> Change<T> {
    /// Whether anything was changed.
    pub fn changed(&self) -> bool {
        matches!(self, Change::Changed { .. })
    }

    /// As it is now.
    pub fn value(&self) -> &T {
        match self {
            Change::Changed { after, .. } => after,
            Change::Unchanged { current, .. } => current,
        }
    }

    /// What a person should know besides.
    pub fn warning(&self) -> Option<&str> {
        match self {
            Change::Changed { warning, .. } | Change::Unchanged { warning, .. } => {
                warning.as_deref()
            }
        }
    }
}

/// What became of a removal.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Removal<T> {
    /// It was there when this call looked, and is gone.
    Removed {
        /// As it was.
        was: T,
        /// What a person should know besides.
        warning: Option<String>,
    },
    /// It wasn't there; nothing was sent.
    NotFound,
}
