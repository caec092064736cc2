//! Which scoring files a user means.

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
};

use crate::{FormatError, Malformed, text::LineReader};

/// Extensions of scoring files in a folder, before those of compression.
const EXTENSIONS: &[&str] = &["txt", "tsv", "csv", "score", "scorefile"];

/// Extensions of compressed files.
const COMPRESSIONS: &[&str] = &["gz", "bgz", "zst"];

/// Resolves what a user gave to scoring files: a file; a folder (every `.txt`, `.tsv`, `.csv`, `.score` and
/// `.scorefile` in it, compressed or not); a glob pattern; or a list file (`@FILE`, or `FILE.list`), whose lines are
/// any of the former, relative to the list's folder. Folders and patterns give their files in order of name; a file
/// that is named twice comes once.
///
/// # Errors
/// A pattern that gives no file, and folders and lists that can not be read.
pub fn discover(patterns: &[String]) -> Result<Vec<PathBuf>, FormatError> {
    let mut found = Found::default();
    for pattern in patterns {
        match list_of(pattern) {
            Some(list) => found.add_list(Path::new(list))?,
            None => found.add(Path::new(""), pattern)?,
        }
    }
    Ok(found.paths)
}

/// The list file that a pattern means.
fn list_of(pattern: &str) -> Option<&str> {
    let is_list_file = || pattern.ends_with(".list") && Path::new(pattern).is_file();
    pattern.strip_prefix('@').or_else(|| is_list_file().then_some(pattern))
}

#[derive(Default)]
struct Found {
    paths: Vec<PathBuf>,
    seen: HashSet<PathBuf>,
}

impl Found {
    fn add_list(&mut self, list: &Path) -> Result<(), FormatError> {
        let folder = list.parent().unwrap_or(Path::new(""));
        let before = self.paths.len();
        let mut lines = LineReader::open(list)?;
        let mut entries = Vec::new();
        while let Some((_, line)) = lines.next_line()? {
            let entry = line.trim();
            if !entry.is_empty() && !entry.starts_with('#') {
                entries.push(entry.to_owned());
            }
        }
        for entry in &entries {
            self.add(folder, entry)?;
        }
        if entries.is_empty() && self.paths.len() == before {
            return Err(nothing(list, "the list names no scoring file", "give one path a line"));
        }
        Ok(())
    }

    /// Adds what one pattern means, relative to a folder.
    fn add(&mut self, folder: &Path, pattern: &str) -> Result<(), FormatError> {
        let path = folder.join(pattern);
        if path.is_dir() {
            return self.add_folder(&path);
        }
        if path.exists() {
            self.push(path);
            return Ok(());
        }
        if pattern.contains(['*', '?', '[']) {
            return self.add_glob(&path);
        }
        Err(nothing(
            &path,
            "there is no such file or folder",
            "give a scoring file, a folder, a pattern, or @LIST",
        ))
    }

    fn add_folder(&mut self, folder: &Path) -> Result<(), FormatError> {
        let unreadable = |source| FormatError::io(folder, "can not list the folder", source);
        let mut files = Vec::new();
        for entry in fs::read_dir(folder).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            if is_scoring_file(&path) && path.is_file() {
                files.push(path);
            }
        }
        if files.is_empty() {
            let remedy = "give a folder with .txt, .tsv, .csv, .score or .scorefile in it (.gz and .zst too)";
            return Err(nothing(folder, "the folder has no scoring file", remedy));
        }
        files.sort();
        files.into_iter().for_each(|path| self.push(path));
        Ok(())
    }

    fn add_glob(&mut self, pattern: &Path) -> Result<(), FormatError> {
        let text = pattern.to_string_lossy();
        let broken = |error: glob::PatternError| nothing(pattern, error.msg, "see * ? [a-z] ** for patterns");
        let mut files = Vec::new();
        for path in glob::glob(&text).map_err(broken)? {
            let path = path.map_err(|error| {
                let folder = error.path().to_owned();
                FormatError::io(&folder, "can not list the folder", error.into())
            })?;
            if path.is_file() {
                files.push(path);
            }
        }
        if files.is_empty() {
            return Err(nothing(
                pattern,
                "the pattern matches no file",
                "check it, and quote it for the shell",
            ));
        }
        files.sort();
        files.into_iter().for_each(|path| self.push(path));
        Ok(())
    }

    fn push(&mut self, path: PathBuf) {
        let real = path.canonicalize().unwrap_or_else(|_| path.clone());
        if self.seen.insert(real) {
            self.paths.push(path);
        }
    }
}

fn nothing(path: &Path, problem: &str, remedy: &str) -> FormatError {
    Malformed::new(path, problem, remedy).into()
}

/// Whether a file of a folder is a scoring file by its name; hidden files are not.
fn is_scoring_file(path: &Path) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(|name| scoring_file_stem(name).is_some())
}

/// The name of a scoring file without its extensions; `None` where a folder's file of that name is none.
pub fn scoring_file_stem(name: &str) -> Option<&str> {
    let uncompressed = match name.rsplit_once('.') {
        Some((stem, extension)) if COMPRESSIONS.contains(&extension) => stem,
        _ => name,
    };
    let (stem, extension) = uncompressed.rsplit_once('.')?;
    (!name.starts_with('.') && EXTENSIONS.contains(&extension)).then_some(stem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scoring_files_by_name() {
        for name in ["a.txt", "a.txt.gz", "a.b.tsv.zst", "x.score"] {
            assert!(is_scoring_file(Path::new(name)), "{name}");
        }
        for name in ["a.bed", "a.gz", ".a.txt", "txt", "a.txt.bak"] {
            assert!(!is_scoring_file(Path::new(name)), "{name}");
        }
        assert_eq!(scoring_file_stem("a.b.tsv.zst"), Some("a.b"));
    }
}
