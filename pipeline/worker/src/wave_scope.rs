//! What a wave must look at: which images, of which releases, for which architectures.

use std::collections::BTreeMap;
use std::error::Error;

use assemble::Catalogue;
use debian::Architecture;
use plan::Whose;

use crate::Failure;
use crate::snapshot::Wanted;
use crate::wanted::{architecture_of, chosen_platforms};
use crate::wave::{Wave, WaveRequest};

impl Wave {
    /// The images asked for, by the release that they are for.
    pub(crate) fn by_release(&self, request: &WaveRequest) -> Result<BTreeMap<String, Vec<String>>, Failure> {
        let catalogue: &Catalogue = &self.builder.catalogue;
        let all: Vec<String> = match request.images.as_slice() {
            [] => catalogue.definitions.keys().cloned().collect(),
            names => names.to_vec(),
        };
        let mut by_release: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for name in all {
            let definition = catalogue.get(&name).map_err(|error| Failure::new(Whose::Policy, error))?;
            if !chosen_platforms(definition, &request.platforms).is_empty() || !request.images.is_empty() {
                by_release.entry(definition.release.clone()).or_default().push(name);
            }
        }
        Ok(by_release)
    }

    /// What must be observed for these images.
    pub(crate) fn wanted(&self, release: &str, names: &[String], request: &WaveRequest) -> Result<Wanted, Failure> {
        let catalogue = &self.builder.catalogue;
        let policy = |error: Box<dyn Error + Send + Sync>| Failure::new(Whose::Policy, error);
        let known = catalogue.releases.get(release);
        let known = known.ok_or_else(|| policy(format!("releases.yaml has no release `{release}`").into()))?;
        let mut architectures: Vec<Architecture> = Vec::new();
        for name in names {
            let definition = catalogue.get(name).map_err(|error| policy(error.into()))?;
            for platform in chosen_platforms(definition, &request.platforms) {
                architectures.push(architecture_of(name, platform).map_err(|error| policy(error.into()))?);
            }
        }
        architectures.sort();
        architectures.dedup();
        Ok(Wanted {
            suites: known.suites.iter().map(|suite| suite.name.clone()).collect(),
            components: known.components.clone(),
            architectures,
            allowed: Some(known.suites.iter().flat_map(|suite| suite.keys.clone()).collect()),
        })
    }
}
