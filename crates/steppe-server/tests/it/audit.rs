//! The audit log: what it keeps through crashes, and what it notices.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use steppe_server::{
    ServerError,
    audit::{AuditFault, AuditLog, Outcome, Record, Report, verify},
};
use tempfile::TempDir;

fn record(number: u64) -> Record {
    Record {
        time: 1_800_000_000_000 + number,
        actor: format!("user-{number}"),
        action: "submit_job".to_owned(),
        object: "job \"quoted\"\n\u{1}ü".to_owned(),
        decision: if number.is_multiple_of(2) { Outcome::Allow } else { Outcome::Deny },
        reason: String::new(),
    }
}

struct Log {
    folder: TempDir,
}

impl Log {
    /// A closed log with some lines.
    async fn of(lines: u64) -> Self {
        let log = Self { folder: tempfile::tempdir().expect("a folder") };
        let open = log.open().expect("a log");
        for number in 0..lines {
            assert_eq!(open.append(record(number)).await.expect("written").seq, number + 1);
        }
        log
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("audit.log")
    }

    fn head(&self) -> PathBuf {
        self.folder.path().join("audit.head")
    }

    fn open(&self) -> Result<AuditLog, ServerError> {
        AuditLog::open(&self.path(), 7)
    }

    fn verify(&self) -> Report {
        verify(&self.path()).expect("readable")
    }

    fn bytes(&self) -> Vec<u8> {
        fs::read(self.path()).expect("a log")
    }

    fn set(&self, bytes: &[u8]) {
        fs::write(self.path(), bytes).expect("written");
    }

    fn lines(&self) -> Vec<Vec<u8>> {
        self.bytes().split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
    }

    /// The first wrong line, and what is wrong with it.
    fn broken(&self) -> (u64, AuditFault) {
        let broken = self.verify().broken.expect("noticed");
        (broken.line, broken.fault)
    }
}

fn torn_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let mut torn: Vec<_> = entries.filter(|path| path.to_string_lossy().contains(".torn-")).collect();
    torn.sort();
    torn
}

#[tokio::test]
async fn it_goes_on_where_it_was() {
    let log = Log::of(3).await;
    let entry = log.open().expect("a log").append(record(9)).await.expect("written");
    assert_eq!(entry.seq, 4);
    let report = log.verify();
    assert_eq!((report.entries, report.beyond_head, report.broken), (4, 0, None));
    assert_eq!(report.last.hash, entry.hash);
    assert_eq!(log.open().expect("a log").head(), report.last);
    for path in [log.path(), log.head()] {
        assert_eq!(fs::metadata(path).expect("a file").permissions().mode() & 0o777, 0o600);
    }
}

#[tokio::test]
async fn a_new_log_is_whole() {
    let log = Log::of(0).await;
    assert_eq!((log.verify().entries, log.verify().broken), (0, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_tasks_write_one_chain() {
    let log = Log::of(0).await;
    let open = log.open().expect("a log");
    let tasks: Vec<_> = (0..64)
        .map(|number| {
            let open = open.clone();
            tokio::spawn(async move { open.append(record(number)).await })
        })
        .collect();
    for task in tasks {
        task.await.expect("finished").expect("written");
    }
    assert_eq!((log.verify().entries, log.verify().broken), (64, None));
}

#[tokio::test]
async fn two_writers_do_not_share_a_log() {
    let log = Log::of(1).await;
    let first = log.open().expect("a log");
    assert!(matches!(log.open(), Err(ServerError::AuditLocked { .. })));
    drop(first);
    log.open().expect("free again");
}

#[tokio::test]
async fn every_flipped_byte_is_noticed() {
    let log = Log::of(4).await;
    let whole = log.bytes();
    for (at, byte) in whole.iter().enumerate() {
        let line = 1 + whole[..at].iter().filter(|byte| **byte == b'\n').count() as u64;
        // A digit into another, a letter into its other case, and what is no text.
        for flip in [0x01, 0x20, 0x80] {
            let mut changed = whole.clone();
            changed[at] = byte ^ flip;
            log.set(&changed);
            assert_eq!(log.broken().0, line, "byte {at}, flipped {flip:#x}");
        }
    }
    log.set(&whole);
    assert_eq!(log.verify().broken, None);
}

#[tokio::test]
async fn every_flipped_byte_of_the_head_is_noticed() {
    let log = Log::of(2).await;
    let whole = fs::read(log.head()).expect("a head");
    for at in 0..whole.len() {
        for bit in 0..8 {
            let mut changed = whole.clone();
            changed[at] ^= 1 << bit;
            fs::write(log.head(), &changed).expect("written");
            assert!(log.verify().broken.is_some(), "byte {at}, bit {bit}");
            assert!(log.open().is_err(), "byte {at}, bit {bit}");
        }
    }
    fs::remove_file(log.head()).expect("removed");
    assert_eq!(log.broken(), (3, AuditFault::NoHead));
    assert!(log.open().is_err());
}

#[tokio::test]
async fn removed_swapped_and_repeated_lines_are_noticed() {
    let log = Log::of(5).await;
    let lines = log.lines();
    for removed in 0..lines.len() {
        let mut fewer = lines.clone();
        fewer.remove(removed);
        log.set(&fewer.concat());
        let expected = removed as u64 + 1;
        let (line, fault) = log.broken();
        assert_eq!(line, expected);
        let last = removed + 1 == lines.len();
        assert_eq!(last, fault == AuditFault::Missing { head: 5 }, "{fault:?}");
    }
    for (one, other) in [(0, 1), (0, 4), (1, 3), (3, 4)] {
        let mut swapped = lines.clone();
        swapped.swap(one, other);
        log.set(&swapped.concat());
        assert_eq!(log.broken().0, one as u64 + 1);
    }
    for repeated in 0..lines.len() {
        let mut more = lines.clone();
        more.insert(repeated, lines[repeated].clone());
        log.set(&more.concat());
        assert_eq!(log.broken().0, repeated as u64 + 2);
    }
}

#[tokio::test]
async fn a_shortened_log_is_noticed_also_on_opening() {
    let log = Log::of(3).await;
    let whole = log.bytes();
    for length in 0..whole.len() {
        log.set(&whole[..length]);
        let complete = whole[..length].iter().filter(|byte| **byte == b'\n').count() as u64;
        assert_eq!(log.broken().0, complete + 1, "{length} bytes");
        // Cut anywhere: it is no crash, since the head says that the lines were there.
        let error = log.open().expect_err("refused");
        let fault = AuditFault::Missing { head: 3 };
        assert!(
            matches!(&error, ServerError::AuditBroken { fault: found, .. } if *found == fault),
            "{length} bytes: {error}"
        );
        assert_eq!(log.bytes(), &whole[..length], "evidence is left alone");
    }
}

#[tokio::test]
async fn a_line_with_a_new_hash_breaks_the_next_or_the_head() {
    let log = Log::of(3).await;
    // Another history of the same length, each line right by itself.
    let other = Log::of(0).await;
    let open = other.open().expect("a log");
    for number in 10..13 {
        open.append(record(number)).await.expect("written");
    }
    let (ours, theirs) = (log.lines(), other.lines());
    log.set(&[&ours[0][..], &theirs[1], &ours[2]].concat());
    assert_eq!(log.broken(), (2, AuditFault::OtherPast));
    log.set(&theirs.concat());
    assert_eq!(log.broken(), (3, AuditFault::NotTheHead));
    assert!(log.open().is_err());
}

#[tokio::test]
async fn a_line_that_a_crash_tore_is_kept_beside_and_recorded() {
    let log = Log::of(2).await;
    let next = {
        let longer = Log::of(3).await;
        longer.lines()[2].clone()
    };
    let before = log.bytes();
    for (round, length) in [1, 2, next.len() / 2, next.len() - 1].into_iter().enumerate() {
        let complete = log.bytes();
        log.set(&[&complete[..], &next[..length]].concat());
        assert_eq!(log.broken().1, AuditFault::Torn);
        drop(log.open().expect("recovered"));
        let torn = torn_files(log.folder.path());
        assert_eq!(torn.len(), round + 1);
        assert_eq!(fs::read(&torn[round]).expect("kept"), &next[..length]);
        let report = log.verify();
        assert_eq!((report.entries, report.broken), (3 + round as u64, None));
        let last = String::from_utf8(log.lines().pop().expect("a line")).expect("text");
        assert!(last.contains("audit_recover") && last.contains(&format!("audit.log.torn-{}", round + 1)));
    }
    assert!(log.bytes().starts_with(&before));
}

#[tokio::test]
async fn a_line_whose_head_a_crash_lost_stays() {
    let log = Log::of(2).await;
    let head = fs::read(log.head()).expect("a head");
    log.open().expect("a log").append(record(2)).await.expect("written");
    fs::write(log.head(), &head).expect("written");
    let report = log.verify();
    assert_eq!((report.entries, report.beyond_head, report.broken), (3, 1, None));
    drop(log.open().expect("a log"));
    assert_eq!(log.verify().beyond_head, 0);
}

#[tokio::test]
async fn a_failed_write_is_an_error_and_the_next_one_goes_on() {
    let log = Log::of(1).await;
    let open = log.open().expect("a log");
    // A folder in the head's way: the line is written, its head is not.
    let new = log.folder.path().join("audit.head.new");
    fs::create_dir(&new).expect("a folder");
    assert!(matches!(open.append(record(1)).await, Err(ServerError::File { .. })));
    assert!(open.append(record(2)).await.is_err());
    fs::remove_dir(&new).expect("removed");
    let entry = open.append(record(3)).await.expect("written");
    assert_eq!(entry.seq, 3, "the line of the failed call is there, the refused one is not");
    assert_eq!((log.verify().entries, log.verify().broken), (3, None));
}

#[tokio::test]
async fn long_records_are_refused_and_long_logs_opened() {
    let log = Log::of(0).await;
    let open = log.open().expect("a log");
    let long = Record { object: "x".repeat(4097), ..record(0) };
    assert!(matches!(open.append(long).await, Err(ServerError::AuditRecord { field: "object", .. })));
    // Every byte is escaped: the longest lines that there are, and more of them than the verified end holds.
    let longest = "\u{1}".repeat(4096);
    for number in 0..12 {
        let record = Record {
            actor: longest.clone(),
            action: longest.clone(),
            object: longest.clone(),
            reason: longest.clone(),
            ..record(number)
        };
        open.append(record).await.expect("written");
    }
    drop(open);
    assert_eq!(log.open().expect("a log").head().seq, 12);
    assert_eq!((log.verify().entries, log.verify().broken), (12, None));
    let mut changed = log.bytes();
    let at = changed.len() - 200_000;
    changed[at] ^= 1;
    log.set(&changed);
    assert!(matches!(log.open(), Err(ServerError::AuditBroken { .. })));
}

#[tokio::test]
async fn a_line_that_is_only_spelled_otherwise_is_noticed() {
    let log = Log::of(2).await;
    let text = String::from_utf8(log.bytes()).expect("text");
    for (ours, theirs) in [
        ("{\"seq\":1,", "{ \"seq\":1,"),
        ("{\"seq\":1,", "{\"seq\":1.0,"),
        ("submit_job", "submit\\u005fjob"),
        ("}\n", "}\r\n"),
        ("}\n", "}\n\n"),
    ] {
        assert!(text.contains(ours), "{ours}");
        log.set(text.replacen(ours, theirs, 1).as_bytes());
        assert_eq!(log.broken().1, AuditFault::Malformed, "{theirs}");
        assert!(log.open().is_err(), "{theirs}");
    }
}

#[tokio::test]
async fn a_caller_who_stops_waiting_leaves_a_whole_log() {
    let log = Log::of(0).await;
    let open = log.open().expect("a log");
    for number in 0..20 {
        let append = open.append(record(number));
        let _ = tokio::time::timeout(std::time::Duration::ZERO, append).await;
    }
    // Waits its turn behind whatever was begun.
    let last = open.append(record(20)).await.expect("written");
    let report = log.verify();
    assert_eq!(report.broken, None);
    assert!(report.entries >= last.seq);
}
