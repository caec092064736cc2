use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    str::FromStr,
};

use super::Problem;

/// A host's name, or its address.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Host(url::Host);

impl Host {
    /// The address, where it is one.
    pub fn address(&self) -> Option<IpAddr> {
        match &self.0 {
            url::Host::Domain(_) => None,
            url::Host::Ipv4(address) => Some((*address).into()),
            url::Host::Ipv6(address) => Some((*address).into()),
        }
    }

    /// Whether it is this machine as itself: an address of loopback, or the name localhost.
    pub fn is_loopback(&self) -> bool {
        match self.address() {
            Some(address) => address.to_canonical().is_loopback(),
            None => matches!(&self.0, url::Host::Domain(name) if name == "localhost"),
        }
    }

    /// Whether it stands for all addresses of a machine, as 0.0.0.0 does.
    pub fn is_unspecified(&self) -> bool {
        self.address().is_some_and(|address| address.to_canonical().is_unspecified())
    }
}

impl FromStr for Host {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(address.into());
        }
        url::Host::parse(text).map(Self).map_err(|_| "names no host")
    }
}

impl From<IpAddr> for Host {
    fn from(address: IpAddr) -> Self {
        Self(match address {
            IpAddr::V4(address) => url::Host::Ipv4(address),
            IpAddr::V6(address) => url::Host::Ipv6(address),
        })
    }
}

impl fmt::Display for Host {
    /// As in a URL: an IPv6 address has brackets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A host, and a port of it to connect to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HostPort {
    /// The host.
    pub host: Host,
    /// The port, never 0.
    pub port: u16,
}

impl FromStr for HostPort {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        let (host, port_text) = text.rsplit_once(':').ok_or("has no port")?;
        // An IPv6 address without brackets would lose its end to the port.
        let host = url::Host::parse(host).map_err(|_| "names no host")?;
        Ok(Self { host: Host(host), port: port(port_text)? })
    }
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// Reads a port to connect to, or that others connect to.
pub(in crate::settings) fn port(text: &str) -> Result<u16, Problem> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|&port| port > 0 && digits).ok_or("has no port from 1 to 65535")
}

/// Reads an address to listen on. Port 0 is any that is free.
pub(in crate::settings) fn address(text: &str) -> Result<SocketAddr, Problem> {
    text.parse().map_err(|_| match text.parse::<IpAddr>() {
        Ok(_) => "has no port",
        Err(_) => "is no numeric address with a port",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses() {
        for (text, shown, loopback) in [
            ("localhost", "localhost", true),
            ("127.0.0.1", "127.0.0.1", true),
            ("127.8.0.1", "127.8.0.1", true),
            ("::1", "[::1]", true),
            ("[::1]", "[::1]", true),
            ("::ffff:127.0.0.1", "[::ffff:7f00:1]", true),
            ("10.0.0.1", "10.0.0.1", false),
            ("worker-1.example.org", "worker-1.example.org", false),
            ("localhost.example.org", "localhost.example.org", false),
        ] {
            let host: Host = text.parse().expect(text);
            assert_eq!((host.to_string().as_str(), host.is_loopback()), (shown, loopback), "{text}");
        }
        for text in ["", "a b", "host:80", "http://host", "[::1", "a/b"] {
            assert_eq!(text.parse::<Host>(), Err("names no host"), "{text}");
        }
        assert!("0.0.0.0".parse::<Host>().is_ok_and(|host| host.is_unspecified()));
        assert!("::".parse::<Host>().is_ok_and(|host| host.is_unspecified()));
    }

    #[test]
    fn hosts_with_ports() {
        let both: HostPort = "[::1]:7071".parse().expect("an address");
        assert_eq!(
            (both.host.is_loopback(), both.port, both.to_string().as_str()),
            (true, 7071, "[::1]:7071")
        );
        for text in ["host", "host:", "host:0", "host:65536", "host:+80", ":80", "::1:7071", "host:80:90"] {
            assert!(text.parse::<HostPort>().is_err(), "{text}");
        }
    }

    #[test]
    fn addresses_to_listen_on() {
        assert!(address("[::1]:0").is_ok());
        assert_eq!(address("127.0.0.1"), Err("has no port"));
        assert_eq!(address("localhost:80"), Err("is no numeric address with a port"));
    }
}
