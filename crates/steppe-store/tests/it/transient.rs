use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
};

use steppe_store::{Location, StoreError};

use super::s3::store;

/// Reads from a server that treats every connection in a way.
fn read_from(serve: fn(TcpStream)) -> StoreError {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for socket in listener.incoming().flatten() {
            serve(socket);
        }
    });
    let location = Location::in_store(store(address), "s3://bucket/a/b").expect("a location");
    location.read_range(0, 10).expect_err("no object")
}

/// Takes a request, and answers with some text.
fn answer(mut socket: TcpStream, text: &str) {
    let _ = socket.read(&mut [0; 8192]);
    let _ = socket.write_all(text.as_bytes());
    let _ = socket.shutdown(Shutdown::Both);
}

fn answer_status(socket: TcpStream, status: &str) {
    let body = "<Error><Code>Some</Code></Error>";
    answer(socket, &format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len()));
}

/// The real client is held to the text that its answers are told apart by.
#[test]
fn servers_that_are_busy_or_gone_are_transient() {
    for (case, serve) in [
        ("500", (|socket| answer_status(socket, "500 Internal Server Error")) as fn(TcpStream)),
        ("503", |socket| answer_status(socket, "503 Slow Down")),
        ("429", |socket| answer_status(socket, "429 Too Many Requests")),
        ("408", |socket| answer_status(socket, "408 Request Timeout")),
        ("closes", drop),
        ("closes after the request", |socket| answer(socket, "")),
        ("stops in the middle", |socket| {
            answer(
                socket,
                "HTTP/1.1 206 Partial Content\r\ncontent-length: 10\r\ncontent-range: bytes 0-9/20\r\nlast-modified: Sat, 21 Nov 2026 10:00:00 GMT\r\netag: \"x\"\r\n\r\nabc",
            );
        }),
    ] {
        let error = read_from(serve);
        assert!(error.is_transient() && !error.is_data_loss(), "{case}: {error:?}");
    }
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    let location = Location::in_store(store(free), "s3://bucket/a/b").expect("a location");
    let error = location.read().expect_err("nobody listens");
    assert!(error.is_transient(), "{error:?}");
}

#[test]
fn servers_that_refuse_are_not() {
    for (case, serve) in [
        ("400", (|socket| answer_status(socket, "400 Bad Request")) as fn(TcpStream)),
        ("401", |socket| answer_status(socket, "401 Unauthorized")),
        ("403", |socket| answer_status(socket, "403 Forbidden")),
        ("404", |socket| answer_status(socket, "404 Not Found")),
        ("416", |socket| answer_status(socket, "416 Range Not Satisfiable")),
        ("501", |socket| answer_status(socket, "501 Not Implemented")),
    ] {
        let error = read_from(serve);
        assert!(!error.is_transient(), "{case}: {error:?}");
    }
}
