//! Why a token is not accepted.

use std::fmt;

/// Why a token is not accepted. Says nothing of its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenRefusal {
    /// There is none.
    Missing,
    /// It is no JWT, or a claim has another form than it should.
    Malformed,
    /// `exp`, `iss`, `aud` or `sub` is not there.
    ClaimMissing,
    /// `exp` is over.
    Expired,
    /// `nbf` is to come.
    NotYetValid,
    /// It is for somebody else.
    WrongAudience,
    /// Somebody else issued it.
    WrongIssuer,
    /// It is signed in a way that is not allowed, or not at all.
    AlgorithmNotAllowed,
    /// No known key fits it.
    UnknownKey,
    /// The signature is not that of the key.
    BadSignature,
    /// The keys could not be fetched yet.
    KeysUnavailable,
}

impl fmt::Display for TokenRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "is missing; send the header authorization: Bearer TOKEN",
            Self::Malformed => "is malformed; fetch a new one",
            Self::ClaimMissing => "lacks one of exp, iss, aud and sub; have it issued with them",
            Self::Expired => "has expired; fetch a new one",
            Self::NotYetValid => "is not valid yet; check the clocks, or wait",
            Self::WrongAudience => "is for another audience; ask for one for this server",
            Self::WrongIssuer => "is of another issuer; use the one that this server is set up for",
            Self::AlgorithmNotAllowed => {
                "is signed with an algorithm that is not allowed; use an allowed one"
            }
            Self::UnknownKey => "is signed with an unknown key; fetch a new one",
            Self::BadSignature => "has a wrong signature; fetch a new one",
            Self::KeysUnavailable => {
                "can not be checked, since the issuer's keys can not be fetched; try again"
            }
        })
    }
}
