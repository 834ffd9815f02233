//! What SBOMs of all formats have in common: entries with a Package URL, and one operating system.
//!
//! In: entries as a format's reader gives them. Out: an [`Inventory`] of Debian's packages; what is something else is counted and said.

use std::collections::BTreeMap;

use super::gather::Gathering;
use super::{Distribution, InstalledPackage, Inventory, deb_purl};
use crate::purl::Purl;

/// Why a text is no SBOM that can be read.
#[derive(Debug, thiserror::Error)]
pub enum InventoryError {
    /// No JSON, or of other types than the format has.
    #[error("the text cannot be read as {format}: {source}; expected JSON of that format")]
    Json {
        /// The format.
        format: &'static str,
        /// What is wrong, with line and column.
        #[source]
        source: serde_json::Error,
    },
    /// Another format.
    #[error("the text is no {format}: it says `{found}`; expected {expected}")]
    Format {
        /// The format.
        format: &'static str,
        /// What it says it is, cut short.
        found: String,
        /// What would have been taken.
        expected: &'static str,
    },
}

/// A package as a document lists it.
#[derive(Debug)]
pub(crate) struct Entry<'a> {
    /// Where it stands, such as `packages[3]`.
    pub place: String,
    /// Its Package URL.
    pub purl: Purl,
    /// Its version, where that stands outside the Package URL.
    pub version: Option<&'a str>,
    /// Its source, where that stands outside the Package URL.
    pub source: Option<Source>,
    /// Who maintains or supplies it.
    pub maintainer: Option<&'a str>,
}

/// A source as a document names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Source {
    pub name: String,
    /// None where it is the version of the binary package.
    pub version: Option<String>,
}

/// Reads entries one by one.
#[derive(Debug)]
pub(crate) struct Document {
    gathering: Gathering,
    /// What the operating system's own entry says.
    system: Option<Distribution>,
    /// How often which `distro` stands in Package URLs.
    distros: BTreeMap<String, usize>,
    /// How many packages of what else there are.
    others: BTreeMap<String, usize>,
    /// Whether a package without a source has one of its own name: so with writers that name sources where they differ.
    sources_named: bool,
    /// Packages, with their maintainers and places.
    packages: Vec<(InstalledPackage, Option<String>, String)>,
}

impl Document {
    /// Where `tools` made it. Bedplate, Syft and Trivy name a source wherever it differs from the package.
    pub(crate) fn new<'a>(tools: impl IntoIterator<Item = &'a str>) -> Self {
        let knows = |tool: &str| {
            let tool = tool.to_ascii_lowercase();
            ["bedplate", "syft", "trivy"].iter().any(|known| tool.contains(known))
        };
        Self {
            gathering: Gathering::default(),
            system: None,
            distros: BTreeMap::new(),
            others: BTreeMap::new(),
            sources_named: tools.into_iter().any(knows),
            packages: Vec::new(),
        }
    }

    /// Says something.
    pub(crate) fn remark(&mut self, about: &str, text: impl Into<String>) {
        self.gathering.remark(about, text);
    }

    /// The operating system; a second, other one is said.
    pub(crate) fn system(&mut self, found: Distribution) {
        match &self.system {
            Some(system) if *system != found && system.release() != found.release() => {
                let text = format!("the document names another operating system too, `{}`: the first counts", found.id);
                self.remark("distribution", text);
            }
            Some(_) => {}
            None => self.system = Some(found),
        }
    }

    /// A package.
    pub(crate) fn add(&mut self, entry: Entry<'_>) {
        let Entry { place, purl, version, source, maintainer } = entry;
        // A source package is in a document to name what others were built of, an image to say what it is about.
        if (purl.kind == "deb" && qualifier(&purl, "arch") == Some("source"))
            || matches!(purl.kind.as_str(), "oci" | "docker")
        {
            return;
        }
        if purl.kind != "deb" || !matches!(purl.namespace.as_str(), "debian" | "") {
            let what = if purl.kind == "deb" { format!("deb/{}", purl.namespace) } else { purl.kind };
            *self.others.entry(what).or_default() += 1;
            return;
        }
        self.take(purl, version, source, maintainer.map(str::to_owned), place);
    }

    fn take(
        &mut self,
        purl: Purl,
        version: Option<&str>,
        source: Option<Source>,
        maintainer: Option<String>,
        place: String,
    ) {
        if let Some(distro) = qualifier(&purl, "distro") {
            *self.distros.entry(distro.to_owned()).or_default() += 1;
        }
        let upstream = deb_purl::upstream(&purl);
        let upstream = upstream.map(|(name, own)| Source { name: name.into(), version: own.map(str::to_owned) });
        if let (Some(one), Some(other)) = (&source, &upstream)
            && one.name != other.name
        {
            let text =
                format!("its source is `{}` by one field and `{}` by another: the first counts", one.name, other.name);
            self.gathering.remark(&purl.name, text);
        }
        let architecture = qualifier(&purl, "arch").unwrap_or_default().to_owned();
        let own = deb_purl::version(&purl);
        let version = if own.is_empty() { version.unwrap_or_default().to_owned() } else { own };
        let named = source.or(upstream).filter(|source| !source.name.is_empty());
        self.sources_named |= named.is_some();
        let (source, source_version) = named.map_or_else(Default::default, |source| {
            let version = source.version.unwrap_or_else(|| version.clone());
            (source.name, version)
        });
        let package = InstalledPackage { name: purl.name, version, architecture, source, source_version };
        self.packages.push((package, maintainer, place));
    }

    /// All together.
    pub(crate) fn finish(mut self) -> Inventory {
        let distribution = self.distribution();
        let mut nameless = 0;
        for (mut package, maintainer, place) in std::mem::take(&mut self.packages) {
            if package.source.is_empty() && self.sources_named {
                (package.source, package.source_version) = (package.name.clone(), package.version.clone());
            }
            nameless += usize::from(package.source.is_empty());
            self.gathering.add(package, maintainer.as_deref(), &place);
        }
        if nameless > 0 {
            let text = format!(
                "the document names no source of {nameless} packages, and Debian's data speak of sources: nothing is matched to them"
            );
            self.remark("sources", text);
        }
        for (what, count) in std::mem::take(&mut self.others) {
            self.remark("packages", format!("{count} of the kind `{what}` are left out: only Debian's are matched"));
        }
        if self.gathering.len() == 0 {
            self.remark("packages", "the document lists no package of Debian's");
        }
        self.gathering.finish(distribution)
    }

    /// The operating system's entry counts; without one, what all Package URLs agree on.
    fn distribution(&mut self) -> Distribution {
        let distros = std::mem::take(&mut self.distros);
        let mut said: BTreeMap<Option<String>, (Distribution, usize)> = BTreeMap::new();
        for (distro, count) in distros {
            let distribution = Distribution::from_distro(&distro);
            let release = distribution.release().map(str::to_owned);
            said.entry(release).or_insert((distribution, 0)).1 += count;
        }
        let Some(system) = self.system.take() else { return self.agreed(said) };
        let own = system.release().map(str::to_owned);
        for (_, (distribution, count)) in said.into_iter().filter(|(release, _)| *release != own) {
            let other = distribution.release().unwrap_or(&distribution.id).to_owned();
            self.remark(
                "distribution",
                format!("{count} packages say that they are of `{other}`: they are matched as the operating system's"),
            );
        }
        system
    }

    fn agreed(&mut self, said: BTreeMap<Option<String>, (Distribution, usize)>) -> Distribution {
        let several = said.len() > 1;
        let names: Vec<&str> = said.values().map(|(it, _)| it.release().unwrap_or(&it.id)).collect();
        let text = format!("packages say that they are of different releases: {}", names.join(", "));
        if several {
            self.remark("distribution", text);
            return Distribution { id: "debian".into(), ..Distribution::default() };
        }
        said.into_values().next().map(|(distribution, _)| distribution).unwrap_or_default()
    }
}

fn qualifier<'p>(purl: &'p Purl, key: &str) -> Option<&'p str> {
    purl.qualifiers.get(key).map(String::as_str)
}
