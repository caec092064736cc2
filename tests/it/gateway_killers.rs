//! Statements that take other servers down: refused, stopped in time, or survived.

use std::time::{Duration, Instant};

use steppe_tests::{Gateway, GatewayOptions, wait_until};

/// Statements that no parser, planner or machine should have to bear.
fn killers() -> Vec<String> {
    let nested = |open: &str, inner: &str, close: &str, depth: usize| {
        format!("SELECT {}{inner}{}", open.repeat(depth), close.repeat(depth))
    };
    let doubled = |join: &str| {
        (0..40).fold("SELECT 'aaaaaaaa' AS s".to_owned(), |inner, _| {
            format!("SELECT {join} AS s FROM ({inner}) AS t")
        })
    };
    let series = "generate_series(1, 1000000000) AS t(x)";
    vec![
        nested("(", "1", ")", 12_000),
        nested("abs(", "1", ")", 4_000),
        nested("-", "1", "", 20_000),
        nested("NOT ", "true", "", 6_000),
        nested("CASE WHEN true THEN ", "1", " END", 800),
        format!("SELECT 1{}", " + 1".repeat(6_000)),
        format!("SELECT 1{}", " + 1".repeat(990)),
        format!("SELECT {}", "(SELECT ".repeat(40) + "1" + &")".repeat(40)),
        format!("SELECT * FROM people WHERE {}", vec!["score = 1"; 490].join(" OR ")),
        format!("SELECT 1 {}", "UNION ALL SELECT 1 ".repeat(600)),
        format!("SELECT '{}'", "a".repeat(1 << 20)),
        format!("SELECT 1 IN ({})", vec!["1"; 900].join(",")),
        "SELECT repeat('a', 2000000000)".to_owned(),
        "SELECT repeat('a', 2000000000) FROM people".to_owned(),
        "SELECT lpad('a', 2000000000), rpad('b', 2000000000)".to_owned(),
        "SELECT array_repeat(repeat('a', 1000000), 1000000)".to_owned(),
        "SELECT range(10000000000)".to_owned(),
        "SELECT replace(repeat('a', 100000), 'a', repeat('b', 100000))".to_owned(),
        doubled("s || s"),
        doubled("concat(s, s)"),
        doubled("array_concat(make_array(s), make_array(s))"),
        format!("SELECT array_agg(x) FROM {series}"),
        format!("SELECT string_agg(repeat('a', 1000), '') FROM {series}"),
        format!("SELECT count(DISTINCT x) FROM {series}"),
        format!("SELECT x FROM {series} ORDER BY x DESC LIMIT 900000000 OFFSET 1"),
        format!("SELECT x, row_number() OVER (ORDER BY x DESC) FROM {series}"),
        format!("SELECT median(x), approx_percentile_cont(x, 0.5, 2000000000) FROM {series}"),
        "SELECT approx_percentile_cont(score, 0.5, 2000000000) FROM people".to_owned(),
        "SELECT lag(score, 9000000000000000000) OVER (ORDER BY iid), ntile(9000000000000000000) OVER (ORDER BY iid) FROM people".to_owned(),
        "SELECT score FROM people ORDER BY score LIMIT 9000000000000000000".to_owned(),
        format!("SELECT count(*) FROM {series}, generate_series(1, 1000000000) AS u(y) WHERE x * y = 7"),
        "SELECT count(*) FROM people a, people b, people c, people d WHERE a.score + b.score > c.score + d.score".to_owned(),
        format!("SELECT a.x FROM {series} JOIN (SELECT x FROM generate_series(1, 1000000000) AS v(x)) AS a ON a.x = t.x"),
        "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT count(*) FROM r".to_owned(),
        "WITH RECURSIVE r AS (SELECT 'a' AS s UNION ALL SELECT s || s FROM r) SELECT max(length(s)) FROM r".to_owned(),
        "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n FROM r, people) SELECT count(*) FROM r".to_owned(),
        "SELECT regexp_replace(repeat('a', 100000), '(a*)*b', 'x')".to_owned(),
        "SELECT count(*) FROM people a JOIN people b ON levenshtein(repeat(a.iid, 20000), repeat(b.iid, 20000)) > 3".to_owned(),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_that_kill_others_do_not_kill_this() {
    let options = GatewayOptions::default().flag("--statement-seconds=4").flag("--memory=768MiB");
    let gateway = Gateway::start(&options);
    let (mut restarts, mut refused, mut answered, mut slowest) = (0, 0, 0, Duration::ZERO);
    for (number, sql) in killers().iter().enumerate() {
        let shown = &sql[..sql.len().min(90)];
        let before = gateway.serving().expect("a process");
        let mut other = gateway.connect("eva").expect("eva is let in");
        let mut attacker = gateway.connect("ada").expect("ada is let in");
        let began = Instant::now();
        let result = if number % 2 == 0 { attacker.simple(sql) } else { attacker.extended(sql, &[]) };
        let took = began.elapsed();
        slowest = slowest.max(took);
        assert!(took < Duration::from_secs(5), "{shown}: {took:?}");
        let broken = result.as_ref().is_err_and(|error| error.code.is_empty());
        match result {
            Ok(_) => answered += 1,
            Err(_) => refused += 1,
        }
        if broken {
            restarts += 1;
            println!("took the process down: {shown}");
            assert!(comes_back(&gateway, began) < Duration::from_secs(2), "{shown}");
        } else {
            let asked = Instant::now();
            assert!(other.simple("SELECT count(*) FROM people").is_ok(), "{shown}: {}", gateway.log());
            assert!(
                asked.elapsed() < Duration::from_secs(2),
                "{shown}: the others wait {:?}",
                asked.elapsed()
            );
            assert_eq!(gateway.serving(), Some(before), "{shown}");
        }
    }
    println!(
        "{} killers: {refused} refused or stopped, {answered} answered, {restarts} took the process down; slowest {slowest:?}",
        killers().len()
    );
    assert!(wait_until(Duration::from_secs(30), || gateway
        .connect("eva")
        .is_ok_and(|mut eva| eva.simple("SELECT 1").is_ok())));
}

/// How long it takes until somebody is answered again.
fn comes_back(gateway: &Gateway, _since: Instant) -> Duration {
    let began = Instant::now();
    let answers = || gateway.connect("eva").is_ok_and(|mut eva| eva.simple("SELECT 1").is_ok());
    assert!(wait_until(Duration::from_secs(20), answers), "{}", gateway.log());
    began.elapsed()
}

#[test]
fn a_process_that_is_killed_is_back_at_once_and_refuses_nobody() {
    let gateway = Gateway::start(&GatewayOptions::default());
    for _ in 0..5 {
        let serving = gateway.serving().expect("a process");
        assert!(serving.kill());
        let began = Instant::now();
        // The parent holds the sockets: who connects meanwhile waits.
        let mut waiting = gateway.connect("ada").expect("nobody is refused");
        assert!(waiting.simple("SELECT count(*) FROM people").is_ok());
        assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
        assert_ne!(gateway.serving(), Some(serving));
    }
}

#[test]
fn a_process_that_takes_too_much_memory_is_ended() {
    // Less than a quarter of what the statement keeps is for it, so nothing but the parent's watch can stop it here.
    let gateway =
        Gateway::start(&GatewayOptions::default().flag("--memory=256MiB").flag("--statement-seconds=30"));
    let mut ada = gateway.connect("ada").expect("ada is let in");
    // Every expression stays below what one may make, but not all of them together.
    let column = |number: usize| format!("max(length(repeat(iid, {})))", 10_000 + number);
    let columns = (0..40).map(column).collect::<Vec<_>>().join(", ");
    let before = gateway.serving().expect("a process");
    let result = ada.simple(&format!("SELECT {columns} FROM people"));
    if result.is_err() {
        assert_ne!(gateway.serving(), Some(before), "{result:?}: {}", gateway.log());
        assert!(gateway.log().contains("takes more memory than it may"), "{}", gateway.log());
    }
    assert!(comes_back(&gateway, Instant::now()) < Duration::from_secs(2));
}

#[test]
fn a_process_that_never_served_is_not_started_again() {
    // Its metrics can not be had where somebody else listens.
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let operations = Some(taken.local_addr().expect("an address").port());
    let mut gateway = Gateway::spawn(&GatewayOptions { operations, ..GatewayOptions::default() });
    let status = gateway.ended(Duration::from_secs(30));
    let log = gateway.log();
    assert_eq!(status, Some(1), "{log}");
    for told in ["can not listen", "the serving process ended before it worked (exit status: 1)"] {
        assert!(log.contains(told), "{told} is not in {log}");
    }
    assert!(!log.contains("starting it again"), "{log}");
}
