//! What a cluster consists of: its tables, and the clusters that it may duplicate to.

use std::fmt;
use std::str::FromStr;

use super::parse::ParseError;
use crate::protocol::MAX_NAME;

/// The number of partitions of a table if none is given.
const PARTITIONS: i32 = 8;
/// The number of replicas of a table if none is given.
const REPLICAS: i32 = 3;
/// The greatest number of partitions. A greater number is taken for a typing error, because every
/// query returns all partitions.
pub(super) const MAX_PARTITIONS: i32 = 65_536;
/// The greatest number of replicas. A greater number is taken for a typing error.
const MAX_REPLICAS: i32 = 64;

/// A table of the cluster.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TableSpec {
    /// The name.
    pub name: String,
    /// The number of partitions.
    pub partitions: i32,
    /// The replica count.
    pub replicas: i32,
}

impl TableSpec {
    /// Returns a table with 8 partitions and 3 replicas.
    pub fn new(name: impl Into<String>) -> TableSpec {
        TableSpec { name: name.into(), partitions: PARTITIONS, replicas: REPLICAS }
    }

    /// Returns why this cannot be a table, or `None` if it can.
    pub(crate) fn fault(&self) -> Option<&'static str> {
        if self.name.is_empty() || self.name.len() > MAX_NAME {
            Some("a table's name must have 1 to 255 bytes:")
        } else if !(1..=MAX_PARTITIONS).contains(&self.partitions) {
            Some("a table's partitions must be 1 to 65536:")
        } else if !(1..=MAX_REPLICAS).contains(&self.replicas) {
            Some("a table's replicas must be 1 to 64:")
        } else {
            None
        }
    }
}

impl fmt::Display for TableSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.name, self.partitions, self.replicas)
    }
}

impl FromStr for TableSpec {
    type Err = ParseError;
    /// Parses `NAME[:PARTITIONS[:REPLICAS]]`. Without the numbers, the table has 8 partitions and 3
    /// replicas. Up to two parts at the end count as numbers if they look like numbers. Everything
    /// before them is the name, which may contain colons.
    fn from_str(text: &str) -> Result<TableSpec, ParseError> {
        let split = |text| -> Option<(&str, &str)> {
            let (before, last) = str::rsplit_once(text, ':')?;
            let digits = last.strip_prefix(['-', '+']).unwrap_or(last);
            let number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            number.then_some((before, last))
        };
        let (name, partitions, replicas) = match split(text) {
            None => (text, None, None),
            Some((before, last)) => match split(before) {
                None => (before, Some(last), None),
                Some((name, partitions)) => (name, Some(partitions), Some(last)),
            },
        };
        let number = |digits: Option<&str>, default: i32| match digits {
            None => default,
            // A number that does not fit into an i32 becomes 0, which the check below refuses.
            Some(digits) => digits.parse().unwrap_or(0),
        };
        let spec = TableSpec {
            name: name.to_owned(),
            partitions: number(partitions, PARTITIONS),
            replicas: number(replicas, REPLICAS),
        };
        match spec.fault() {
            Some(fault) => Err(ParseError::new(fault, text)),
            None => Ok(spec),
        }
    }
}

/// A cluster that the server accepts as a remote cluster.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RemoteCluster {
    /// The name.
    pub name: String,
    /// The meta servers of the cluster, each `HOST:PORT`. Nothing is ever sent to them. If the list
    /// is empty, adds are refused as on a real server whose configuration lacks the list.
    pub metas: Vec<String>,
}

impl fmt::Display for RemoteCluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.name, self.metas.join(","))
    }
}

impl FromStr for RemoteCluster {
    type Err = ParseError;
    /// Parses `NAME=HOST:PORT[,HOST:PORT...]`. One comma after the last address is allowed.
    fn from_str(text: &str) -> Result<RemoteCluster, ParseError> {
        let wrong = || ParseError::new("a remote cluster is NAME=HOST:PORT[,HOST:PORT...]:", text);
        let (name, metas) = text.split_once('=').ok_or_else(wrong)?;
        if name.is_empty() || name.len() > MAX_NAME {
            return Err(ParseError::new("a cluster's name must have 1 to 255 bytes:", text));
        }
        let metas = metas.strip_suffix(',').unwrap_or(metas);
        let metas: Vec<String> = metas.split(',').map(str::to_owned).collect();
        for meta in &metas {
            let (host, port) = meta.rsplit_once(':').ok_or_else(wrong)?;
            if host.is_empty() || port.parse::<u16>().is_err() {
                return Err(wrong());
            }
        }
        Ok(RemoteCluster { name: name.to_owned(), metas })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn up_to_two_numbers_at_the_end_of_a_table_count_as_numbers_and_the_rest_is_the_name() {
        for (text, name, partitions, replicas) in [
            ("temp", "temp", 8, 3),
            ("temp:64", "temp", 64, 3),
            ("temp:64:5", "temp", 64, 5),
            ("a:b", "a:b", 8, 3),
            ("a:b:64", "a:b", 64, 3),
            ("a:b:64:5", "a:b", 64, 5),
            ("a:64:b", "a:64:b", 8, 3),
            ("a:64:b:5", "a:64:b", 5, 3),
            ("1:2:3:4", "1:2", 3, 4),
            ("a::5", "a:", 5, 3),
            ("a:", "a:", 8, 3),
            ("a:5x", "a:5x", 8, 3),
        ] {
            let spec: TableSpec = text.parse().unwrap();
            assert_eq!(spec, TableSpec { name: name.to_owned(), partitions, replicas }, "{text}");
            assert_eq!(spec.to_string().parse(), Ok(spec), "{text}");
        }
        for wrong in
            ["", ":5", ":5:5", "a:0", "a:-1", "a:65537", "a:99999999999", "a:8:0", "a:8:65"]
        {
            assert!(wrong.parse::<TableSpec>().is_err(), "{wrong}");
        }
    }
}
