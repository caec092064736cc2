use crate::settings::key::{Key, Kind, Member};

const fn all(name: &'static str, kind: Kind, help: &'static str) -> Key {
    Key::new(name, &Member::ALL, kind, help)
}

/// Of those whom people call.
const fn called(name: &'static str, kind: Kind, help: &'static str) -> Key {
    Key::new(name, &[Member::Coordinator, Member::Gateway], kind, help)
}

pub(super) const TLS: &[Key] = &[
    all("tls.authority", Kind::Path, "PEM file with the certificate of the cluster's authority")
        .long("It says whom this member believes.")
        .example("/etc/steppe/tls/ca.pem"),
    all("tls.certificate", Kind::Path, "PEM file with this member's certificate")
        .long("This member's first, then those up to the authority.")
        .example("/etc/steppe/tls/member.pem"),
    all("tls.key", Kind::Path, "PEM file with the private key of tls.certificate")
        .long("Only its owner may be able to read it.")
        .example("/etc/steppe/tls/member.key"),
    all("tls.allow_exposed_key", Kind::Switch, "Take a key file that others can read").default("false"),
    all("tls.plaintext_on_loopback", Kind::Switch, "Run without certificates, on this machine alone")
        .default("false")
        .long("Every listener must then be on a loopback address, and the coordinator asks for tokens only where a token key is set. The gateway always does."),
];

pub(super) const TOKEN: &[Key] = &[
    called("token.issuer", Kind::Text, "Who must have issued a token (its iss)").default("steppe"),
    called("token.audience", Kind::Text, "Whom a token must be for (its aud)").default("steppe"),
    called("token.key", Kind::Path, "PEM file with the public key that tokens are checked with")
        .long("ECDSA, Ed25519 or RSA.")
        .example("/etc/steppe/token.pem"),
    called("token.jwks", Kind::Path, "JWKS file with the public keys that tokens are checked with"),
    called(
        "token.jwks_url",
        Kind::KeysUrl,
        "URL that serves the public keys that tokens are checked with, as JWKS",
    )
    .long("https only; http to this machine alone. The keys are fetched again when they change."),
];

pub(super) const LOG: &[Key] = &[
    all("log.format", Kind::Choice(&["text", "json"]), "How log lines are written: text or json")
        .default("text"),
    all(
        "log.level",
        Kind::Text,
        "Which log lines are written: a level, or a filter such as steppe_server=debug,info",
    )
    .default("info"),
];

pub(super) const TRACE: &[Key] =
    &[all("trace.endpoint", Kind::Endpoint, "Where traces are sent: an OTLP gRPC endpoint")
        .long("Such as http://127.0.0.1:4317. Without it none are sent.")];
