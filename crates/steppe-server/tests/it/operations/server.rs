//! Requests that are answered, and clients that behave badly.

use std::time::{Duration, Instant};

use steppe_server::operations::{Metrics, NAMED_WORKERS, OperationsLimits, OperationsServer, Readiness};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::{sleep, timeout},
};

use super::{
    open_metrics,
    probe::{Running, answer, ask, run, run_on},
};

/// Limits that a test can wait for.
const SHORT: OperationsLimits = OperationsLimits {
    connections: 4,
    handshake: Duration::from_millis(400),
    head: Duration::from_millis(400),
    request: Duration::from_millis(3000),
    grace: Duration::from_millis(300),
};

async fn server(limits: OperationsLimits) -> Running {
    run(OperationsServer::new(Metrics::new(), Readiness::default()).with_limits(limits)).await
}

#[tokio::test]
async fn there_are_three_pages() {
    let running = server(OperationsLimits::default()).await;
    let metrics = running.get("/metrics").await;
    assert_eq!(metrics.status, 200);
    assert!(
        metrics.head.contains("content-type: application/openmetrics-text; version=1.0.0; charset=utf-8")
    );
    let exposition = open_metrics::read(&metrics.body);
    assert!(exposition.0.contains_key("steppe_tiles"));
    let health = running.get("/healthz").await;
    assert_eq!((health.status, health.body.as_str()), (200, "ok\n"));
    assert_eq!(running.get("/readyz").await.status, 200);
    let head = ask(running.connect().await, "HEAD", "/metrics").await;
    assert_eq!((head.status, head.body.as_str()), (200, ""));
}

#[tokio::test]
async fn nothing_else_is_there() {
    let running = server(OperationsLimits::default()).await;
    for path in ["/", "/metrics/", "/metric", "/healthz/x", "//metrics", "/../metrics", "/debug/pprof"] {
        let answer = running.get(path).await;
        assert_eq!((answer.status, answer.body.as_str()), (404, ""), "{path}");
    }
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"] {
        let answer = ask(running.connect().await, method, "/metrics").await;
        assert_eq!(answer.status, 405, "{method}");
        assert!(answer.head.contains("allow: get,head"), "{}", answer.head);
    }
}

#[tokio::test]
async fn a_head_has_limits() {
    let running = server(OperationsLimits::default()).await;
    let long = format!("GET /healthz HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "x".repeat(20_000));
    let many = format!("GET /healthz HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: y\r\n".repeat(100));
    for request in [long, many] {
        let mut stream = running.connect().await;
        stream.write_all(request.as_bytes()).await.expect("sent");
        assert_eq!(answer(stream).await.status, 431);
    }
    let mut stream = running.connect().await;
    stream.write_all(b"\x16\x03\x01 this is no HTTP\r\n\r\n").await.expect("sent");
    assert_eq!(answer(stream).await.status, 400);
    assert_eq!(running.get("/healthz").await.status, 200);
}

/// Whether the server closes a connection within a time.
async fn closed_within(mut stream: TcpStream, limit: Duration) -> bool {
    let mut bytes = Vec::new();
    timeout(limit, stream.read_to_end(&mut bytes)).await.is_ok()
}

#[tokio::test]
async fn silent_clients_block_nobody() {
    let running = server(SHORT).await;
    let mut silent = Vec::new();
    for _ in 0..SHORT.connections - 1 {
        silent.push(running.connect().await);
    }
    sleep(Duration::from_millis(50)).await;
    let begin = Instant::now();
    assert_eq!(running.get("/healthz").await.status, 200);
    assert!(begin.elapsed() < SHORT.head / 2, "{:?}", begin.elapsed());
    for stream in silent {
        assert!(closed_within(stream, SHORT.head * 3).await);
    }
}

#[tokio::test]
async fn more_clients_than_places_wait_for_one() {
    let running = server(SHORT).await;
    let mut silent = Vec::new();
    for _ in 0..SHORT.connections {
        silent.push(running.connect().await);
    }
    sleep(Duration::from_millis(50)).await;
    let begin = Instant::now();
    assert_eq!(running.get("/healthz").await.status, 200);
    let waited = begin.elapsed();
    assert!(waited > SHORT.head / 2, "there were only {} places: {waited:?}", SHORT.connections);
    assert!(waited < SHORT.head * 4, "{waited:?}");
    drop(silent);
}

#[tokio::test]
async fn slow_clients_are_cut_off() {
    let running = server(SHORT).await;
    let mut stream = running.connect().await;
    let begin = Instant::now();
    // Each byte comes well within the limit; the head as a whole does not.
    for byte in b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: yyyyyyyyyyyyy" {
        if stream.write_all(&[*byte]).await.is_err() {
            break;
        }
        sleep(Duration::from_millis(50)).await;
        if begin.elapsed() > SHORT.head * 5 {
            break;
        }
    }
    assert!(closed_within(stream, Duration::from_millis(50)).await);
    // A body that never comes is not waited for.
    let mut stream = running.connect().await;
    stream.write_all(b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n").await.expect("sent");
    assert_eq!(answer(stream).await.status, 404);
}

#[tokio::test]
async fn clients_that_do_not_read_are_cut_off() {
    let metrics = Metrics::new();
    for number in 0..NAMED_WORKERS {
        metrics.worker_heartbeat(&format!("{number:064}").parse().expect("a name"));
    }
    let limits = OperationsLimits { connections: 1, request: Duration::from_millis(800), ..SHORT };
    let server = OperationsServer::new(metrics, Readiness::default()).with_limits(limits);
    // Little room on the way, so that the answer does not fit.
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_send_buffer_size(4096).expect("a buffer");
    socket.bind(([127, 0, 0, 1], 0).into()).expect("a port");
    let running = run_on(server, socket.listen(8).expect("a listener"));
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4096).expect("a buffer");
    let mut stream = socket.connect(running.address).await.expect("a connection");
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n").await.expect("sent");
    sleep(Duration::from_millis(100)).await;
    let begin = Instant::now();
    assert_eq!(running.get("/healthz").await.status, 200);
    let waited = begin.elapsed();
    assert!(waited > limits.request / 2 && waited < limits.request * 4, "{waited:?}");
    drop(stream);
}

#[tokio::test]
async fn one_request_a_connection() {
    let running = server(OperationsLimits::default()).await;
    let mut stream = running.connect().await;
    let request = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n".repeat(2);
    stream.write_all(request.as_bytes()).await.expect("sent");
    let answer = answer(stream).await;
    assert!(answer.head.contains("connection: close"));
    assert_eq!(answer.body, "ok\n");
}

#[tokio::test]
async fn a_stop_is_quick_and_leaves_the_port() {
    let running = server(SHORT).await;
    let silent = running.connect().await;
    assert_eq!(running.get("/healthz").await.status, 200);
    let begin = Instant::now();
    running.stop.cancel();
    running.server.await.expect("a server that ends");
    assert!(begin.elapsed() < SHORT.grace * 3, "{:?}", begin.elapsed());
    assert!(closed_within(silent, Duration::from_millis(100)).await);
    assert!(TcpStream::connect(running.address).await.is_err());
}

#[tokio::test]
async fn a_stop_lets_a_request_end() {
    let limits = OperationsLimits { grace: Duration::from_secs(5), ..SHORT };
    let running = server(limits).await;
    let mut stream = running.connect().await;
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: a\r\n").await.expect("sent");
    sleep(Duration::from_millis(50)).await;
    running.stop.cancel();
    sleep(Duration::from_millis(50)).await;
    stream.write_all(b"\r\n").await.expect("sent");
    assert_eq!(answer(stream).await.status, 200);
    running.server.await.expect("a server that ends");
}
