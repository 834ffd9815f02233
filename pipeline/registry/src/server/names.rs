//! What a URL asks for.
//!
//! In: the path and query of a request, percent-encoded as they came. Out: a [`Route`] with names that are well formed, so that no name is
//! ever a path out of the store; or the specification's error.
//! Specification: <https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#endpoints>.

use std::borrow::Cow;
use std::str::FromStr;

use axum::http::Method;
use blob::Digest;
use oci::{Repository, Tag};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use uuid::Uuid;

use super::access::{Action, Need};
use super::errors::ApiError;

/// What stays as it is in a query that we write.
const IN_QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'/').remove(b':');

/// What a URL asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
    /// `/v2/`
    Base,
    /// `/v2/_catalog`
    Catalog,
    /// `/v2/<name>/manifests/<tag>`
    TaggedManifest(Repository, Tag),
    /// `/v2/<name>/manifests/<digest>`
    Manifest(Repository, Digest),
    /// `/v2/<name>/blobs/<digest>`
    Blob(Repository, Digest),
    /// `/v2/<name>/blobs/uploads/`
    Uploads(Repository),
    /// `/v2/<name>/blobs/uploads/<id>`
    Upload(Repository, Uuid),
    /// `/v2/<name>/tags/list`
    Tags(Repository),
    /// `/v2/<name>/referrers/<digest>`
    Referrers(Repository, Digest),
}

impl Route {
    /// Reads a path. A repository may have `/` in its name, and words such as `blobs`: what is asked for stands at the end.
    pub(crate) fn parse(path: &str) -> Result<Self, ApiError> {
        let path = decode(path)?;
        let unknown = || ApiError::no_such_page(&path);
        let rest = match path.strip_prefix("/v2/") {
            Some("") => return Ok(Self::Base),
            Some("_catalog") => return Ok(Self::Catalog),
            Some(rest) => rest,
            None if path == "/v2" => return Ok(Self::Base),
            None => return Err(unknown()),
        };
        let (front, last) = rest.rsplit_once('/').ok_or_else(unknown)?;
        let (name, kind) = front.rsplit_once('/').ok_or_else(unknown)?;
        match kind {
            "manifests" if last.contains(':') => Ok(Self::Manifest(repository(name)?, digest(last)?)),
            "manifests" => Ok(Self::TaggedManifest(repository(name)?, tag(last)?)),
            "blobs" if last == "uploads" => Ok(Self::Uploads(repository(name)?)),
            "uploads" if name.ends_with("/blobs") => upload(name.trim_end_matches("/blobs"), last),
            "blobs" => Ok(Self::Blob(repository(name)?, digest(last)?)),
            "tags" if last == "list" => Ok(Self::Tags(repository(name)?)),
            "referrers" => Ok(Self::Referrers(repository(name)?, digest(last)?)),
            _ => Err(unknown()),
        }
    }
}

impl Route {
    /// The methods that this page has, as the header `Allow` lists them.
    pub(crate) fn methods(&self) -> &'static str {
        match self {
            Self::Base | Self::Catalog | Self::Tags(_) | Self::Referrers(..) => "GET, HEAD",
            Self::TaggedManifest(..) | Self::Manifest(..) => "GET, HEAD, PUT, DELETE",
            Self::Blob(..) => "GET, HEAD, DELETE",
            Self::Uploads(_) => "POST",
            Self::Upload(..) => "GET, PATCH, PUT, DELETE",
        }
    }

    /// What a request for this needs to be allowed.
    pub(crate) fn needs(&self, method: &Method) -> Vec<Need> {
        let action = match *method {
            Method::GET | Method::HEAD => Action::Pull,
            Method::DELETE => Action::Delete,
            _ => Action::Push,
        };
        match self {
            Self::Base => Vec::new(),
            Self::Catalog => vec![Need::Catalog],
            Self::TaggedManifest(name, _)
            | Self::Manifest(name, _)
            | Self::Blob(name, _)
            | Self::Uploads(name)
            | Self::Tags(name)
            | Self::Referrers(name, _) => vec![Need::Repository(name.clone(), action)],
            // Who looks at an upload or gives it up is the one who pushes.
            Self::Upload(name, _) => vec![Need::Repository(name.clone(), Action::Push)],
        }
    }
}

fn upload(name: &str, id: &str) -> Result<Route, ApiError> {
    let name = repository(name)?;
    if id.is_empty() {
        return Ok(Route::Uploads(name));
    }
    // Only one way to write a number: no braces, no missing hyphens.
    let id = Some(id).filter(|id| id.len() == 36).and_then(|id| id.parse().ok());
    id.map(|id| Route::Upload(name, id)).ok_or_else(ApiError::upload_unknown)
}

fn repository(text: &str) -> Result<Repository, ApiError> {
    text.parse().map_err(ApiError::name_invalid)
}

fn digest(text: &str) -> Result<Digest, ApiError> {
    text.parse().map_err(ApiError::digest_invalid)
}

/// A text that cannot be a tag is a tag that is not there.
fn tag(text: &str) -> Result<Tag, ApiError> {
    text.parse().map_err(ApiError::manifest_unknown)
}

fn decode(text: &str) -> Result<Cow<'_, str>, ApiError> {
    percent_decode_str(text)
        .decode_utf8()
        .map_err(|_| ApiError::name_invalid("the URL is no UTF-8: expected a name of ASCII letters"))
}

/// The parameter of a query; the first one where there are several. A `+` stays a `+`: media types have it, and none has a space.
pub(crate) fn parameter(query: Option<&str>, name: &str) -> Result<Option<String>, ApiError> {
    Ok(parameters(query, name)?.into_iter().next())
}

/// All parameters with that name.
pub(crate) fn parameters(query: Option<&str>, name: &str) -> Result<Vec<String>, ApiError> {
    let pairs = query.unwrap_or_default().split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs.filter(|(key, _)| *key == name).map(|(_, value)| decode(value).map(Cow::into_owned)).collect()
}

/// A parameter that is a digest.
pub(crate) fn digest_parameter(query: Option<&str>, name: &str) -> Result<Option<Digest>, ApiError> {
    parameter(query, name)?.map(|text| digest(&text)).transpose()
}

/// The same, as a value that can be read from text.
pub(crate) fn number<T: FromStr>(query: Option<&str>, name: &str) -> Result<Option<T>, ApiError> {
    let text = parameter(query, name)?;
    text.map(|text| text.parse().map_err(|_| ApiError::parameter_invalid(name, &text))).transpose()
}

/// The text as it stands in a query.
pub(crate) fn encode(text: &str) -> String {
    utf8_percent_encode(text, IN_QUERY).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Repository {
        text.parse().unwrap()
    }

    fn refusal(path: &str) -> (u16, &'static str) {
        let error = Route::parse(path).unwrap_err();
        (error.status().as_u16(), error.code())
    }

    #[test]
    fn reads_every_route_of_the_specification() {
        let digest = Digest::of("");
        for (path, expected) in [
            ("/v2".to_owned(), Route::Base),
            ("/v2/".to_owned(), Route::Base),
            ("/v2/_catalog".to_owned(), Route::Catalog),
            ("/v2/a/manifests/latest".to_owned(), Route::TaggedManifest(name("a"), "latest".parse().unwrap())),
            (format!("/v2/a/b/manifests/{digest}"), Route::Manifest(name("a/b"), digest.clone())),
            (format!("/v2/a%2Fb/blobs/sha256%3A{}", digest.hex()), Route::Blob(name("a/b"), digest.clone())),
            ("/v2/a/tags/list".to_owned(), Route::Tags(name("a"))),
            ("/v2/a/blobs/uploads/".to_owned(), Route::Uploads(name("a"))),
            ("/v2/a/blobs/uploads".to_owned(), Route::Uploads(name("a"))),
            (format!("/v2/a/blobs/uploads/{}", Uuid::nil()), Route::Upload(name("a"), Uuid::nil())),
            (format!("/v2/a/referrers/{digest}"), Route::Referrers(name("a"), digest.clone())),
        ] {
            assert_eq!(Route::parse(&path).unwrap(), expected, "{path}");
        }
    }

    #[test]
    fn words_of_the_protocol_may_be_part_of_a_name() {
        let path = "/v2/blobs/tags/list/manifests/manifests/tags/list";
        assert_eq!(Route::parse(path).unwrap(), Route::Tags(name("blobs/tags/list/manifests/manifests")));
    }

    #[test]
    fn a_name_or_digest_that_is_a_path_is_refused() {
        for path in [
            "/v2/../etc/tags/list",
            "/v2/a/../../b/tags/list",
            "/v2/..%2f..%2fetc/tags/list",
            "/v2/%2e%2e/tags/list",
            "/v2/a%00b/tags/list",
            "/v2/A/tags/list",
            "/v2/a%2525/tags/list",
            "/v2//tags/list",
            "/v2/%ff/tags/list",
        ] {
            assert_eq!(refusal(path), (400, "NAME_INVALID"), "{path}");
        }
        for path in
            ["/v2/a/blobs/sha256:..%2F..%2Fetc", "/v2/a/blobs/latest", "/v2/a/manifests/sha256:00", "/v2/a/referrers/x"]
        {
            let expected = if path.contains("%2F") { (404, "UNSUPPORTED") } else { (400, "DIGEST_INVALID") };
            assert_eq!(refusal(path), expected, "{path}");
        }
        assert_eq!(refusal("/v2/a/manifests/.bad"), (404, "MANIFEST_UNKNOWN"));
        for id in ["1", "..%2F..%2Fetc", "{00000000-0000-0000-0000-0000000000}", &Uuid::nil().simple().to_string()] {
            let status = refusal(&format!("/v2/a/blobs/uploads/{id}")).0;
            assert_eq!(status, 404, "{id}");
        }
    }

    #[test]
    fn other_pages_are_not_there() {
        for path in ["/v2/a", "/v2/a/", "/v2/a/b", "/v2/a/tags/other", "/v2a/tags/list", "/v2/a/manifests/"] {
            assert_eq!(refusal(path).0, 404, "{path}");
        }
    }

    #[test]
    fn reads_parameters_encoded_or_not() {
        let query = Some("n=2&artifactType=application%2Fspdx%2Bjson&other=a+b&last=");
        let read = |name| parameter(query, name).unwrap();
        assert_eq!(read("artifactType").as_deref(), Some("application/spdx+json"));
        assert_eq!(read("other").as_deref(), Some("a+b"));
        assert_eq!((read("last").as_deref(), read("none")), (Some(""), None));
        assert_eq!(number::<usize>(query, "n").unwrap(), Some(2));
        assert!(number::<usize>(Some("n=-1"), "n").is_err());
    }
}
