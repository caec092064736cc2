//! Log lines on standard error.

use serde_json::{Value, json};

use super::child::{JOB, process};

#[tokio::test]
async fn lines_are_objects_in_json() {
    let written = process("lines", None, None).await;
    assert_eq!(written.log.len(), 1, "{:?}", written.log);
    let line: Value = serde_json::from_str(&written.log[0]).expect("an object");
    assert_eq!((&line["level"], &line["message"]), (&json!("WARN"), &json!("a \"line\"")));
    assert_eq!(line["bytes"], json!(17));
    assert_eq!(line["span"], json!({ "attempt": 2, "job": JOB, "tile": 4, "name": "tile" }));
    assert!(line["timestamp"].as_str().is_some_and(|time| time.ends_with('Z')), "{line}");
    assert!(written.told["again"].contains("runs in this process already"), "{:?}", written.told);
}

#[tokio::test]
async fn lines_are_plain_text_away_from_a_terminal() {
    let written = process("text", None, None).await;
    assert_eq!(written.log.len(), 1, "{:?}", written.log);
    let line = &written.log[0];
    for part in [" WARN ", "a \"line\"", "bytes=17", &format!("job={JOB}"), "tile=4", "attempt=2"] {
        assert!(line.contains(part), "{line} has no {part}");
    }
    assert!(!line.contains('\u{1b}'), "{line:?}");
}
