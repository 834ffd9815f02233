//! Which of a package's paths enter the image: slices, drops, and what effects want to read.
//!
//! In: globs of the catalogue and of a definition. Out: [`LayerRules`], compiled once a layer, and from
//! them [`PackageRules`], whose digest is part of a segment's identity.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use blob::Digest;
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use crate::definition::{Definition, DropRule};
use crate::effect::Effect;
use crate::path::RootPath;

/// Paths whose content is always remembered beside a segment, because an effect of a later layer may need it.
const ALWAYS_CAPTURED: [&str; 2] = ["/usr/share/ca-certificates/**/*.crt", "/usr/lib/os-release"];

/// What a slice has beside the paths that it names: without them a package has no proof of its licence.
const ALWAYS_IN_A_SLICE: [&str; 2] = ["/usr/share/doc/*", "/usr/share/doc/*/copyright"];

/// A glob that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{glob}` is no glob: {reason}")]
pub struct GlobError {
    /// The text.
    pub glob: String,
    /// What is wrong with it.
    pub reason: String,
}

/// What is to be done with a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fate {
    /// It enters the layer.
    pub kept: bool,
    /// Its content is remembered for effects.
    pub captured: bool,
}

/// Compiled rules that hold for all packages of one layer.
#[derive(Debug)]
pub struct LayerRules {
    /// Globs to drop, and globs that win over them; the first pair is of all rules without exceptions.
    drops: Vec<(GlobSet, GlobSet)>,
    slices: BTreeMap<String, Vec<String>>,
    taken: BTreeSet<RootPath>,
    captures: GlobSet,
    digest: Digest,
}

impl LayerRules {
    /// The rules of an expanded definition and the catalogue's list.
    pub fn new(definition: &Definition, catalogue: &[DropRule]) -> Result<Self, GlobError> {
        let drops: Vec<&DropRule> = catalogue.iter().chain(&definition.drops).collect();
        let (taken, captures) = (taken(definition), captures(definition));
        Ok(Self {
            digest: digest(&drops, &taken, &captures),
            drops: compile(&drops)?,
            slices: definition.slices.clone(),
            captures: glob_set(captures.iter().map(String::as_str))?,
            taken,
        })
    }
}

/// Compiled rules for one package of one layer.
#[derive(Debug, Clone)]
pub struct PackageRules {
    layer: Arc<LayerRules>,
    slice: Option<GlobSet>,
    digest: Digest,
}

impl PackageRules {
    /// The rules for `package` in a layer.
    pub fn new(package: &str, layer: &Arc<LayerRules>) -> Result<Self, GlobError> {
        let slice = layer.slices.get(package);
        let compiled = slice.map(|paths| glob_set(paths.iter().map(String::as_str).chain(ALWAYS_IN_A_SLICE)));
        let digest = Digest::of(serde_json::to_vec(&(&layer.digest, slice)).unwrap_or_default());
        Ok(Self { layer: Arc::clone(layer), slice: compiled.transpose()?, digest })
    }

    /// Names the rules: two packages under equal rules give equal segments.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// What becomes of a file or link at this path.
    pub fn fate(&self, path: &RootPath) -> Fate {
        Fate { kept: self.keeps(path), captured: self.layer.captures.is_match(path.as_str()) }
    }

    /// Whether a path is kept; of folders, those that are empty in the package.
    pub fn keeps(&self, path: &RootPath) -> bool {
        let text = path.as_str();
        let in_slice = self.slice.as_ref().is_none_or(|slice| slice.is_match(text));
        let is_dropped = |(paths, except): &(GlobSet, GlobSet)| paths.is_match(text) && !except.is_match(text);
        in_slice && !self.layer.taken.contains(path) && !self.layer.drops.iter().any(is_dropped)
    }
}

/// Files that effects of the layer write in place of the package's.
fn taken(definition: &Definition) -> BTreeSet<RootPath> {
    let path = |effect: &Effect| match effect {
        Effect::Remove(remove) => Some(remove.path.clone()),
        Effect::File(file) => Some(file.path.clone()),
        Effect::Link(link) => Some(link.path.clone()),
        Effect::Copy(copy) => Some(copy.to.clone()),
        Effect::OsRelease(_) => RootPath::parse("/usr/lib/os-release").ok(),
        _ => None,
    };
    definition.effects.iter().filter_map(path).collect()
}

/// Globs of what the effects of the layer read.
fn captures(definition: &Definition) -> BTreeSet<String> {
    let mut globs: BTreeSet<String> = ALWAYS_CAPTURED.iter().map(ToString::to_string).collect();
    for effect in &definition.effects {
        match effect {
            Effect::Copy(copy) => drop(globs.insert(escape(copy.from.as_str()))),
            Effect::Busybox(_) => drop(globs.insert("/usr/bin/busybox".into())),
            Effect::PhpModules(php) => drop(globs.insert(format!("/usr/share/php{}-*/*/*.ini", php.version))),
            _ => {}
        }
    }
    globs
}

fn escape(path: &str) -> String {
    globset::escape(path)
}

fn compile(rules: &[&DropRule]) -> Result<Vec<(GlobSet, GlobSet)>, GlobError> {
    let (plain, with_exceptions): (Vec<&&DropRule>, Vec<&&DropRule>) =
        rules.iter().partition(|rule| rule.except.is_empty());
    let mut compiled =
        vec![(glob_set(plain.iter().flat_map(|rule| &rule.paths).map(String::as_str))?, GlobSet::empty())];
    for rule in with_exceptions {
        let set = |globs: &[String]| glob_set(globs.iter().map(String::as_str));
        compiled.push((set(&rule.paths)?, set(&rule.except)?));
    }
    Ok(compiled)
}

/// Compiles globs in which `*` stays inside a folder.
pub(crate) fn glob_set<'g>(globs: impl Iterator<Item = &'g str>) -> Result<GlobSet, GlobError> {
    let mut builder = GlobSetBuilder::new();
    for text in globs {
        let reason = |error: globset::Error| GlobError { glob: text.to_owned(), reason: error.kind().to_string() };
        builder.add(GlobBuilder::new(text).literal_separator(true).build().map_err(reason)?);
    }
    builder.build().map_err(|error| GlobError { glob: String::new(), reason: error.to_string() })
}

fn digest(drops: &[&DropRule], taken: &BTreeSet<RootPath>, captures: &BTreeSet<String>) -> Digest {
    let globs: Vec<_> = drops.iter().map(|rule| (&rule.paths, &rule.except)).collect();
    Digest::of(serde_json::to_vec(&(globs, taken, captures)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(package: &str, more: &str) -> PackageRules {
        let text = format!("name: x\nsummary: s\nrelease: r\ntags: [t]\nend-of-life: 2030-01-01\n{more}");
        let definition: Definition = crate::yaml::read("x.yaml", &text).unwrap();
        let doc = DropRule {
            reason: "documentation".into(),
            paths: vec!["/usr/share/doc/**".into()],
            except: vec!["/usr/share/doc/*/copyright".into(), "/usr/share/doc/*".into()],
        };
        PackageRules::new(package, &Arc::new(LayerRules::new(&definition, &[doc]).unwrap())).unwrap()
    }

    fn kept(rules: &PackageRules, path: &str) -> bool {
        rules.fate(&RootPath::parse(path).unwrap()).kept
    }

    #[test]
    fn drops_documentation_but_not_the_copyright() {
        let rules = rules("x", "");
        assert!(kept(&rules, "/usr/share/doc/x/copyright") && kept(&rules, "/usr/share/doc/x"));
        assert!(!kept(&rules, "/usr/share/doc/x/README") && kept(&rules, "/usr/bin/x"));
    }

    #[test]
    fn a_slice_has_only_what_it_names() {
        let rules = rules("openssl", "slices: { openssl: [\"/etc/ssl/openssl.cnf\"] }");
        assert!(kept(&rules, "/etc/ssl/openssl.cnf") && kept(&rules, "/usr/share/doc/openssl/copyright"));
        assert!(!kept(&rules, "/usr/bin/openssl"));
    }

    #[test]
    fn an_effect_takes_the_place_of_a_packages_file() {
        let rules = rules("base-files", "effects: [{ os-release: { VARIANT_ID: x } }]");
        let fate = rules.fate(&RootPath::parse("/usr/lib/os-release").unwrap());
        assert_eq!(fate, Fate { kept: false, captured: true });
    }

    #[test]
    fn rules_that_differ_have_other_digests() {
        let one = rules("x", "drops: [{ reason: r, paths: [\"/a\"] }]");
        assert_ne!(one.digest(), rules("x", "drops: [{ reason: r, paths: [\"/b\"] }]").digest());
        assert_eq!(one.digest(), rules("x", "drops: [{ reason: other words, paths: [\"/a\"] }]").digest());
    }
}
