//! All packages that one architecture can choose from: the newest version of each name across the suites.
//!
//! In: the package indexes of a release's suites. Out: candidates by name and by what they provide. Indexes are
//! borrowed and searched in place; only the table of provided names is built.

use std::collections::BTreeMap;

use debian::{BinaryPackage, Operator, PackageIndex, Relation, Suite, Version};

/// One suite's index for one architecture and component.
#[derive(Debug, Clone, Copy)]
pub struct SuiteIndex<'a> {
    /// The suite.
    pub suite: &'a Suite,
    /// Its index.
    pub index: &'a PackageIndex,
}

/// A package that may be chosen, and where it comes from.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// The package's paragraph.
    pub package: BinaryPackage<'a>,
    /// The suite whose index has it.
    pub suite: &'a Suite,
}

/// What can be chosen from.
pub struct Universe<'a> {
    indexes: Vec<SuiteIndex<'a>>,
    providers: BTreeMap<String, Vec<Provider>>,
}

/// One package's `Provides` of one name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Provider {
    pub(crate) package: String,
    pub(crate) version: Option<Version>,
}

impl<'a> Universe<'a> {
    /// Merges the indexes.
    pub fn new(indexes: Vec<SuiteIndex<'a>>) -> Self {
        let mut universe = Self { indexes, providers: BTreeMap::new() };
        universe.providers = universe.collect_providers();
        universe
    }

    fn collect_providers(&self) -> BTreeMap<String, Vec<Provider>> {
        let mut providers: BTreeMap<String, Vec<Provider>> = BTreeMap::new();
        for SuiteIndex { index, .. } in &self.indexes {
            for package in index.iter().filter(|package| !package.provides().is_empty()) {
                if !self.is_newest(&package) {
                    continue;
                }
                for provided in debian::parse_provides(package.provides()).unwrap_or_default() {
                    let provider = Provider { package: package.name().to_owned(), version: provided.version };
                    let known = providers.entry(provided.name).or_default();
                    if !known.contains(&provider) {
                        known.push(provider);
                    }
                }
            }
        }
        for list in providers.values_mut() {
            list.sort();
        }
        providers
    }

    fn is_newest(&self, package: &BinaryPackage<'_>) -> bool {
        self.candidate(package.name()).is_some_and(|newest| newest.package.version_text() == package.version_text())
    }

    /// The newest package of this name.
    pub fn candidate(&self, name: &str) -> Option<Candidate<'a>> {
        let all = self
            .indexes
            .iter()
            .flat_map(|&SuiteIndex { suite, index }| index.find(name).map(move |package| Candidate { package, suite }));
        all.max_by_key(|candidate| candidate.package.version())
    }

    /// Packages that satisfy a relation, the one of that very name first, then providers by name.
    pub(crate) fn satisfiers(&self, relation: &Relation) -> Vec<Candidate<'a>> {
        let real = self.candidate(&relation.name).filter(|candidate| satisfied_by(relation, candidate));
        let providers = self.providers.get(&relation.name).map(Vec::as_slice).unwrap_or_default();
        let virtual_ones = providers
            .iter()
            .filter(|provider| provider.package != relation.name)
            .filter(|provider| provides(relation, provider.version.as_ref()))
            .filter_map(|provider| self.candidate(&provider.package));
        real.into_iter().chain(virtual_ones).collect()
    }

    /// What the archive has under this name, for the explanation of a failure.
    pub(crate) fn describe(&self, name: &str) -> String {
        let suites = || self.indexes.iter().map(|index| index.suite.to_string()).collect::<Vec<_>>().join(", ");
        match self.candidate(name) {
            Some(found) => format!("{} has {}", found.suite, found.package.version_text()),
            None if self.providers.contains_key(name) => format!("{name} is virtual and no provider fits"),
            None => format!("no package of that name in {}", suites()),
        }
    }
}

fn satisfied_by(relation: &Relation, candidate: &Candidate<'_>) -> bool {
    relation.is_satisfied_by_version(&candidate.package.version())
}

/// Policy 7.5: a versioned relation is satisfied only by a versioned `Provides`.
pub(crate) fn provides(relation: &Relation, provided: Option<&Version>) -> bool {
    match (&relation.version, provided) {
        (None, _) => true,
        (Some((Operator::Exactly, wanted)), Some(version)) => wanted == version,
        (Some(_), Some(version)) => relation.is_satisfied_by_version(version),
        (Some(_), None) => false,
    }
}
