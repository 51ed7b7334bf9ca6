//! The addresses of meta servers.

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
    /// Returns the host name or IP address. An IPv6 address has no brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Returns the port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns the socket address, or `None` if the host is a name.
    pub fn socket_addr(&self) -> Option<SocketAddr> {
        let ip: IpAddr = self.host.parse().ok()?;
        Some(SocketAddr::new(ip, self.port))
    }

    /// Returns the address for a host and a port that a server names, or `None` if they cannot be the
    /// address of a server.
    pub(crate) fn from_host_and_port(host: &str, port: u16) -> Option<MetaAddr> {
        (is_host(host) && port != 0).then(|| MetaAddr { host: host.to_owned(), port })
    }

    /// Parses a comma-separated list of addresses, such as the value of `--meta`. The list may end with
    /// a comma. Returns each address once, in the order of the list.
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

    /// Parses `HOST:PORT`, `1.2.3.4:PORT` or `[IPV6]:PORT`.
    fn from_str(text: &str) -> Result<MetaAddr> {
        let wrong = |what: &str| {
            Error::new(
                ErrorKind::InvalidArgument,
                format!("invalid meta server address: {what}: address={text:?}"),
            )
            .with_hint(
                "give HOST:PORT, with brackets around an IPv6 address; the default port is 34601",
            )
        };
        let (host, port) = text.rsplit_once(':').ok_or_else(|| wrong("the port is missing"))?;
        let host = match host.strip_prefix('[').map(|rest| rest.strip_suffix(']')) {
            Some(Some(inner)) if inner.parse::<Ipv6Addr>().is_ok() => inner,
            Some(_) => return Err(wrong("the text in brackets is not an IPv6 address")),
            None if host.contains(':') => return Err(wrong("an IPv6 address needs brackets")),
            None => host,
        };
        if !is_host(host) {
            return Err(wrong("the host name is empty, is too long or contains white space"));
        }
        // `u16::from_str` would accept "+1".
        if !port.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(wrong("the port is not a number"));
        }
        match port.parse() {
            Ok(0) | Err(_) => Err(wrong("the port is not between 1 and 65535")),
            Ok(port) => Ok(MetaAddr { host: host.to_owned(), port }),
        }
    }
}

/// One address of a meta server, and the name by which the server is known. If a host name has several
/// addresses, the client treats each address as a separate server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ServerAddr {
    /// The address that the user or a follower gave.
    pub(crate) named: MetaAddr,
    /// The address to which the client connects.
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
