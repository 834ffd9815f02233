//! What we write: the definition of one image.
//!
//! A definition names its parent, the packages that it adds, what is left out, the effects that replace maintainer
//! scripts, and the configuration of the image. It is read by [`crate::definition_text`], its variables are filled
//! in by [`Definition::expand`](crate::expand), and [`crate::catalogue`] strings definitions into chains.

use std::collections::BTreeMap;

use blob::Digest;
use oci::Platform;
use serde::{Deserialize, Serialize};

use crate::effect::Effect;
use crate::path::RootPath;

/// One image, or the layer that it adds to its parent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Definition {
    /// The image's name.
    pub name: String,
    /// The repository that its tags stand in; the name, unless this says otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// What it is, in one line.
    pub summary: String,
    /// Debian's release, such as `trixie`. It holds for the whole chain of parents.
    pub release: String,
    /// The image below this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// Values for `${…}`, by release.
    #[serde(default)]
    pub variables: BTreeMap<String, BTreeMap<String, String>>,
    /// Root packages, whose dependencies are followed.
    #[serde(default)]
    pub packages: Vec<String>,
    /// Packages of which only these paths (globs) are taken; their dependencies are not followed.
    #[serde(default)]
    pub slices: BTreeMap<String, Vec<String>>,
    /// Dependencies not to follow, beyond the catalogue's list: name → reason.
    #[serde(default)]
    pub cuts: BTreeMap<String, String>,
    /// Names on a cut list that this image takes all the same.
    #[serde(default)]
    pub keep: Vec<String>,
    /// Paths to leave out, beyond the catalogue's list.
    #[serde(default)]
    pub drops: Vec<DropRule>,
    /// What maintainer scripts would have done.
    #[serde(default)]
    pub effects: Vec<Effect>,
    /// Paths that user 65532 may write to. Any other writable path fails the build.
    #[serde(default)]
    pub writable: Vec<RootPath>,
    /// User that the container runs as; the parent's where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Entry point; the parent's where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entrypoint: Option<Vec<String>>,
    /// Arguments to the entry point; the parent's where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cmd: Option<Vec<String>>,
    /// Environment, laid over the parent's.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// Folder that the container starts in; the parent's where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub working_directory: Option<RootPath>,
    /// Platforms to build for.
    #[serde(default = "both_platforms", with = "platform_text")]
    pub platforms: Vec<Platform>,
    /// The package whose upstream version is the image's; absent: the release's version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_from: Option<String>,
    /// Tag templates: `${version}`, `${major}`, `${minor}`, `${patch}`, `${release}`.
    pub tags: Vec<String>,
    /// The day after which nobody fixes the runtime any more.
    pub end_of_life: jiff::civil::Date,
    /// Variants to make as images of their own, such as `debug`.
    #[serde(default)]
    pub variants: Vec<String>,
    /// Allowances of the audits, each with its reason.
    #[serde(default)]
    pub unresolved: Vec<Allowance>,
    /// What a container of it must be able to do.
    #[serde(default)]
    pub smoke: Vec<SmokeTest>,
    /// The image's page, in Markdown.
    #[serde(default)]
    pub documentation: String,
}

/// Files that an image does not need, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DropRule {
    /// Why nothing misses them.
    pub reason: String,
    /// Globs over absolute paths; `*` stays inside a folder, `**` does not.
    pub paths: Vec<String>,
    /// Globs that win over `paths`.
    #[serde(default)]
    pub except: Vec<String>,
}

/// A missing library or interpreter that the audits accept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Allowance {
    /// Glob of the file that asks.
    pub file: String,
    /// The library (`libfreetype.so.6`) or interpreter (`/bin/sh`) that it asks for.
    pub needs: String,
    /// Why that is right.
    pub reason: String,
}

/// One thing that a container must be able to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmokeTest {
    /// What is proven, as a sentence.
    pub name: String,
    /// Replaces the image's entry point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entrypoint: Option<Vec<String>>,
    /// Arguments after the entry point.
    #[serde(default)]
    pub command: Vec<String>,
    /// Text that standard output must hold. Exit code 0 is always required.
    #[serde(default)]
    pub expect: String,
    /// Environment of this run.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// What the harness must offer: `tls-server`, `binaries`, `files`.
    #[serde(default)]
    pub needs: Vec<String>,
}

impl Definition {
    /// The repository that the image's tags stand in.
    pub fn repository(&self) -> &str {
        self.repository.as_deref().unwrap_or(&self.name)
    }

    /// The digest of everything that this definition says, comments and layout aside.
    pub fn digest(&self) -> Digest {
        Digest::of(serde_json::to_vec(self).unwrap_or_default())
    }

    /// The definition of a variant: this image as parent, with what `template` adds.
    #[must_use]
    pub fn variant(&self, template: &Self) -> Self {
        let suffix = &template.name;
        Self {
            name: format!("{}-{suffix}", self.name),
            repository: Some(self.repository().to_owned()),
            summary: format!("{} ({})", self.summary, template.summary),
            release: self.release.clone(),
            parent: Some(self.name.clone()),
            variables: self.variables.clone(),
            platforms: self.platforms.clone(),
            version_from: self.version_from.clone(),
            tags: self.tags.iter().map(|tag| variant_tag(tag, suffix)).collect(),
            end_of_life: self.end_of_life,
            variants: Vec::new(),
            ..template.clone()
        }
    }
}

/// `3.13` becomes `3.13-debug`, and `latest` just `debug`, as users of other minimal images expect.
fn variant_tag(tag: &str, suffix: &str) -> String {
    if tag == "latest" { suffix.to_owned() } else { format!("{tag}-{suffix}") }
}

fn both_platforms() -> Vec<Platform> {
    ["linux/amd64", "linux/arm64"].iter().filter_map(|text| text.parse().ok()).collect()
}

/// Platforms as people write them (`linux/amd64`), not as the OCI descriptor does.
mod platform_text {
    use oci::Platform;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(platforms: &[Platform], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(platforms.iter().map(ToString::to_string))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Platform>, D::Error> {
        let names = Vec::<String>::deserialize(deserializer)?;
        names.iter().map(|name| name.parse().map_err(serde::de::Error::custom)).collect()
    }
}
