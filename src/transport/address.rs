//! Where a meta server is.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use crate::error::{Error, ErrorKind, Result};
use crate::escape::is_hidden;

/// A meta server's address: a host name or an IP address, and a port.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MetaAddr {
    host: String,
    port: u16,
}

impl MetaAddr {
    /// The host name or IP address; IPv6 without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The socket address, if the host is an IP address and not a name.
    pub fn socket_addr(&self) -> Option<SocketAddr> {
        let ip: IpAddr = self.host.parse().ok()?;
        Some(SocketAddr::new(ip, self.port))
    }

    /// A host and a port that a server names; `None` if they cannot be those of a server.
    pub(crate) fn from_host_and_port(host: &str, port: u16) -> Option<MetaAddr> {
        (is_host(host) && port != 0).then(|| MetaAddr { host: host.to_owned(), port })
    }

    /// Reads a list with commas between, as `--meta` takes it; one comma after the last address is
    /// allowed. Returns each address once, in the order given.
    pub fn parse_list(list: &str) -> Result<Vec<MetaAddr>> {
        let mut addresses = Vec::new();
        let list = list.trim_end();
        for text in list.strip_suffix(',').unwrap_or(list).split(',') {
            let address: MetaAddr = text.trim().parse()?;
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        Ok(addresses)
    }
}

fn is_host(host: &str) -> bool {
    let is_odd = |c: char| c.is_whitespace() || is_hidden(c);
    !host.is_empty() && host.len() <= 255 && !host.contains(is_odd)
}

impl fmt::Display for MetaAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl From<SocketAddr> for MetaAddr {
    fn from(address: SocketAddr) -> MetaAddr {
        MetaAddr { host: address.ip().to_string(), port: address.port() }
    }
}

impl FromStr for MetaAddr {
    type Err = Error;

    /// Reads `HOST:PORT`, `1.2.3.4:PORT` or `[IPV6]:PORT`.
    fn from_str(text: &str) -> Result<MetaAddr> {
        let wrong = |what: &str| {
            Error::new(
                ErrorKind::InvalidArgument,
                format!("not a meta server address, {what}: address={text:?}"),
            )
            .with_hint(
                "give HOST:PORT, with [brackets] around an IPv6 address; the usual port is 34601",
            )
        };
        let (host, port) = text.rsplit_once(':').ok_or_else(|| wrong("the port is missing"))?;
        let host = match host.strip_prefix('[').map(|rest| rest.strip_suffix(']')) {
            Some(Some(inner)) if inner.parse::<Ipv6Addr>().is_ok() => inner,
            Some(_) => return Err(wrong("what stands in brackets is not an IPv6 address")),
            None if host.contains(':') => return Err(wrong("an IPv6 address needs brackets")),
            None => host,
        };
        if !is_host(host) {
            return Err(wrong("the host name is empty, too long or has a blank in it"));
        }
        // `u16::from_str` would take "+1".
        if !port.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(wrong("the port is not a number"));
        }
        match port.parse() {
            Ok(0) | Err(_) => Err(wrong("the port is not between 1 and 65535")),
            Ok(port) => Ok(MetaAddr { host: host.to_owned(), port }),
        }
    }
}

/// One address of a meta server, and what the server is called. A name may have several addresses;
/// each of them is a server of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ServerAddr {
    /// The address as the user gave it, or as a follower named it.
    pub(crate) named: MetaAddr,
    /// The address that connections go to.
    pub(crate) address: SocketAddr,
}

impl fmt::Display for ServerAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.named)?;
        if self.named.socket_addr().is_none() {
            write!(f, " ({})", self.address)?;
        }
        Ok(())
    }
}
