//! Hosts, buckets and containers; and those that give credentials to whoever asks.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::Host;

use super::LocationRefusal;

/// Names under which clouds serve the credentials of a machine.
const METADATA_NAMES: [&str; 7] = [
    "metadata",
    "metadata.google.internal",
    "metadata.goog",
    "instance-data",
    "instance-data.ec2.internal",
    "metadata.azure.internal",
    "metadata.platformequinix.com",
];

/// Addresses under which they do, beside all link-local ones.
const METADATA_V4: [Ipv4Addr; 4] = [
    Ipv4Addr::new(100, 100, 100, 200),
    Ipv4Addr::new(192, 0, 0, 192),
    Ipv4Addr::new(168, 63, 129, 16),
    Ipv4Addr::new(0, 0, 0, 0),
];
const METADATA_V6: [Ipv6Addr; 3] = [
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254),
    Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254),
    Ipv6Addr::UNSPECIFIED,
];

/// The host and port of a location; files have none.
pub(super) fn read(scheme: &str, authority: &str) -> Result<(String, Option<u16>), LocationRefusal> {
    if authority.contains('@') {
        return Err(LocationRefusal::UserInfo);
    }
    if scheme == "file" {
        return if authority.is_empty() { Ok((String::new(), None)) } else { Err(LocationRefusal::Host) };
    }
    if authority.is_empty() || authority.contains('%') || !authority.is_ascii() {
        return Err(LocationRefusal::Host);
    }
    let (host, port) = split_port(authority)?;
    if is_metadata(host) {
        return Err(LocationRefusal::Metadata);
    }
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-._".contains(&byte);
    if !host.bytes().all(plain) && !is_plain_v6(host) {
        return Err(LocationRefusal::Host);
    }
    let default = match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    };
    Ok((host.to_owned(), port.filter(|port| Some(*port) != default)))
}

fn split_port(authority: &str) -> Result<(&str, Option<u16>), LocationRefusal> {
    let after_host = authority.rfind(']').map_or(0, |bracket| bracket + 1);
    match authority[after_host..].find(':') {
        None => Ok((authority, None)),
        Some(colon) => {
            let (host, port) = authority.split_at(after_host + colon);
            let digits = &port[1..];
            let plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
            let port = digits.parse().ok().filter(|_| plain);
            Ok((host, Some(port.ok_or(LocationRefusal::Host)?)))
        }
    }
}

fn is_plain_v6(host: &str) -> bool {
    let inner = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    inner.is_some_and(|inner| inner.parse::<Ipv6Addr>().is_ok_and(|address| address.to_string() == inner))
}

/// Also in the spellings that only C libraries understand: `0xa9fea9fe`, `2852039166`, `0251.254.43518`.
fn is_metadata(host: &str) -> bool {
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    if METADATA_NAMES.contains(&name.as_str()) {
        return true;
    }
    match Host::parse(&name) {
        Ok(Host::Ipv4(address)) => is_metadata_address(IpAddr::V4(address)),
        Ok(Host::Ipv6(address)) => is_metadata_address(IpAddr::V6(address)),
        // A broken address; the check of its spelling, or that of the URL, refuses it where it matters.
        Err(_) | Ok(Host::Domain(_)) => false,
    }
}

fn is_metadata_address(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local() || METADATA_V4.contains(&address),
        IpAddr::V6(address) => {
            address.is_unicast_link_local()
                || METADATA_V6.contains(&address)
                || embedded(address).into_iter().any(|inner| is_metadata_address(IpAddr::V4(inner)))
        }
    }
}

/// IPv4 addresses that an IPv6 one may stand for: mapped, compatible, NAT64 (all in the last four bytes), and 6to4.
fn embedded(address: Ipv6Addr) -> [Ipv4Addr; 2] {
    let bytes = address.octets();
    let at = |first: usize| Ipv4Addr::new(bytes[first], bytes[first + 1], bytes[first + 2], bytes[first + 3]);
    let six_to_four = if bytes[..2] == [0x20, 0x02] { at(2) } else { at(12) };
    [at(12), six_to_four]
}
