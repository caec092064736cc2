//! The list of store locations that a job may name.
//!
//! A job's location is refused unless it is at or below an allowed one, segment by segment, in plain spelling: whatever
//! some component between here and the store could read as another place is refused, also where ours would not.
//! A local path's symbolic links are followed here, and again by whoever opens it: to be safe from links that change
//! between the two, allow only folders in which jobs' submitters can not make links.

mod host;
mod local;
mod refusal;
mod spelling;

use url::Url;

use crate::ServerError;
pub use refusal::LocationRefusal;

/// Schemes that an allowed location may have.
const SCHEMES: [&str; 6] = ["s3", "gs", "az", "file", "http", "https"];

/// What jobs may name.
#[derive(Debug, Clone)]
pub struct AllowedLocations(Vec<Place>);

/// A location taken apart. Two spellings of one place are equal.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    scheme: String,
    /// Bucket, container or host; empty for files.
    host: String,
    /// As written; `None` is none or the scheme's own.
    port: Option<u16>,
    /// Decoded, none of them empty.
    segments: Vec<String>,
}

impl AllowedLocations {
    /// Reads a list of prefixes: `s3://bucket/prefix`, `gs://…`, `az://container/…`, `file:///folder`, `https://host/…`.
    ///
    /// # Errors
    /// An entry that no location should be below: of another scheme, oddly spelled, a metadata service, `file:///`.
    pub fn parse(entries: &[String]) -> Result<Self, ServerError> {
        let mut places = Vec::with_capacity(entries.len());
        for (index, entry) in entries.iter().enumerate() {
            let refused = |refusal| ServerError::AllowedLocation { number: index + 1, refusal };
            let (place, _) = Place::read(entry).map_err(refused)?;
            if place.scheme == "file" && place.segments.is_empty() {
                return Err(refused(LocationRefusal::WholeMachine));
            }
            places.push(place);
        }
        Ok(Self(places))
    }

    /// The location as a URL, if a job may name it.
    ///
    /// # Errors
    /// [`ServerError::LocationRefused`] with the reason.
    pub fn check(&self, location: &str) -> Result<Url, ServerError> {
        self.check_as("location", location)
    }

    /// The same; the error says which field of a request it was.
    ///
    /// # Errors
    /// [`ServerError::LocationRefused`] with the reason.
    pub fn check_as(&self, field: &'static str, location: &str) -> Result<Url, ServerError> {
        self.accept(location).map_err(|refusal| ServerError::LocationRefused { field, refusal })
    }

    fn accept(&self, location: &str) -> Result<Url, LocationRefusal> {
        let (place, url) = Place::read(location)?;
        if !self.0.iter().any(|allowed| allowed.scheme == place.scheme) {
            return Err(LocationRefusal::Scheme);
        }
        let mut above = self.0.iter().filter(|allowed| allowed.holds(&place)).peekable();
        if above.peek().is_none() {
            return Err(LocationRefusal::NotAllowed);
        }
        if place.scheme == "file" {
            local::stays_below(&place.segments, above.map(|allowed| allowed.segments.as_slice()))?;
        }
        Ok(url)
    }
}

impl Place {
    fn read(text: &str) -> Result<(Self, Url), LocationRefusal> {
        let spelled = spelling::take_apart(text)?;
        if !SCHEMES.contains(&spelled.scheme) {
            return Err(LocationRefusal::Scheme);
        }
        let (host, port) = host::read(spelled.scheme, spelled.authority)?;
        let url = Url::parse(text).map_err(|_| LocationRefusal::Malformed)?;
        let segments = spelled.segments;
        let place = Self { scheme: spelled.scheme.to_owned(), host, port, segments };
        // What others will read from the URL must be what was checked.
        let same = url.scheme() == place.scheme
            && url.host_str().unwrap_or_default() == place.host
            && url.port() == place.port
            && spelling::segments(url.path()).is_ok_and(|segments| segments == place.segments);
        if same { Ok((place, url)) } else { Err(LocationRefusal::Malformed) }
    }

    fn holds(&self, other: &Self) -> bool {
        self.scheme == other.scheme
            && self.host == other.host
            && self.port == other.port
            && other.segments.starts_with(&self.segments)
    }
}
