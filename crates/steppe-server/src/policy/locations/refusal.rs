//! Why a location is refused.

use std::fmt;

/// Why a location is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LocationRefusal {
    /// It is no URL of the form `scheme://place/path`.
    Malformed,
    /// It is longer than any store takes.
    TooLong,
    /// Its scheme is not on the list.
    Scheme,
    /// It has a control character, a blank, or a backslash.
    Character,
    /// It has a segment `.` or `..`, or an empty one, in whatever spelling.
    Dots,
    /// It has a slash or percent sign in an encoding that hides it.
    Encoding,
    /// It has a user name or password.
    UserInfo,
    /// It has a query or a fragment.
    Query,
    /// It names a service that gives out credentials, or an address where such services are.
    Metadata,
    /// Its host is not spelled plainly.
    Host,
    /// It is not below an allowed location.
    NotAllowed,
    /// A symbolic link leads out of the allowed folder.
    Link,
    /// The local path can not be followed.
    Unreadable,
    /// It is the root of the file system.
    WholeMachine,
}

impl fmt::Display for LocationRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "is no URL of the form scheme://place/path",
            Self::TooLong => "is longer than 2,048 bytes",
            Self::Scheme => "has a scheme that is not allowed",
            Self::Character => "has a control character, blank or backslash",
            Self::Dots => "has an empty segment, or one that is . or ..",
            Self::Encoding => "hides characters by percent-encoding",
            Self::UserInfo => "has a user name or password",
            Self::Query => "has a query or fragment",
            Self::Metadata => "names a metadata service",
            Self::Host => "has a bucket or host that is not spelled plainly",
            Self::NotAllowed => "is not below an allowed location",
            Self::Link => "leaves the allowed folder through a symbolic link",
            Self::Unreadable => "can not be followed on this machine",
            Self::WholeMachine => "is the whole machine",
        })
    }
}
