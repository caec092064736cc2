//! Ports for clusters that run side by side.

use std::{
    collections::BTreeSet,
    net::{Ipv4Addr, TcpListener},
    sync::{Mutex, PoisonError},
};

use rand::Rng;

/// From here on the system hands ports out by itself, to clients too: one that was seen free may not be so for long.
const EPHEMERAL: u16 = 32_768;
/// Below are the ports that services are known by.
const FIRST: u16 = 10_240;

/// What tests of this process were given, whether they listen there yet or not.
static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());

/// A port of the loopback address that nobody listens on, and that neither the system nor another test of this process is
/// given.
pub(crate) fn free_port() -> u16 {
    let mut random = rand::rng();
    loop {
        let port = random.random_range(FIRST..EPHEMERAL);
        let is_new = GIVEN.lock().unwrap_or_else(PoisonError::into_inner).insert(port);
        if is_new && TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}
