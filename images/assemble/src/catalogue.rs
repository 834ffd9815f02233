//! The catalogue: all definitions, and the lists that hold for every one of them.
//!
//! In: the catalogue's files as (path, text). Out: a checked [`Catalogue`], or the first thing that is wrong with
//! its place. Which file holds what: `definitions/*.yaml`, `variants/*.yaml`, `cuts.yaml`, `drops.yaml`,
//! `reviewed.yaml`, `releases.yaml`.

use std::collections::{BTreeMap, BTreeSet};

use debian::Architecture;

use crate::definition::{Definition, DropRule};
use crate::expand::ExpandError;
use crate::release::Releases;
use crate::review::Reviewed;
use crate::yaml::{self, YamlError, nearest};

/// Everything that we wrote.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    /// Definitions by name, variants (`python-debug`) included.
    pub definitions: BTreeMap<String, Definition>,
    /// Templates of variants by name, such as `debug`.
    pub variants: BTreeMap<String, Definition>,
    /// Dependencies that are not followed: glob of the name → reason.
    pub cuts: BTreeMap<String, String>,
    /// Paths that no image has.
    pub drops: Vec<DropRule>,
    /// Maintainer scripts that a person has read.
    pub reviewed: Reviewed,
    /// Debian's releases: suites, keys, dates.
    pub releases: Releases,
    /// Labels and annotations that the operator's settings add to every image.
    pub labels: BTreeMap<String, String>,
}

/// Why the catalogue is unusable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CatalogueError {
    /// A file that is no valid YAML of its kind.
    #[error(transparent)]
    Yaml(#[from] YamlError),
    /// A variable without a value.
    #[error(transparent)]
    Expand(#[from] ExpandError),
    /// The name inside differs from the file's.
    #[error("definitions/{file}.yaml names itself `{name}`: expected `{file}`")]
    WrongName {
        /// Name of the file.
        file: String,
        /// Name inside.
        name: String,
    },
    /// A parent that does not exist.
    #[error("definition `{definition}` has the parent `{parent}`, which does not exist{hint}")]
    UnknownParent {
        /// The child.
        definition: String,
        /// The parent it names.
        parent: String,
        /// The nearest known name, as a question.
        hint: String,
    },
    /// Parents that lead back to the child.
    #[error("definition `{0}` is its own ancestor: {1}")]
    ParentCycle(String, String),
    /// A variant for which there is no template.
    #[error("definition `{definition}` wants the variant `{variant}`: expected a file variants/{variant}.yaml")]
    UnknownVariant {
        /// The definition.
        definition: String,
        /// The variant it names.
        variant: String,
    },
    /// A release that `releases.yaml` does not have.
    #[error("definition `{definition}` is for release `{release}`, which releases.yaml does not have{hint}")]
    UnknownRelease {
        /// The definition.
        definition: String,
        /// The release it names.
        release: String,
        /// The nearest known name, as a question.
        hint: String,
    },
    /// An image that does not exist.
    #[error("there is no image `{name}`{hint}")]
    UnknownImage {
        /// The name asked for.
        name: String,
        /// The nearest known name, as a question.
        hint: String,
    },
}

impl Catalogue {
    /// Reads and checks all files of a catalogue.
    pub fn read<'f>(files: impl IntoIterator<Item = (&'f str, &'f str)>) -> Result<Self, CatalogueError> {
        let mut catalogue = Self::default();
        for (path, text) in files {
            catalogue.read_file(path, text)?;
        }
        catalogue.add_variants()?;
        catalogue.check()?;
        Ok(catalogue)
    }

    fn read_file(&mut self, path: &str, text: &str) -> Result<(), CatalogueError> {
        if let Some(name) = yaml_name(path, "definitions/") {
            let definition = named(name, yaml::read(path, text)?)?;
            self.definitions.insert(name.to_owned(), definition);
        } else if let Some(name) = yaml_name(path, "variants/") {
            self.variants.insert(name.to_owned(), named(name, yaml::read(path, text)?)?);
        } else {
            match path {
                "cuts.yaml" => self.cuts = yaml::read(path, text)?,
                "drops.yaml" => self.drops = yaml::read(path, text)?,
                "reviewed.yaml" => self.reviewed = yaml::read(path, text)?,
                "releases.yaml" => self.releases = yaml::read(path, text)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn add_variants(&mut self) -> Result<(), CatalogueError> {
        for definition in self.definitions.clone().into_values() {
            for variant in &definition.variants {
                let template = self.variants.get(variant).ok_or_else(|| CatalogueError::UnknownVariant {
                    definition: definition.name.clone(),
                    variant: variant.clone(),
                })?;
                let made = definition.variant(template);
                self.definitions.insert(made.name.clone(), made);
            }
        }
        Ok(())
    }

    fn check(&self) -> Result<(), CatalogueError> {
        for (name, definition) in &self.definitions {
            self.chain(name)?;
            if !self.releases.contains_key(&definition.release) {
                return Err(CatalogueError::UnknownRelease {
                    definition: name.clone(),
                    release: definition.release.clone(),
                    hint: hint(&definition.release, self.releases.keys()),
                });
            }
        }
        Ok(())
    }

    /// The definition of this name.
    pub fn get(&self, name: &str) -> Result<&Definition, CatalogueError> {
        self.definitions.get(name).ok_or_else(|| CatalogueError::UnknownImage {
            name: name.to_owned(),
            hint: hint(name, self.definitions.keys()),
        })
    }

    /// A definition and its parents, the lowest first.
    pub fn chain(&self, name: &str) -> Result<Vec<&Definition>, CatalogueError> {
        let mut chain = vec![self.get(name)?];
        let mut seen = BTreeSet::from([name]);
        while let Some(parent) = chain[chain.len() - 1].parent.as_deref() {
            let child = chain[chain.len() - 1];
            let definition = self.definitions.get(parent).ok_or_else(|| CatalogueError::UnknownParent {
                definition: child.name.clone(),
                parent: parent.to_owned(),
                hint: hint(parent, self.definitions.keys()),
            })?;
            chain.push(definition);
            if !seen.insert(parent) {
                let path: Vec<&str> = chain.iter().map(|definition| definition.name.as_str()).collect();
                return Err(CatalogueError::ParentCycle(name.to_owned(), path.join(" → ")));
            }
        }
        chain.reverse();
        Ok(chain)
    }

    /// The chain with its variables filled in: the release is the last definition's, for all of them.
    pub fn expanded_chain(&self, name: &str, architecture: Architecture) -> Result<Vec<Definition>, CatalogueError> {
        let release = &self.get(name)?.release;
        let supported = self.releases.get(release).map(|it| it.end_of_life);
        let expand = |definition: &Definition| {
            let mut expanded = definition.expand(release, architecture)?;
            // Nobody mends a runtime longer than the release that it is a part of.
            expanded.end_of_life = supported.map_or(expanded.end_of_life, |end| end.min(expanded.end_of_life));
            Ok(expanded)
        };
        self.chain(name)?.into_iter().map(expand).collect()
    }
}

fn yaml_name<'p>(path: &'p str, folder: &str) -> Option<&'p str> {
    path.strip_prefix(folder)?.strip_suffix(".yaml")
}

fn named(file: &str, definition: Definition) -> Result<Definition, CatalogueError> {
    if definition.name == file {
        Ok(definition)
    } else {
        Err(CatalogueError::WrongName { file: file.to_owned(), name: definition.name })
    }
}

fn hint<'k>(found: &str, known: impl Iterator<Item = &'k String>) -> String {
    let known: Vec<&str> = known.map(String::as_str).collect();
    match nearest(found, known.iter().copied()) {
        Some(name) => format!(": did you mean `{name}`?"),
        None => format!(": expected one of {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definition(name: &str, parent: &str) -> String {
        let parent = if parent.is_empty() { String::new() } else { format!("parent: {parent}\n") };
        format!("name: {name}\nsummary: s\nrelease: trixie\ntags: [\"1\", latest]\nend-of-life: 2030-01-01\n{parent}")
    }

    fn read(definitions: &[(&str, &str)]) -> Result<Catalogue, CatalogueError> {
        let mut files: Vec<(String, String)> = definitions
            .iter()
            .map(|(name, parent)| (format!("definitions/{name}.yaml"), definition(name, parent)))
            .collect();
        files.push(("variants/debug.yaml".into(), definition("debug", "")));
        files.push(("releases.yaml".into(), crate::release::tests::RELEASES.into()));
        Catalogue::read(files.iter().map(|(path, text)| (path.as_str(), text.as_str())))
    }

    #[test]
    fn strings_definitions_into_chains() {
        let catalogue = read(&[("static", ""), ("base", "static"), ("python", "base")]).unwrap();
        let names: Vec<&str> = catalogue.chain("python").unwrap().iter().map(|d| d.name.as_str()).collect();
        assert_eq!(names, ["static", "base", "python"]);
    }

    #[test]
    fn refuses_cycles_unknown_parents_and_wrong_names() {
        let cycle = read(&[("a", "b"), ("b", "a")]).unwrap_err().to_string();
        assert_eq!(cycle, "definition `a` is its own ancestor: a → b → a");
        let unknown = read(&[("static", ""), ("base", "statik")]).unwrap_err().to_string();
        assert!(unknown.ends_with("did you mean `static`?"), "{unknown}");
        let text = definition("other", "");
        let wrong = Catalogue::read([("definitions/static.yaml", text.as_str())]).unwrap_err().to_string();
        assert_eq!(wrong, "definitions/static.yaml names itself `other`: expected `static`");
    }

    #[test]
    fn makes_variants_images_of_their_own() {
        let text = definition("python", "") + "variants: [debug]\n";
        let files = [
            ("definitions/python.yaml", text.as_str()),
            ("variants/debug.yaml", &definition("debug", "")),
            ("releases.yaml", crate::release::tests::RELEASES),
        ];
        let catalogue = Catalogue::read(files).unwrap();
        let debug = catalogue.get("python-debug").unwrap();
        assert_eq!((debug.repository(), debug.tags.as_slice()), ("python", &["1-debug".into(), "debug".into()][..]));
        assert_eq!(debug.parent.as_deref(), Some("python"));
    }
}
