//! Collectors that do not take spans: work goes on at its speed, and one line says so.

use tokio::{io::AsyncReadExt, net::TcpListener};

use super::child::{Written, process};

fn check(written: &Written) {
    let milliseconds = |key: &str| written.told[key].parse::<u64>().expect("a number");
    // Were they waited for, each of the 39 batches of 20,000 spans would take 0.7 s where nobody listens and 5 s where
    // nothing is said. The limits are far from both, for machines that do much else.
    assert!(milliseconds("all") < 12_000, "{:?}", written.told);
    assert!(milliseconds("slowest") < 2000, "{:?}", written.told);
    assert!(milliseconds("end") < 4800, "the last spans are waited for 3 s at most: {:?}", written.told);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    let written = process("unreachable", Some(&address), None).await;
    check(&written);
    assert_eq!(written.log.len(), 1, "{:?}", written.log);
    assert!(written.log[0].contains("traces do not reach their collector"), "{}", written.log[0]);
    assert!(!written.log[0].contains(&address), "{}", written.log[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_listens_and_says_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let swallow = tokio::spawn(async move {
        let mut swallowed = 0;
        while let Ok((mut stream, _)) = listener.accept().await {
            swallowed += stream.read(&mut [0; 1024]).await.unwrap_or(0);
        }
        swallowed
    });
    let written = process("unreachable", Some(&address), None).await;
    check(&written);
    assert!(written.log.len() <= 1, "{:?}", written.log);
    swallow.abort();
}
