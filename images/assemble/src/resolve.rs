//! From definitions and the archive's indexes to the packages of every layer, or to the reason why not.
//!
//! In: an expanded chain of definitions, the cut list, a [`Universe`]. Out: one [`LayerLock`] a definition. The
//! choice is greedy and stable: roots in the order written, then breadth first; an alternative that is already
//! taken wins, else the first that the archive can satisfy; a package of that name before one that provides it.
//! A dependency on a cut name is not followed. The outcome is then checked as a model ([`crate::model`]).

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use debian::{Alternatives, Relation, RelationError, Relations, Version};
use globset::{Glob, GlobMatcher};

use crate::definition::Definition;
use crate::lock::{LayerLock, LockedPackage};
use crate::model;
use crate::universe::{Candidate, Universe};

/// Why a definition cannot be resolved: said as a person would.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// A root package that does not exist.
    #[error("{definition} wants the package {package}: {found}")]
    NoSuchPackage {
        /// The definition.
        definition: String,
        /// The root package.
        package: String,
        /// What the archive has.
        found: String,
    },
    /// A dependency that nothing satisfies.
    #[error("{definition} needs {relation}: {found}, via {via}")]
    Unsatisfiable {
        /// The definition.
        definition: String,
        /// The dependency as written.
        relation: String,
        /// What the archive has.
        found: String,
        /// How it came to be needed, from the root package on.
        via: String,
    },
    /// Two chosen packages that exclude each other.
    #[error("{definition} cannot have both {package} and {other}: {package} says `{field}: {relation}`")]
    Conflict {
        /// The definition.
        definition: String,
        /// The package that says so.
        package: String,
        /// The package that it excludes.
        other: String,
        /// `Conflicts` or `Breaks`.
        field: &'static str,
        /// The relation as written.
        relation: String,
    },
    /// A relation that cannot be read.
    #[error("package {package}: {source}")]
    Relation {
        /// The package whose paragraph has it.
        package: String,
        /// What is wrong.
        source: RelationError,
    },
    /// A field of the chosen package that cannot be read.
    #[error("package {package} has an unusable {field} `{value}`")]
    Field {
        /// The package.
        package: String,
        /// The field.
        field: &'static str,
        /// Its value.
        value: String,
    },
    /// A glob of the cut list that is none.
    #[error("cut `{0}` is no glob: {1}")]
    Glob(String, String),
}

/// A package that was chosen, and why.
pub(crate) struct Chosen<'a> {
    pub(crate) candidate: Candidate<'a>,
    pub(crate) version: Version,
    pub(crate) via: String,
    pub(crate) layer: usize,
    pub(crate) follow: Follow,
}

/// Whether a package's dependencies are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Follow {
    /// It was taken whole.
    Dependencies,
    /// Only some of its files are taken.
    Nothing,
}

/// Names that are not followed.
struct Cuts(Vec<GlobMatcher>);

impl Cuts {
    fn new(definition: &Definition, catalogue: &BTreeMap<String, String>) -> Result<Self, ResolveError> {
        let names = catalogue.keys().filter(|name| !definition.keep.contains(name)).chain(definition.cuts.keys());
        let compile = |name: &String| {
            Glob::new(name)
                .map(|glob| glob.compile_matcher())
                .map_err(|e| ResolveError::Glob(name.clone(), e.to_string()))
        };
        Ok(Self(names.map(compile).collect::<Result<_, _>>()?))
    }

    fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|glob| glob.is_match(name))
    }
}

/// Resolves a chain of expanded definitions, the lowest first.
pub fn resolve(
    chain: &[Definition],
    cuts: &BTreeMap<String, String>,
    universe: &Universe<'_>,
) -> Result<Vec<LayerLock>, ResolveError> {
    let mut chosen = BTreeMap::new();
    let mut cut = BTreeSet::new();
    for (depth, definition) in chain.iter().enumerate() {
        let cuts = Cuts::new(definition, cuts)?;
        Resolver { definition, depth, cuts: &cuts, universe, chosen: &mut chosen, cut: &mut cut }.resolve()?;
    }
    model::check(chain, &cut, &chosen)?;
    let layers = chain.iter().enumerate().map(|(layer, definition)| {
        let packages = chosen.values().filter(|one| one.layer == layer).map(locked).collect::<Result<_, _>>()?;
        Ok(LayerLock { definition: definition.name.clone(), packages })
    });
    layers.collect()
}

struct Resolver<'r, 'a> {
    definition: &'r Definition,
    depth: usize,
    cuts: &'r Cuts,
    universe: &'r Universe<'a>,
    chosen: &'r mut BTreeMap<String, Chosen<'a>>,
    /// Dependencies that were not followed, as written.
    cut: &'r mut BTreeSet<String>,
}

impl<'a> Resolver<'_, 'a> {
    fn resolve(&mut self) -> Result<(), ResolveError> {
        let mut queue = VecDeque::new();
        for name in self.definition.slices.keys() {
            self.take_root(name, Follow::Nothing, &mut queue)?;
        }
        for name in &self.definition.packages {
            self.take_root(name, Follow::Dependencies, &mut queue)?;
        }
        while let Some(name) = queue.pop_front() {
            self.follow(&name, &mut queue)?;
        }
        Ok(())
    }

    fn take_root(&mut self, name: &str, follow: Follow, queue: &mut VecDeque<String>) -> Result<(), ResolveError> {
        let candidate = self.universe.candidate(name).ok_or_else(|| ResolveError::NoSuchPackage {
            definition: self.definition.name.clone(),
            package: name.to_owned(),
            found: self.universe.describe(name),
        })?;
        self.take(candidate, self.definition.name.clone(), follow, queue);
        Ok(())
    }

    fn take(&mut self, candidate: Candidate<'a>, via: String, follow: Follow, queue: &mut VecDeque<String>) {
        let name = candidate.package.name().to_owned();
        if self.chosen.contains_key(&name) {
            return;
        }
        let version = candidate.package.version();
        if follow == Follow::Dependencies {
            queue.push_back(name.clone());
        }
        self.chosen.insert(name, Chosen { candidate, version, via, layer: self.depth, follow });
    }

    fn follow(&mut self, name: &str, queue: &mut VecDeque<String>) -> Result<(), ResolveError> {
        let Some(Chosen { candidate, via, .. }) = self.chosen.get(name) else { return Ok(()) };
        let via = format!("{via} → {name}");
        let package = candidate.package;
        for group in needs(package.name(), &[package.pre_depends(), package.depends()])? {
            self.satisfy(&group, &via, queue)?;
        }
        Ok(())
    }

    fn satisfy(&mut self, group: &Alternatives, via: &str, queue: &mut VecDeque<String>) -> Result<(), ResolveError> {
        if group.0.is_empty() || group.0.iter().any(|relation| is_met(relation, self.chosen)) {
            return Ok(());
        }
        for relation in &group.0 {
            let first = self.universe.satisfiers(relation).into_iter().next();
            let provider = first.map_or(relation.name.as_str(), |candidate| candidate.package.name());
            if self.cuts.contains(&relation.name) || self.cuts.contains(provider) {
                self.cut.insert(group.to_string());
                return Ok(());
            }
            let Some(candidate) = first else { continue };
            self.take(candidate, via.to_owned(), Follow::Dependencies, queue);
            return Ok(());
        }
        let found = group.0.iter().map(|relation| self.universe.describe(&relation.name)).collect::<Vec<_>>();
        Err(ResolveError::Unsatisfiable {
            definition: self.definition.name.clone(),
            relation: group.to_string(),
            found: found.join("; "),
            via: via.to_owned(),
        })
    }
}

/// The dependencies of a package: `Pre-Depends`, then `Depends`.
pub(crate) fn needs(package: &str, fields: &[&str]) -> Result<Vec<Alternatives>, ResolveError> {
    let mut groups = Vec::new();
    for text in fields {
        let relations =
            Relations::parse(text).map_err(|source| ResolveError::Relation { package: package.to_owned(), source })?;
        groups.extend(relations.0);
    }
    Ok(groups)
}

/// Whether a package that was chosen satisfies a relation, by its own name or by what it provides.
pub(crate) fn is_met(relation: &Relation, chosen: &BTreeMap<String, Chosen<'_>>) -> bool {
    let by_name = chosen.get(&relation.name).is_some_and(|one| relation.is_satisfied_by_version(&one.version));
    by_name || chosen.values().any(|one| is_provided(relation, one))
}

fn is_provided(relation: &Relation, one: &Chosen<'_>) -> bool {
    let provides = one.candidate.package.provides();
    provides.contains(&relation.name)
        && debian::parse_provides(provides)
            .unwrap_or_default()
            .iter()
            .any(|it| it.name == relation.name && crate::universe::provides(relation, it.version.as_ref()))
}

fn field(candidate: &Candidate<'_>, field: &'static str, value: &str) -> ResolveError {
    ResolveError::Field { package: candidate.package.name().to_owned(), field, value: value.to_owned() }
}

fn locked(chosen: &Chosen<'_>) -> Result<LockedPackage, ResolveError> {
    let package = &chosen.candidate.package;
    let bad = |name, value: &str| field(&chosen.candidate, name, value);
    let source_version = package.source_version_text();
    Ok(LockedPackage {
        name: package.name().to_owned(),
        version: chosen.version.clone(),
        architecture: package.architecture(),
        source: package.source_name().to_owned(),
        source_version: source_version.parse().map_err(|_| bad("Source", source_version))?,
        sha256: package.digest().map_err(|_| bad("SHA256", package.sha256()))?,
        size: package.size(),
        path: package.filename().to_owned(),
        suite: chosen.candidate.suite.clone(),
    })
}
