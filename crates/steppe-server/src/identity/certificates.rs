//! A cluster's own authority and the certificates of its members, for development: `steppe certs init`.
//!
//! A member's certificate says what the member is in a URI among its alternative names (`steppe://cluster/worker`).
//! The cluster's channels check that as well as the signature: a person's certificate has the same authority.

mod place;
mod role;

use std::{
    net::IpAddr,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, SanType,
};
use time::OffsetDateTime;

use crate::ServerError;
use place::{NewFile, place};
pub use role::{ClusterRole, cluster_role};

/// The name in the certificates of all members that serve: members come and go, and so do their addresses.
pub const MEMBER_NAME: &str = "member.steppe.internal";

/// Certificates are valid from a little before now, because clocks differ.
const CLOCK_SKEW: Duration = Duration::from_secs(300);

/// What the certificates of a development cluster should say.
#[derive(Debug, Clone)]
pub struct CertificateRequest {
    /// DNS names of the server, beside [`MEMBER_NAME`].
    pub names: Vec<String>,
    /// Addresses of the server.
    pub addresses: Vec<IpAddr>,
    /// How long everything is valid.
    pub validity: Duration,
    /// Whether files that are there already are replaced.
    pub replace: bool,
}

/// The folder with an authority (`ca`) and the certificates `server`, `worker` and `client`, each as `.crt` and `.key`.
#[derive(Debug, Clone)]
pub struct DevelopmentCa {
    folder: PathBuf,
}

impl DevelopmentCa {
    /// Makes an authority and three certificates (ECDSA P-256), and writes all eight files or none.
    ///
    /// # Errors
    /// A file that is there already, unless it may be replaced; names that are none; a validity of nothing or beyond
    /// the calendar; a folder that can not be written.
    pub fn create(folder: &Path, request: &CertificateRequest, now: SystemTime) -> Result<Self, ServerError> {
        let validity = Validity::new(request.validity, now)?;
        let authority_key = new_key("the authority's key")?;
        let authority = authority_params(&validity);
        let failed = |error: rcgen::Error| making("the authority's certificate", &error);
        let certificate = authority.self_signed(&authority_key).map_err(failed)?;
        let mut files = vec![
            NewFile::public("ca.crt", certificate.pem()),
            NewFile::secret("ca.key", authority_key.serialize_pem()),
        ];
        let issuer = Issuer::new(authority, authority_key);
        for role in ClusterRole::ALL {
            let key = new_key("a member's key")?;
            let what = "a member's certificate";
            let member = member_params(role, request, &validity)?;
            let certificate = member.signed_by(&key, &issuer).map_err(|error| making(what, &error))?;
            files.push(NewFile::public(format!("{}.crt", role.file_stem()), certificate.pem()));
            files.push(NewFile::secret(format!("{}.key", role.file_stem()), key.serialize_pem()));
        }
        place(folder, &files, request.replace)?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// The authority's certificate.
    pub fn authority(&self) -> PathBuf {
        self.folder.join("ca.crt")
    }

    /// A member's certificate.
    pub fn certificate(&self, role: ClusterRole) -> PathBuf {
        self.folder.join(format!("{}.crt", role.file_stem()))
    }

    /// A member's private key.
    pub fn key(&self, role: ClusterRole) -> PathBuf {
        self.folder.join(format!("{}.key", role.file_stem()))
    }
}

/// From when to when.
struct Validity {
    begins: OffsetDateTime,
    ends: OffsetDateTime,
}

impl Validity {
    fn new(validity: Duration, now: SystemTime) -> Result<Self, ServerError> {
        let problem = |problem: &str| ServerError::CertificateMaking {
            what: "certificates",
            problem: problem.to_owned(),
        };
        if validity.as_secs() == 0 {
            return Err(problem("they would be valid for less than a second"));
        }
        let beyond = || problem("their validity would end beyond the calendar");
        let seconds = now.duration_since(SystemTime::UNIX_EPOCH).map_err(|_| beyond())?.as_secs();
        let begins = seconds.saturating_sub(CLOCK_SKEW.as_secs());
        let ends = seconds.checked_add(validity.as_secs()).ok_or_else(beyond)?;
        let moment = |seconds: u64| {
            let seconds = i64::try_from(seconds).map_err(|_| beyond())?;
            OffsetDateTime::from_unix_timestamp(seconds).map_err(|_| beyond())
        };
        Ok(Self { begins: moment(begins)?, ends: moment(ends)? })
    }
}

fn new_key(what: &'static str) -> Result<KeyPair, ServerError> {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(|error| making(what, &error))
}

fn making(what: &'static str, error: &impl ToString) -> ServerError {
    ServerError::CertificateMaking { what, problem: error.to_string() }
}

fn params(common_name: &str, validity: &Validity) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.not_before = validity.begins;
    params.not_after = validity.ends;
    params.use_authority_key_identifier_extension = true;
    params
}

fn authority_params(validity: &Validity) -> CertificateParams {
    let mut params = params("steppe development authority", validity);
    // It signs members and no other authorities.
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn member_params(
    role: ClusterRole,
    request: &CertificateRequest,
    validity: &Validity,
) -> Result<CertificateParams, ServerError> {
    let mut params = params(&format!("steppe {}", role.name()), validity);
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let text = |text: &str| text.try_into().map_err(|error| making("a name", &error));
    params.subject_alt_names.push(SanType::URI(text(role.uri())?));
    if role != ClusterRole::Client {
        params.extended_key_usages.push(ExtendedKeyUsagePurpose::ServerAuth);
        params.subject_alt_names.push(SanType::DnsName(text(MEMBER_NAME)?));
    }
    if role == ClusterRole::Coordinator {
        for name in &request.names {
            if !is_dns_name(name) {
                return Err(making("the server's certificate", &format!("{name:?} is no DNS name")));
            }
            params.subject_alt_names.push(SanType::DnsName(text(name)?));
        }
        params.subject_alt_names.extend(request.addresses.iter().copied().map(SanType::IpAddress));
    }
    Ok(params)
}

/// What TLS clients will take as a server's name; a name that none would take should fail here and not there.
fn is_dns_name(name: &str) -> bool {
    let name = name.strip_prefix("*.").unwrap_or(name);
    matches!(rustls::pki_types::ServerName::try_from(name), Ok(rustls::pki_types::ServerName::DnsName(_)))
}
