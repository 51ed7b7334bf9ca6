//! What an apply may do.

/// What an apply may do. By default, it only creates duplications.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApplyOptions {
    /// Which properties of existing duplications are altered.
    pub fix: Fix,
    /// Whether unmanaged duplications within the scopes of the fleet are removed.
    pub prune: bool,
    /// Whether a duplication is started that may have been paused for long. Its retained log may be large.
    pub start_long_paused: bool,
    /// The highest number of duplications that may be created, changed or removed. With more, nothing is sent.
    pub max_changes: Option<usize>,
    /// The highest number of duplications that may be removed. With more, nothing is sent.
    pub max_removals: Option<usize>,
    /// The highest number of duplications that may be in DS_PREPARE at the same time. A further checkpoint is
    /// requested when an earlier duplication has left DS_PREPARE.
    pub max_preparing: Option<usize>,
    /// The number of duplications that are worked on at the same time.
    pub concurrency: usize,
    /// Whether the apply continues after a failure.
    pub keep_going: bool,
}

/// The properties of existing duplications that an apply alters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Fix {
    /// Starts and pauses duplications.
    pub status: bool,
    /// Sets fail modes.
    pub fail_mode: bool,
}

impl Default for ApplyOptions {
    fn default() -> ApplyOptions {
        ApplyOptions {
            fix: Fix::default(),
            prune: false,
            start_long_paused: false,
            max_changes: None,
            max_removals: None,
            max_preparing: None,
            concurrency: 16,
            keep_going: false,
        }
    }
}
