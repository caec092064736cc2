//! Which failures may be gone when the same is asked again.

use std::{error::Error, io};

use object_store::client::{HttpError, HttpErrorKind};

/// How the client of object stores starts the text of an answer that is no success. Its type is private, so that the
/// status can only be read from the text; a test holds the real client to it.
const STATUS_TEXT: &str = "Server returned non-2xx status code: ";
/// How it starts the text of a success whose body is an error.
const BODY_TEXT: &str = "Server returned error response: ";

/// Whether an error of an object store may be gone when the same is asked again.
///
/// The client has then tried itself, up to ten times in three minutes.
pub(crate) fn is_transient(error: &object_store::Error) -> bool {
    // Other variants are answers: not found, not allowed, there already.
    let object_store::Error::Generic { source, .. } = error else { return false };
    let mut next: Option<&(dyn Error + 'static)> = Some(source.as_ref());
    while let Some(error) = next {
        if let Some(verdict) = verdict(error) {
            return verdict;
        }
        next = error.source();
    }
    false
}

/// What one error of a chain says; `None` where its cause has to be looked at.
fn verdict(error: &(dyn Error + 'static)) -> Option<bool> {
    if let Some(http) = error.downcast_ref::<HttpError>() {
        // `Decode` is also a body that broke off; `Unknown` says nothing, and its cause may.
        return (http.kind() != HttpErrorKind::Unknown).then_some(true);
    }
    if let Some(io) = error.downcast_ref::<io::Error>() {
        let inner = io.get_ref().and_then(|inner| verdict(inner));
        return inner.or(Some(is_transient_kind(io.kind())));
    }
    let text = error.to_string();
    if let Some(answer) = text.strip_prefix(STATUS_TEXT) {
        let status = answer.get(..3)?.parse().ok()?;
        return Some(is_transient_status(status));
    }
    let body = text.strip_prefix(BODY_TEXT)?;
    Some(["InternalError", "SlowDown"].iter().any(|code| body.contains(code)))
}

/// Server errors, too many requests, and a request that came too slowly.
fn is_transient_status(status: u16) -> bool {
    matches!(status, 408 | 429 | 500..=599) && status != 501
}

/// Kinds of the system's errors that come from a busy or broken connection or device.
pub(super) fn is_transient_kind(kind: io::ErrorKind) -> bool {
    use io::ErrorKind as Kind;
    matches!(
        kind,
        Kind::TimedOut
            | Kind::ConnectionReset
            | Kind::ConnectionAborted
            | Kind::ConnectionRefused
            | Kind::NotConnected
            | Kind::BrokenPipe
            | Kind::Interrupted
            | Kind::WouldBlock
            | Kind::NetworkDown
            | Kind::NetworkUnreachable
            | Kind::HostUnreachable
            | Kind::StaleNetworkFileHandle
            | Kind::ResourceBusy
    )
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::StoreError;

    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Says(String);

    #[derive(Debug, thiserror::Error)]
    #[error("error performing GET")]
    struct Wraps(#[source] Box<dyn Error + Send + Sync>);

    fn generic(source: impl Error + Send + Sync + 'static) -> object_store::Error {
        object_store::Error::Generic { store: "S3", source: Box::new(Wraps(Box::new(source))) }
    }

    #[test]
    fn answers_of_servers() {
        for (status, expected) in [
            ("500 Internal Server Error", true),
            ("503 Service Unavailable", true),
            ("429 Too Many Requests", true),
            ("408 Request Timeout", true),
            ("501 Not Implemented", false),
            ("400 Bad Request", false),
            ("403 Forbidden", false),
            ("?", false),
        ] {
            let error = generic(Says(format!("{STATUS_TEXT}{status}: <Error/>")));
            assert_eq!(is_transient(&error), expected, "{status}");
        }
        assert!(is_transient(&generic(Says(format!("{BODY_TEXT}<Code>SlowDown</Code>")))));
        assert!(!is_transient(&generic(Says(format!("{BODY_TEXT}<Code>NoSuchUpload</Code>")))));
        assert!(!is_transient(&generic(Says("503 in another sentence".to_owned()))));
    }

    #[test]
    fn connections() {
        for kind in [
            HttpErrorKind::Connect,
            HttpErrorKind::Request,
            HttpErrorKind::Timeout,
            HttpErrorKind::Interrupted,
            HttpErrorKind::Decode,
        ] {
            assert!(is_transient(&generic(HttpError::new(kind, Says("x".to_owned())))), "{kind:?}");
        }
        let unknown = |kind: io::ErrorKind| HttpError::new(HttpErrorKind::Unknown, io::Error::from(kind));
        assert!(is_transient(&generic(unknown(io::ErrorKind::ConnectionReset))));
        assert!(!is_transient(&generic(unknown(io::ErrorKind::InvalidData))));
    }

    #[test]
    fn answers_that_stay_the_same() {
        let source = || Box::new(Says(format!("{STATUS_TEXT}503")));
        let path = String::new;
        for error in [
            object_store::Error::NotFound { path: path(), source: source() },
            object_store::Error::PermissionDenied { path: path(), source: source() },
            object_store::Error::Unauthenticated { path: path(), source: source() },
        ] {
            assert!(!is_transient(&error), "{error}");
        }
        assert!(!is_transient(&generic(io::Error::new(io::ErrorKind::UnexpectedEof, "shorter"))));
    }

    #[test]
    fn errors_of_this_crate() {
        let io = |kind: io::ErrorKind| StoreError::Io {
            path: PathBuf::from("x"),
            action: "can not read",
            source: kind.into(),
        };
        for kind in [
            io::ErrorKind::TimedOut,
            io::ErrorKind::ConnectionReset,
            io::ErrorKind::Interrupted,
            io::ErrorKind::BrokenPipe,
        ] {
            assert!(io(kind).is_transient(), "{kind}");
        }
        assert!(!io(io::ErrorKind::NotFound).is_transient());
        assert!(!io(io::ErrorKind::PermissionDenied).is_transient());
        assert!(!StoreError::corrupt("x", "row group 1", "a", "b").is_transient());
        assert!(!StoreError::Cancelled.is_transient());
        let source = generic(HttpError::new(HttpErrorKind::Timeout, Says("x".to_owned())));
        let error = StoreError::ObjectStore { location: String::new(), action: "can not read", source };
        assert!(error.is_transient());
    }
}
