//! Local paths after all symbolic links.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::LocationRefusal;

/// Refuses a path whose links lead out of every one of the `allowed` folders.
pub(super) fn stays_below<'a>(
    path: &[String],
    allowed: impl Iterator<Item = &'a [String]>,
) -> Result<(), LocationRefusal> {
    let resolved = resolve(path)?;
    for folder in allowed {
        if resolved.starts_with(resolve(folder)?) {
            return Ok(());
        }
    }
    Err(LocationRefusal::Link)
}

/// The path with the links of its existing part followed.
fn resolve(segments: &[String]) -> Result<PathBuf, LocationRefusal> {
    let path: PathBuf = Path::new("/").join(segments.iter().collect::<PathBuf>());
    let mut existing = path.as_path();
    loop {
        match fs::symlink_metadata(existing) {
            Ok(_) => break,
            // What is below a file is not there either.
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {}
            Err(_) => return Err(LocationRefusal::Unreadable),
        }
        existing = existing.parent().ok_or(LocationRefusal::Unreadable)?;
    }
    // Fails for a link that leads nowhere: whoever opens it might make what it leads to.
    let resolved = fs::canonicalize(existing).map_err(|_| LocationRefusal::Unreadable)?;
    let rest = path.strip_prefix(existing).map_err(|_| LocationRefusal::Unreadable)?;
    Ok(if rest.as_os_str().is_empty() { resolved } else { resolved.join(rest) })
}
