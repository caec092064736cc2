use std::{
    collections::BTreeSet,
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
    time::{Duration, SystemTime},
};

use steppe_server::identity::{
    roles::Role,
    token::{Grant, TokenKeyPair, TokenSigner},
};

/// How long a token is valid. A job may wait long in the queue and go back to it often.
const VALIDITY: Duration = Duration::from_secs(365 * 24 * 3600);
const TOKEN: &str = "token";
const KEY: &str = "token.pub";

/// Makes sure that the folder has a token with every role, and the key that it is checked with; a token stays until
/// half of its time is over, because a job that waits may know it. The key that signs is not kept.
pub(super) fn make_token(dir: &Path) -> anyhow::Result<()> {
    if is_fresh(&dir.join(TOKEN))? && dir.join(KEY).exists() {
        return Ok(());
    }
    let pair = TokenKeyPair::generate()?;
    let grant = Grant {
        issuer: "steppe".to_owned(),
        audience: "steppe".to_owned(),
        subject: "slurm".to_owned(),
        roles: BTreeSet::from(Role::ALL),
        cohorts: None,
        lifetime: VALIDITY,
    };
    let token = TokenSigner::from_pem(pair.private.as_bytes(), None)?.mint(&grant, SystemTime::now())?;
    fs::write(dir.join(KEY), &pair.public)?;
    write_private(&dir.join(TOKEN), &token)
}

fn is_fresh(token: &Path) -> anyhow::Result<bool> {
    match fs::metadata(token) {
        Ok(found) => Ok(found.modified()?.elapsed().is_ok_and(|age| age < VALIDITY / 2)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Writes a file that nobody else may read.
pub(super) fn write_private(path: &Path, text: &str) -> anyhow::Result<()> {
    let mut file = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(path)?;
    Ok(file.write_all(text.as_bytes())?)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

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
