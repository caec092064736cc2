use std::path::PathBuf;

/// A folder of the shared test data: `STEPPE_DATA`, by default `shared/data` beside the checkout.
///
/// `None`, after a line that says so, where it is absent; under `CI=true` its absence is a failure.
///
/// # Panics
/// Under `CI=true`, when the folder is absent.
pub fn data_folder(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("STEPPE_DATA").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data")),
        PathBuf::from,
    );
    let folder = root.join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{} is absent, and CI=true", folder.display());
    skip(&format!("{} is absent; set STEPPE_DATA", folder.display()));
    None
}

/// Says on the test's output that something was not tested.
#[allow(clippy::print_stderr, reason = "a skipped test must be seen")]
pub fn skip(reason: &str) {
    eprintln!("skipped: {reason}");
}
