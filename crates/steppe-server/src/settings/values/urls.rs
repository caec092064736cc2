use url::Url;

use super::{Host, Problem, Secret};

/// A folder or a URL. Which stores there are, the store's crate knows.
pub(in crate::settings) fn location(text: &str) -> Result<String, Problem> {
    if text.contains("://") {
        let url = Url::parse(text).map_err(|_| "is no URL")?;
        if has_credentials(&url) || url.query().is_some() || url.fragment().is_some() {
            return Err("has credentials or options in it");
        }
        if url.scheme() != "file" && url.host_str().is_none_or(str::is_empty) {
            return Err("names no bucket");
        }
    }
    if text.contains('\0') { Err("has a zero byte") } else { Ok(text.to_owned()) }
}

/// A URL of a place that jobs may name. The policy checks the rest when it reads the list.
pub(in crate::settings) fn allowed_location(text: &str) -> Result<String, Problem> {
    if text.contains("://") { location(text) } else { Err("is no URL") }
}

/// The job log's URL, as far as its kind. The job log checks the rest when it opens it.
pub(in crate::settings) fn job_log(text: &str) -> Result<Secret, Problem> {
    let schemes = ["sqlite://", "postgres://", "postgresql://"];
    if !schemes.iter().any(|scheme| text.starts_with(scheme)) {
        return Err("is no job log's URL");
    }
    Ok(Secret::new(text))
}

pub(in crate::settings) fn keys_url(text: &str) -> Result<Url, Problem> {
    let url = web_url(text)?;
    if url.scheme() == "http" && !host(&url).is_some_and(|host| host.is_loopback()) {
        return Err("is http to another machine");
    }
    Ok(url)
}

pub(in crate::settings) fn endpoint(text: &str) -> Result<Url, Problem> {
    web_url(text)
}

fn web_url(text: &str) -> Result<Url, Problem> {
    let url = Url::parse(text).map_err(|_| "is no URL")?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("is of another scheme");
    }
    if has_credentials(&url) { Err("has credentials in it") } else { Ok(url) }
}

fn host(url: &Url) -> Option<Host> {
    url.host_str()?.parse().ok()
}

fn has_credentials(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

/// A value as it may be shown. Credentials do not belong into any of them, but people put them there: a text with
/// something before an @ stays hidden, and so does what is after a ? of a URL.
pub(in crate::settings) fn displayed(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        let hidden = text.rsplit_once('@').is_some_and(|(before, _)| before.contains(':'));
        return if hidden { "***".to_owned() } else { text.to_owned() };
    };
    if rest.contains('@') {
        return format!("{scheme}://***");
    }
    match rest.find(['?', '#']) {
        Some(at) => format!("{scheme}://{}?***", &rest[..at]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locations() {
        for good in ["/data", "relative/folder", "s3://bucket/prefix", "file:///data", "az://container/a@b"] {
            assert_eq!(location(good).as_deref(), Ok(good));
        }
        for bad in
            ["s3://key:secret@bucket/x", "https://host/x?sig=secret", "s3://", "://x", "s3://bucket/#x"]
        {
            assert!(location(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn keys_come_over_https_or_from_this_machine() {
        for good in [
            "https://id.example.org/jwks",
            "http://127.0.0.1:8080/jwks",
            "http://[::1]/",
            "http://localhost/",
        ] {
            assert!(keys_url(good).is_ok(), "{good}");
        }
        for bad in [
            "http://id.example.org/jwks",
            "http://localhost.example.org/",
            "ftp://localhost/",
            "https://u:p@h/",
            "x",
        ] {
            assert!(keys_url(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn credentials_are_hidden() {
        for (text, shown) in [
            ("postgres://me:secret@host/db", "postgres://***"),
            ("s3://me:sec/ret@host", "s3://***"),
            ("https://host/p?sig=secret#x", "https://host/p?***"),
            ("https://host/p?sig=se@cret", "https://***"),
            ("me:secret@host:7071", "***"),
            ("/plain/a@b?c", "/plain/a@b?c"),
        ] {
            assert_eq!(displayed(text), shown);
        }
    }
}
