//! The meta servers that a command is about: the options `--meta`, `--cluster` and `--clusters`, and the environment.

use std::env::{self, VarError};
use std::path::PathBuf;

use crate::clusters::Clusters;
use crate::error::{Error, ErrorKind::InvalidArgument, Result};

use super::args::Global;

/// The variable with the meta servers.
const META: &str = "PEGASUS_DUP_META";
/// The variable with the file that names clusters.
const CLUSTERS: &str = "PEGASUS_DUP_CLUSTERS";

/// Returns the meta servers of a command, which cannot run without them.
pub(super) fn of(global: &Global) -> Result<String> {
    if global.clusters.is_some() && global.cluster.is_none() {
        return Err(Error::new(
            InvalidArgument,
            "--clusters names a file, and no option names a cluster of it",
        )
        .with_hint("give --cluster NAME too, or leave out --clusters"));
    }
    given(global)?.filter(|metas| !metas.is_empty()).ok_or_else(|| {
        Error::new(InvalidArgument, "no meta servers are given").with_hint(format!(
            "give --meta HOST:PORT[,...] or set {META}; or give --cluster NAME, with a file of the Pegasus shell in --clusters FILE or {CLUSTERS}"
        ))
    })
}

/// Returns whether an option names the cluster, which then takes precedence over a file.
pub(super) fn by_option(global: &Global) -> bool {
    global.meta.is_some() || global.cluster.is_some()
}

/// Returns the meta servers that the options name, or otherwise those of the environment, if there are any. An
/// option takes precedence over the environment.
pub(super) fn given(global: &Global) -> Result<Option<String>> {
    match (&global.meta, &global.cluster) {
        (Some(_), Some(_)) => Err(Error::new(
            InvalidArgument,
            "--meta and --cluster both name meta servers: give only one of them",
        )),
        (Some(metas), None) => Ok(Some(metas.clone())),
        (None, Some(cluster)) => {
            clusters(global)?.metas(cluster).map(|metas| Some(metas.to_owned()))
        }
        (None, None) => variable(META),
    }
}

/// Reads the file that names clusters.
pub(super) fn clusters(global: &Global) -> Result<Clusters> {
    let file = match &global.clusters {
        Some(file) => Some(file.clone()),
        None => variable(CLUSTERS)?.filter(|file| !file.is_empty()).map(PathBuf::from),
    };
    match file {
        Some(file) => Clusters::read(file),
        None => Err(Error::new(
            InvalidArgument,
            "no file is given in which the cluster can be looked up by its name",
        )
        .with_hint(format!(
            "give the configuration file of the Pegasus shell: --clusters FILE, or set {CLUSTERS}"
        ))),
    }
}

/// Returns a variable of the environment, if it is set.
fn variable(name: &str) -> Result<Option<String>> {
    match env::var(name) {
        Ok(value) => Ok(Some(value)),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(Error::new(
            InvalidArgument,
            format!("the environment variable is not UTF-8: {name}"),
        )),
    }
}
