//! The part of the catalogue that one image draws on, as texts from which the image can be built again.
//!
//! In: a catalogue, and the lock of an image. Out: (path, text) pairs that [`Catalogue::read`] takes: every text is JSON, which is YAML
//! too, without the comments of the files that people wrote. The digest of a definition's text is [`Definition::digest`]. Labels of the
//! settings are not among them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::catalogue::{Catalogue, CatalogueError};
use crate::definition::Definition;
use crate::lock::ImageLock;
use crate::release::Release;
use crate::review::{Review, Reviewed};

impl Catalogue {
    /// The texts that `lock` was made from: its chain of definitions (the image's own first), their variants, and what applies of the lists.
    pub fn texts_for(&self, lock: &ImageLock) -> Result<Vec<(String, String)>, CatalogueError> {
        let mut chain = self.chain(&lock.name)?;
        chain.reverse();
        let mut texts: Vec<_> = chain.iter().map(|it| text(&format!("definitions/{}.yaml", it.name), it)).collect();
        texts.extend(self.variants_of(&chain).map(|it| text(&format!("variants/{}.yaml", it.name), it)));
        texts.push(text("cuts.yaml", &self.cuts));
        texts.push(text("drops.yaml", &self.drops));
        texts.push(text("reviewed.yaml", &self.reviews_of(lock)));
        texts.push(text("releases.yaml", &self.releases_of(&chain)));
        Ok(texts)
    }

    fn variants_of(&self, chain: &[&Definition]) -> impl Iterator<Item = &Definition> {
        let names: BTreeSet<&String> = chain.iter().flat_map(|definition| &definition.variants).collect();
        names.into_iter().filter_map(|name| self.variants.get(name))
    }

    fn reviews_of(&self, lock: &ImageLock) -> Reviewed {
        let packages: BTreeMap<String, Vec<Review>> = lock
            .packages()
            .filter_map(|package| self.reviewed.packages.get_key_value(&package.name))
            .map(|(name, reviews)| (name.clone(), reviews.clone()))
            .collect();
        Reviewed { packages, triggers: self.reviewed.triggers.clone() }
    }

    fn releases_of(&self, chain: &[&Definition]) -> BTreeMap<&String, &Release> {
        chain.iter().filter_map(|definition| self.releases.get_key_value(&definition.release)).collect()
    }
}

fn text(path: &str, value: &impl Serialize) -> (String, String) {
    (path.to_owned(), serde_json::to_string(value).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lock::LOCK_SCHEMA;

    fn definition(name: &str, more: &str) -> (String, String) {
        let text = format!(
            "name: {name}\nsummary: \"s: # ü\\n\"\nrelease: trixie\ntags: [\"1\", latest]\nend-of-life: 2030-01-01\n{more}"
        );
        (format!("definitions/{name}.yaml"), text)
    }

    fn read(files: &[(String, String)]) -> Catalogue {
        Catalogue::read(files.iter().map(|(path, text)| (path.as_str(), text.as_str()))).unwrap()
    }

    fn catalogue() -> Catalogue {
        let debug = definition("debug", "packages: [busybox-static]\n").1;
        read(&[
            definition("static", "variants: [debug]\n"),
            definition("python", "parent: static\nvariants: [debug]\neffects: [{ usr-merge: {} }]\n"),
            definition("java", "parent: static\n"),
            ("variants/debug.yaml".into(), debug),
            ("cuts.yaml".into(), "tar: maintainer scripts only\n".into()),
            ("releases.yaml".into(), crate::release::tests::RELEASES.into()),
        ])
    }

    fn lock(name: &str) -> ImageLock {
        ImageLock {
            schema: LOCK_SCHEMA.into(),
            name: name.into(),
            release: "trixie".into(),
            definition: blob::Digest::of("x"),
            snapshot: Vec::new(),
            platforms: BTreeMap::new(),
        }
    }

    #[test]
    fn reads_back_as_the_same_chain_without_what_the_image_does_not_need() {
        for name in ["static", "python", "python-debug", "java"] {
            let texts = catalogue().texts_for(&lock(name)).unwrap();
            let again = read(&texts);
            assert_eq!(again.chain(name).unwrap(), catalogue().chain(name).unwrap(), "{name}");
            assert_eq!((&again.cuts, &again.releases), (&catalogue().cuts, &catalogue().releases), "{name}");
            assert!(name == "java" || again.get("java").is_err(), "{name}");
        }
    }

    #[test]
    fn names_each_definition_by_the_digest_of_its_text() {
        let texts = catalogue().texts_for(&lock("python-debug")).unwrap();
        let paths: Vec<&str> = texts.iter().map(|(path, _)| path.as_str()).collect();
        let expected = ["definitions/python-debug.yaml", "definitions/python.yaml", "definitions/static.yaml"];
        assert_eq!(paths[..3], expected);
        let digest = catalogue().get("python-debug").unwrap().digest();
        assert_eq!(blob::Digest::of(&texts[0].1), digest);
    }
}
