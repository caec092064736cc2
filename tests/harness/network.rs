//! A network that can be cut: a worker's namespace behind a router's namespace, which silently drops what it is told to.
//! Needs root.

use std::{
    io,
    net::Ipv4Addr,
    process::Command,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::small_disk::run;

/// The namespaces and the addresses in them. They go when this is dropped.
#[derive(Debug)]
pub struct Network {
    /// Distinguishes the networks of test processes.
    id: u32,
    cuts: Mutex<Vec<[String; 2]>>,
}

/// Who the worker is cut from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// The object store.
    Store,
    /// The coordinator.
    Coordinator,
}

/// Which packets are lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// All.
    Both,
    /// Those that the worker sends.
    Out,
    /// Those that the worker should get.
    In,
}

impl Network {
    /// Makes the namespaces: this machine, the router, the worker.
    ///
    /// # Errors
    /// No right to, or no support for it.
    pub fn make() -> io::Result<Self> {
        let network = Self { id: std::process::id(), cuts: Mutex::default() };
        let (worker, router) = (network.namespace(), network.router());
        let [a, b, c, d] = ["a", "b", "c", "d"].map(|end| network.link(end));
        let at = |last: u8| network.address(last).to_string();
        let within = |last: u8| format!("{}/30", network.address(last));
        let net = format!("{}/30", network.address(4));
        let all = |last: u8| format!("{}/32", network.address(last));
        let commands = [
            format!("netns add {worker}"),
            format!("netns add {router}"),
            format!("link add {a} type veth peer name {b} netns {router}"),
            format!("link add {c} netns {router} type veth peer name {d} netns {worker}"),
            format!("addr add {} dev {a}", within(1)),
            format!("addr add {} dev {a}", all(9)),
            format!("addr add {} dev {a}", all(10)),
            format!("link set {a} up"),
            format!("-n {router} addr add {} dev {b}", within(2)),
            format!("-n {router} link set {b} up"),
            format!("-n {router} addr add {} dev {c}", within(5)),
            format!("-n {router} link set {c} up"),
            format!("-n {router} route add default via {}", at(1)),
            format!("-n {worker} addr add {} dev {d}", within(6)),
            format!("-n {worker} link set {d} up"),
            format!("-n {worker} link set lo up"),
            format!("-n {worker} route add default via {}", at(5)),
            format!("route add {net} via {}", at(2)),
        ];
        for words in commands {
            run(Command::new("ip").args(words.split(' ')))?;
        }
        run(Command::new("ip").args(["netns", "exec", &router, "sysctl", "-qw", "net.ipv4.ip_forward=1"]))?;
        Ok(network)
    }

    /// The worker's namespace.
    pub fn namespace(&self) -> String {
        format!("steppe-w{}", self.id)
    }

    fn router(&self) -> String {
        format!("steppe-r{}", self.id)
    }

    fn link(&self, end: &str) -> String {
        format!("stp{}{end}", self.id)
    }

    fn address(&self, last: u8) -> Ipv4Addr {
        Ipv4Addr::new(10, 200 + (self.id >> 8 & 31) as u8, self.id as u8, last)
    }

    /// The worker's address.
    pub fn worker(&self) -> Ipv4Addr {
        self.address(6)
    }

    /// The store's address, on this machine.
    pub fn store(&self) -> Ipv4Addr {
        self.address(9)
    }

    /// The coordinator's address, on this machine.
    pub fn coordinator(&self) -> Ipv4Addr {
        self.address(10)
    }

    /// From now on packets between the worker and somebody are lost.
    ///
    /// # Errors
    /// The router does not take the rule.
    pub fn cut(&self, peer: Peer, way: Way) -> io::Result<()> {
        // What the coordinator begins itself comes from the link's address.
        let others = match peer {
            Peer::Store => vec![self.store()],
            Peer::Coordinator => vec![self.coordinator(), self.address(1)],
        };
        for other in others {
            let (worker, other) = (self.worker().to_string(), other.to_string());
            if way != Way::In {
                self.lose(worker.clone(), other.clone())?;
            }
            if way != Way::Out {
                self.lose(other, worker)?;
            }
        }
        Ok(())
    }

    fn cuts(&self) -> MutexGuard<'_, Vec<[String; 2]>> {
        self.cuts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lose(&self, from: String, to: String) -> io::Result<()> {
        self.rule("add", &from, &to)?;
        self.cuts().push([from, to]);
        Ok(())
    }

    fn rule(&self, action: &str, from: &str, to: &str) -> io::Result<()> {
        let router = self.router();
        run(Command::new("ip").args(["-n", &router, "rule", action, "from", from, "to", to, "blackhole"]))
    }

    /// All packets go their way again.
    ///
    /// # Errors
    /// The router does not let go of a rule.
    pub fn heal(&self) -> io::Result<()> {
        let cuts = std::mem::take(&mut *self.cuts());
        for [from, to] in cuts {
            self.rule("del", &from, &to)?;
        }
        Ok(())
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for namespace in [self.namespace(), self.router()] {
            let _ = run(Command::new("ip").args(["netns", "del", &namespace]));
        }
        let _ = run(Command::new("ip").args(["link", "del", &self.link("a")]));
    }
}
