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

/// Ports of the loopback address that nobody listens on, and that the system gives to nobody who does not ask for them.
/// They are held as long as this lives, so that neither this cluster nor another one that starts now takes one twice.
#[derive(Default)]
pub(super) struct Ports {
    held: Vec<TcpListener>,
    taken: Vec<u16>,
}

impl Ports {
    /// None of these, which members have that may not run yet.
    pub(super) fn besides(taken: Vec<u16>) -> Self {
        Self { held: Vec::new(), taken }
    }

    /// The next one.
    ///
    /// # Errors
    /// When none of many can be had: what the last one was refused for.
    pub(super) fn take(&mut self) -> io::Result<u16> {
        let mut random = rand::rng();
        let mut tries = 0;
        loop {
            let port = random.random_range(FIRST..EPHEMERAL);
            let bound = if self.taken.contains(&port) {
                Err(io::ErrorKind::AddrInUse.into())
            } else {
                TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            };
            match bound {
                Ok(listener) => {
                    self.held.push(listener);
                    return Ok(port);
                }
                Err(error) if tries >= TRIES => return Err(error),
                Err(_) => tries += 1,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_port_is_taken_twice() {
        let most: Vec<u16> = (FIRST..EPHEMERAL).filter(|port| port % 2 == 0).collect();
        let mut ports = Ports::besides(most);
        let mut found: Vec<u16> = (0..200).map(|_| ports.take().expect("a port")).collect();
        assert!(found.iter().all(|port| port % 2 == 1));
        found.sort_unstable();
        found.dedup();
        assert_eq!(found.len(), 200);
        let mut none = Ports::besides((FIRST..EPHEMERAL).collect());
        assert_eq!(none.take().expect_err("no port").kind(), io::ErrorKind::AddrInUse);
    }
}
