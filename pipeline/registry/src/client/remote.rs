//! One repository of one registry.
//!
//! In: tags, digests and bytes. Out: what the registry has under them, checked; or what it took.
//! Specification: <https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#endpoints>.

mod blobs;
mod fallback;
mod manifests;
mod pages;
mod pull;
mod referrers;
mod tags;

use std::fmt;
use std::sync::Arc;

use blob::Digest;
pub(crate) use manifests::{Condition, digest_of};
use oci::{Repository, Tag};
pub(crate) use referrers::Peek;
use reqwest::{Method, Url};

use super::ClientFault;
use super::auth::{Need, Scopes};
use super::http::{Answer, Ask, is_docker_hub};
use super::registry::Registry;

/// How a manifest is asked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Named {
    /// By a tag, which may move.
    Tag(Tag),
    /// By its digest.
    Digest(Digest),
}

impl From<Tag> for Named {
    fn from(tag: Tag) -> Self {
        Self::Tag(tag)
    }
}

impl From<Digest> for Named {
    fn from(digest: Digest) -> Self {
        Self::Digest(digest)
    }
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(tag) => tag.fmt(f),
            Self::Digest(digest) => digest.fmt(f),
        }
    }
}

/// A repository of a registry. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Remote {
    pub(crate) registry: Arc<Registry>,
    repository: Repository,
    /// What the registry itself calls it.
    pub(crate) wire: Repository,
}

impl Remote {
    pub(crate) fn new(registry: Arc<Registry>, repository: Repository) -> Self {
        let wire = wire_name(&registry.host, &repository);
        Self { registry, repository, wire }
    }

    /// The registry's host, as it was given.
    pub fn host(&self) -> &str {
        &self.registry.host
    }

    /// The repository's name, as it was given.
    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    /// Whether both are in one registry, so that blobs can be mounted from one to the other.
    pub fn shares_registry(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.registry, &other.registry)
    }

    /// The address of something in this repository.
    pub(crate) async fn url(&self, path: &str) -> Result<Url, ClientFault> {
        self.registry.url(&format!("{}/{path}", self.wire)).await
    }

    /// A request for something in this repository.
    pub(crate) async fn about(&self, method: Method, path: &str) -> Result<Ask<'static>, ClientFault> {
        Ok(Ask::new(method, self.url(path).await?))
    }

    /// What reading needs.
    pub(crate) fn reading(&self) -> Need {
        Need { repository: self.wire.clone(), scopes: Scopes::pull(&self.wire) }
    }

    /// What writing needs.
    pub(crate) fn writing(&self) -> Need {
        Need { repository: self.wire.clone(), scopes: Scopes::push(&self.wire) }
    }

    /// What removing needs.
    pub(crate) fn removing(&self) -> Need {
        Need { repository: self.wire.clone(), scopes: Scopes::delete(&self.wire) }
    }

    /// Sends a request as often as it takes.
    pub(crate) async fn ask(&self, ask: &Ask<'_>, need: &Need) -> Result<Answer, ClientFault> {
        self.registry.ask(ask, need).await
    }
}

impl fmt::Display for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry.host, self.repository)
    }
}

/// On Docker's registry a bare name is one of the official images.
pub(crate) fn wire_name(host: &str, repository: &Repository) -> Repository {
    let bare = is_docker_hub(host) && !repository.as_str().contains('/');
    let official = bare.then(|| format!("library/{repository}").parse().ok()).flatten();
    official.unwrap_or_else(|| repository.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_dockers_registry_has_official_images() {
        let name = |host: &str, repository: &str| wire_name(host, &repository.parse().unwrap()).to_string();
        assert_eq!(name("docker.io", "python"), "library/python");
        assert_eq!(name("docker.io", "team/python"), "team/python");
        assert_eq!(name("registry.example", "python"), "python");
    }
}
