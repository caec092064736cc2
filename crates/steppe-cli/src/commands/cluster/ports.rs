//! Ports for the members of a development cluster.

use std::{
    io,
    net::{Ipv4Addr, TcpListener},
};

use rand::Rng;

/// From here on the system hands ports out by itself, to clients too: one that was seen free may not be so for long.
const EPHEMERAL: u16 = 32_768;
/// Below are the ports that services are known by.
const FIRST: u16 = 10_240;

/// How many ports are tried.
const TRIES: u32 = 100;

/// A port of the loopback address that nobody listens on, and that the system gives to nobody who does not ask for it.
///
/// # Errors
/// When none of many can be had: what the last one was refused for.
pub(super) fn free_port() -> io::Result<u16> {
    let mut random = rand::rng();
    let mut tries = 0;
    loop {
        let port = random.random_range(FIRST..EPHEMERAL);
        match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            Ok(_) => return Ok(port),
            Err(error) if tries >= TRIES => return Err(error),
            Err(_) => tries += 1,
        }
    }
}
