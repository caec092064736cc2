use std::{
    io::{Read, Write},
    net::{Ipv4Addr, TcpListener as StdListener, TcpStream as StdStream},
};

use super::*;

/// A server that answers each request with ten bytes, a connection each.
fn upstream() -> SocketAddr {
    let listener = StdListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let mut request = [0; 1024];
            let _ = stream.read(&mut request);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n0123456789");
        }
    });
    address
}

fn ask(proxy: &FaultProxy, method: &str) -> io::Result<String> {
    let mut stream = StdStream::connect(proxy.address())?;
    write!(stream, "{method} /a HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")?;
    let mut text = Vec::new();
    let read = stream.read_to_end(&mut text);
    let text = String::from_utf8_lossy(&text).into_owned();
    if text.is_empty() { read.map(|_| text) } else { Ok(text) }
}

#[test]
fn each_fault_is_seen_and_counted() {
    let proxy = FaultProxy::start(Ipv4Addr::LOCALHOST.into(), upstream(), 1).expect("a proxy");
    assert!(ask(&proxy, "GET").expect("an answer").ends_with("0123456789"));
    let only = |set: fn(&mut FaultRates)| {
        let mut rates = FaultRates::default();
        set(&mut rates);
        proxy.set(rates);
        proxy.take_counts();
    };
    only(|rates| rates.status_503 = 1.0);
    assert!(ask(&proxy, "GET").expect("an answer").starts_with("HTTP/1.1 503 "));
    assert_eq!(proxy.counts().statuses, 1);
    only(|rates| rates.reset = 1.0);
    assert_eq!(ask(&proxy, "GET").expect_err("a reset").kind(), io::ErrorKind::ConnectionReset);
    only(|rates| rates.short_body = 1.0);
    let short = ask(&proxy, "GET").expect("half an answer");
    assert!(short.contains("content-length: 10") && short.ends_with("01234"), "{short}");
    assert_eq!(proxy.counts().short_bodies, 1);
    only(|rates| rates.lost_reply = 1.0);
    assert!(ask(&proxy, "PUT").is_err());
    assert!(ask(&proxy, "GET").is_ok());
    let counts = proxy.counts();
    assert_eq!((counts.requests, counts.lost_replies, counts.faults()), (2, 1, 1));
}

#[test]
fn rates_are_kept() {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(7);
    let rates = FaultRates::mixed(0.3);
    let faults = (0..10_000).filter(|_| rates.draw(&mut random).is_some()).count();
    assert!((2_800..3_200).contains(&faults), "{faults}");
}
