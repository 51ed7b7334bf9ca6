//! Excludes several applies to one cluster on one host.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::net::ToSocketAddrs;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use super::plan_file::sha256;
use crate::error::{Error, ErrorKind, Result};
use crate::escape::name;

/// The right to apply to a cluster, as far as this host is concerned. It ends when this is dropped, and also
/// when the process is killed.
///
/// The locks are on files in the folder for temporary files, one for each address of a meta server. Two applies
/// therefore exclude each other if they have an address in common, in whatever order and by whatever names
/// they list the meta servers. Applies on other hosts are not excluded, nor are applies with another folder for
/// temporary files (`TMPDIR`).
#[derive(Debug)]
#[must_use = "the lock ends when this is dropped"]
pub struct HostLock {
    #[allow(dead_code, reason = "the files are kept open, because that keeps them locked")]
    files: Vec<File>,
}

impl HostLock {
    /// Takes the right to apply to the cluster with these meta servers, given as `HOST:PORT[,...]`. Does not
    /// wait for other processes. The call blocks while it resolves the names of the hosts.
    ///
    /// # Errors
    ///
    /// Fails with `Busy` if another apply to the cluster is running on this host, and with `InvalidArgument`
    /// if a file cannot be locked.
    pub fn take(meta: &str) -> Result<HostLock> {
        HostLock::take_in(&std::env::temp_dir(), meta)
    }

    fn take_in(folder: &Path, meta: &str) -> Result<HostLock> {
        let mut files = Vec::new();
        for address in addresses(meta) {
            let hash = sha256(address.as_bytes());
            let path = folder.join(format!("pegasus-dup-apply-{}.lock", &hash[..16]));
            let file = open(&path).map_err(|error| cannot(&path, error))?;
            match file.try_lock() {
                Ok(()) => files.push(file),
                Err(TryLockError::WouldBlock) => {
                    return Err(Error::new(
                        ErrorKind::Busy,
                        format!(
                            "another apply to this cluster is running on this host: server={} lock={}",
                            name(&address),
                            name(&path.to_string_lossy())
                        ),
                    )
                    .with_hint("wait until that apply has ended"));
                }
                Err(TryLockError::Error(error)) => return Err(cannot(&path, error)),
            }
        }
        Ok(HostLock { files })
    }
}

fn cannot(path: &Path, error: io::Error) -> Error {
    let path = path.to_string_lossy();
    let message =
        format!("the lock of this cluster cannot be taken: {error}: lock={}", name(&path));
    Error::new(ErrorKind::InvalidArgument, message)
        .with_hint("set TMPDIR to a folder in which files can be created")
        .with_source(error)
}

/// Returns the addresses of the meta servers. A name that cannot be resolved stands for itself.
fn addresses(meta: &str) -> BTreeSet<String> {
    let mut addresses = BTreeSet::new();
    for one in meta.split(',').filter(|one| !one.is_empty()) {
        match one.to_socket_addrs() {
            Ok(resolved) => addresses.extend(resolved.map(|address| address.to_string())),
            Err(_) => {
                addresses.insert(one.to_owned());
            }
        }
    }
    addresses
}

/// Opens the file for reading, which is enough for a lock, and creates it if it does not exist. Another user
/// may have created it.
fn open(path: &Path) -> io::Result<File> {
    let missing = |error: &io::Error| error.kind() == io::ErrorKind::NotFound;
    match File::open(path) {
        Err(error) if missing(&error) => {}
        opened => return opened,
    }
    match OpenOptions::new().write(true).create_new(true).mode(0o644).open(path) {
        Ok(file) => {
            // Other users must be able to open the file, whatever the umask of this process is.
            file.set_permissions(PermissionsExt::from_mode(0o644))?;
            Ok(file)
        }
        // Another process has created it at the same time.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => File::open(path),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn applies_with_a_common_address_exclude_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let take = |meta| HostLock::take_in(folder.path(), meta);
        let first = take("127.0.0.1:38500,127.0.0.1:38501").unwrap();
        for meta in ["127.0.0.1:38501", "127.0.0.1:38502,127.0.0.1:38500,", "localhost:38501"] {
            assert_eq!(take(meta).unwrap_err().kind(), ErrorKind::Busy, "{meta}");
        }
        let other = take("127.0.0.1:38502").unwrap();
        drop(first);
        assert!(take("127.0.0.1:38501").is_ok());
        drop(other);
        // A lock that could not be taken as a whole is not taken in part.
        assert!(take("127.0.0.1:38502,127.0.0.1:38500").is_ok());
        let unknown = take("no-such-host.invalid:1").unwrap();
        assert!(take("no-such-host.invalid:1").is_err());
        drop(unknown);
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_named() {
        let error = HostLock::take_in(Path::new("/no/such/folder"), "127.0.0.1:1").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.message().contains("/no/such/folder/pegasus-dup-apply-"), "{error}");
    }
}
