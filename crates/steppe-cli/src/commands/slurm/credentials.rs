use std::{fs, io, path::Path, time::Duration};

use crate::private_file::{TOKEN, TOKEN_KEY, write_token};

/// How long a token is valid. A job may wait long in the queue and go back to it often.
const VALIDITY: Duration = Duration::from_secs(365 * 24 * 3600);

/// Makes sure that the folder has a token with every role, and the key that it is checked with; a token stays until
/// half of its time is over, because a job that waits may know it.
pub(super) fn make_token(dir: &Path) -> anyhow::Result<()> {
    if is_fresh(&dir.join(TOKEN))? && dir.join(TOKEN_KEY).exists() {
        return Ok(());
    }
    write_token(dir, "slurm", VALIDITY)
}

fn is_fresh(token: &Path) -> anyhow::Result<bool> {
    match fs::metadata(token) {
        Ok(found) => Ok(found.modified()?.elapsed().is_ok_and(|age| age < VALIDITY / 2)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use std::{fs::OpenOptions, os::unix::fs::PermissionsExt, time::SystemTime};

    use super::*;

    #[test]
    fn a_token_is_made_once_and_renewed_in_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let token = folder.path().join(TOKEN);
        let read = || fs::read_to_string(&token).expect("a token");
        make_token(folder.path()).expect("a token");
        let first = read();
        assert_eq!(fs::metadata(&token).expect("a token").permissions().mode() & 0o777, 0o600);
        make_token(folder.path()).expect("the same token");
        assert_eq!(read(), first);
        let old = SystemTime::now() - VALIDITY * 2 / 3;
        let file = OpenOptions::new().write(true).open(&token).expect("the token");
        file.set_modified(old).expect("an old token");
        make_token(folder.path()).expect("a new token");
        assert_ne!(read(), first);
    }
}
