//! Files that nobody else may read, and the tokens that clusters of one user keep in them.

use std::{
    collections::BTreeSet,
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use steppe_server::identity::{
    roles::Role,
    token::{Grant, TokenKeyPair, TokenSigner},
};

/// The token within a folder.
pub(crate) const TOKEN: &str = "token";
/// The key that the token is checked with.
pub(crate) const TOKEN_KEY: &str = "token.pub";

/// Writes a token with every role into a folder, and the key that it is checked with. The key that signs is not kept.
pub(crate) fn write_token(dir: &Path, subject: &str, lifetime: Duration) -> anyhow::Result<()> {
    let pair = TokenKeyPair::generate()?;
    let grant = Grant {
        issuer: "steppe".to_owned(),
        audience: "steppe".to_owned(),
        subject: subject.to_owned(),
        roles: BTreeSet::from(Role::ALL),
        cohorts: None,
        lifetime,
    };
    let token = TokenSigner::from_pem(pair.private.as_bytes(), None)?.mint(&grant, SystemTime::now())?;
    fs::write(dir.join(TOKEN_KEY), &pair.public)?;
    write_private(&dir.join(TOKEN), &token)
}

/// The key that signs tokens within a folder.
const SIGNING_KEY: &str = "token.key";

/// Writes a token without roles into a folder, signed with the folder's key, which is made for the first one. Gives its
/// file.
pub(crate) fn write_token_of(dir: &Path, subject: &str, lifetime: Duration) -> anyhow::Result<PathBuf> {
    fs::create_dir_all(dir)?;
    let key = dir.join(SIGNING_KEY);
    if !key.exists() {
        let pair = TokenKeyPair::generate()?;
        fs::write(dir.join(TOKEN_KEY), &pair.public)?;
        write_private(&key, &pair.private)?;
    }
    let grant = Grant {
        issuer: "steppe".to_owned(),
        audience: "steppe".to_owned(),
        subject: subject.to_owned(),
        roles: BTreeSet::new(),
        cohorts: None,
        lifetime,
    };
    let token = TokenSigner::from_pem(&fs::read(key)?, None)?.mint(&grant, SystemTime::now())?;
    let file = dir.join(format!("{subject}.token"));
    write_private(&file, &token)?;
    Ok(file)
}

/// Writes a file that nobody else may read.
pub(crate) fn write_private(path: &Path, text: &str) -> anyhow::Result<()> {
    let mut file = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(path)?;
    Ok(file.write_all(text.as_bytes())?)
}
