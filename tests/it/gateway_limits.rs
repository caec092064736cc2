//! What clients may take: time, rows, statements at once; and how statements end.

use std::time::{Duration, Instant};

use futures::TryStreamExt;
use steppe_tests::{Gateway, GatewayOptions, wait_until};

use crate::flight_client::{self, FlightClient};

/// Takes hours.
const FOREVER: &str = "SELECT count(*) FROM generate_series(1, 1000000) AS a(x), generate_series(1, 1000000) AS b(y) \
                       WHERE (x * y) % 7 = 3";

#[tokio::test(flavor = "multi_thread")]
async fn statements_end_in_time() {
    let gateway = Gateway::start(&GatewayOptions::default().flag("--statement-seconds=3"));
    let mut postgres = gateway.connect("ada").expect("ada is let in");
    let within = |began: Instant, seconds: f64| {
        let took = began.elapsed().as_secs_f64();
        assert!(took > seconds - 0.5 && took < seconds + 1.0, "{took} s for {seconds}");
    };
    let endless = "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT max(n) FROM r";
    for sql in [FOREVER, endless] {
        let began = Instant::now();
        let error = postgres.simple(sql).expect_err("it takes hours");
        assert_eq!(error.code, "57014", "{error:?}");
        within(began, 3.0);
        let began = Instant::now();
        assert_eq!(postgres.extended(sql, &[]).expect_err("it takes hours").code, "57014");
        within(began, 3.0);
        let flight = FlightClient::connect(&gateway, &gateway.token("ada")).await;
        let began = Instant::now();
        assert!(flight.query(sql).await.is_err());
        within(began, 3.0);
    }
    // A client can ask for less, and not for more.
    postgres.simple("SET statement_timeout = '1s'").expect("a setting");
    let began = Instant::now();
    assert_eq!(postgres.simple(FOREVER).expect_err("it takes hours").code, "57014");
    within(began, 1.0);
    postgres.simple("SET statement_timeout = '1h'").expect("a setting");
    let began = Instant::now();
    assert_eq!(postgres.simple(FOREVER).expect_err("it takes hours").code, "57014");
    within(began, 3.0);
    assert!(postgres.simple("SELECT 1").is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_are_cancelled() {
    let gateway = Gateway::start(&GatewayOptions::default());
    let mut postgres = gateway.connect("ada").expect("ada is let in");
    postgres.begin(FOREVER).expect("it is sent");
    tokio::time::sleep(Duration::from_millis(500)).await;
    let began = Instant::now();
    postgres.cancel().expect("the server is there");
    assert_eq!(postgres.answer().expect_err("it is cancelled").code, "57014");
    assert!(began.elapsed() < Duration::from_secs(2));
    assert!(postgres.simple("SELECT 1").is_ok());

    let flight = FlightClient::connect(&gateway, &gateway.token("ada")).await;
    for by_info in [true, false] {
        let mut sql = flight.sql.clone();
        let info = sql.execute(FOREVER.to_owned(), None).await.expect("a ticket");
        let fetched = {
            let client = FlightClient { sql: sql.clone() };
            let info = info.clone();
            tokio::spawn(async move { client.fetch(info).await })
        };
        tokio::time::sleep(Duration::from_millis(500)).await;
        let began = Instant::now();
        flight_client::cancel(&gateway, &gateway.token("eva"), &info, by_info).await;
        assert!(!fetched.is_finished(), "eva can not cancel what ada asked");
        flight_client::cancel(&gateway, &gateway.token("ada"), &info, by_info).await;
        assert!(fetched.await.expect("a task").is_err());
        assert!(began.elapsed() < Duration::from_secs(3));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_hangs_up_leaves_nothing_running() {
    let gateway = Gateway::start(&GatewayOptions::default());
    let ticks = || gateway.serving().and_then(steppe_tests::Process::ticks).unwrap_or(0);
    let idle = || {
        let before = ticks();
        std::thread::sleep(Duration::from_millis(300));
        // A few ticks of 10 ms are the process's own.
        ticks() - before < 6
    };
    let mut postgres = gateway.connect("ada").expect("ada is let in");
    postgres.begin(FOREVER).expect("it is sent");
    std::thread::sleep(Duration::from_millis(700));
    assert!(!idle(), "it works");
    drop(postgres);
    assert!(wait_until(Duration::from_secs(5), idle), "it still works");
    let flight = FlightClient::connect(&gateway, &gateway.token("ada")).await;
    let fetched = tokio::spawn(async move { flight.query(FOREVER).await.map(drop) });
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert!(!idle(), "it works");
    fetched.abort();
    assert!(wait_until(Duration::from_secs(5), idle), "it still works");
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_and_users_have_limits() {
    let options = GatewayOptions::default().flag("--rows=5000").flag("--statements-per-user=2");
    let gateway = Gateway::start(&options);
    let mut postgres = gateway.connect("ada").expect("ada is let in");
    let many = "SELECT value FROM generate_series(1, 100000)";
    assert_eq!(postgres.simple(many).expect_err("too many rows").code, "54000");
    assert!(postgres.simple("SELECT value FROM generate_series(1, 5000)").is_ok());
    let flight = FlightClient::connect(&gateway, &gateway.token("ada")).await;
    assert!(flight.query(many).await.is_err());
    let (mut one, mut two) = (gateway.connect("ada").expect("in"), gateway.connect("ada").expect("in"));
    one.begin(FOREVER).expect("it is sent");
    two.begin(FOREVER).expect("it is sent");
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert_eq!(postgres.simple("SELECT 1").expect_err("a third").code, "53300");
    assert!(flight.query("SELECT 1").await.is_err(), "by the other protocol neither");
    let mut eva = gateway.connect("eva").expect("eva is let in");
    assert!(eva.simple("SELECT 1").is_ok(), "others have theirs");
    one.cancel().expect("the server is there");
    assert!(wait_until(Duration::from_secs(5), || postgres.simple("SELECT 1").is_ok()));
}

#[test]
fn who_finds_no_place_waits_and_is_told_to_try_again() {
    let options = GatewayOptions::default().flag("--statements=2").flag("--statement-seconds=20");
    let gateway = Gateway::start(&options);
    let mut running = [("ada", FOREVER), ("eva", FOREVER)].map(|(user, sql)| {
        let mut client = gateway.connect(user).expect("they are let in");
        client.begin(sql).expect("it is sent");
        client
    });
    std::thread::sleep(Duration::from_millis(700));
    let mut waiting = gateway.connect("eva").expect("eva is let in");
    waiting.simple("SET statement_timeout = '1s'").expect("a setting");
    let began = Instant::now();
    assert_eq!(waiting.simple("SELECT 1").expect_err("there is no place").code, "53300");
    assert!(began.elapsed() > Duration::from_millis(900), "{:?}", began.elapsed());
    waiting.simple("SET statement_timeout = '15s'").expect("a setting");
    let [ada, eva] = &mut running;
    // Half of the places are hers, so that one which becomes free is not hers but by her own.
    ada.cancel().expect("the server is there");
    let mut other = gateway.connect("ada").expect("ada is let in");
    assert!(other.simple("SELECT 1").is_ok());
    eva.cancel().expect("the server is there");
    assert!(waiting.simple("SELECT 1").is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn portals_are_fetched_in_parts() {
    let gateway = Gateway::start(&GatewayOptions::default());
    let flight = FlightClient::connect(&gateway, &gateway.token("ada")).await;
    // Half of a long answer, then nothing more: the rest is not computed.
    let mut rows = flight.stream("SELECT value FROM generate_series(1, 100000000)").await.expect("a stream");
    assert!(rows.try_next().await.expect("rows").is_some());
    drop(rows);
    let ticks = || gateway.serving().and_then(steppe_tests::Process::ticks).unwrap_or(0);
    let idle = || {
        let before = ticks();
        std::thread::sleep(Duration::from_millis(300));
        ticks() - before < 6
    };
    assert!(wait_until(Duration::from_secs(5), idle), "it still works");
}
