//! Ports for clusters that run side by side.

use std::net::{Ipv4Addr, TcpListener};

use rand::Rng;

/// From here on the system hands ports out by itself, to clients too: one that was seen free may not be so for long.
const EPHEMERAL: u16 = 32_768;
/// Below are the ports that services are known by.
const FIRST: u16 = 10_240;

/// A port of the loopback address that nobody listens on, and that the system gives to nobody who does not ask for it.
pub(crate) fn free_port() -> u16 {
    let mut random = rand::rng();
    loop {
        let port = random.random_range(FIRST..EPHEMERAL);
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}
