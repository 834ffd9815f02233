//! Looks for everything that can be wrong with a catalogue before the archive is asked: all of it, not only the first.
//!
//! In: a [`Catalogue`] that was read, and the names of its files. Out: what was looked at, and the problems with their place.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use assemble::{Catalogue, Definition, LayerRules, PackageRules, fixed_tag, moving_tags};
use jiff::Timestamp;
use oci::{Platform, Repository};
use serde::Serialize;
use worker::architecture_of;

/// A version to try tag templates with.
const SOME_VERSION: &str = "1.2.3";
/// What the harness of the smoke tests can offer.
const OFFERS: [&str; 3] = ["tls-server", "binaries", "files"];
/// Where the harness puts the catalogue's `smoke/`.
const SMOKE_FILES: &str = "/smoke/files/";

/// What was looked at, and what is wrong.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    /// `bedplate.catalog-check/v1`.
    pub(crate) schema: &'static str,
    /// How many of each kind were looked at.
    pub(crate) checked: BTreeMap<&'static str, usize>,
    /// What is wrong.
    pub(crate) problems: Vec<Problem>,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Problem {
    /// The file or definition.
    pub(crate) place: String,
    /// What is wrong, and what was expected.
    pub(crate) problem: String,
}

/// Looks at everything. `files` are the paths below the catalogue's folder.
pub(crate) fn check(catalogue: &Catalogue, files: &BTreeSet<String>) -> Report {
    let mut check = Check { catalogue, files, checked: BTreeMap::new(), problems: BTreeSet::new() };
    check.lists();
    for definition in catalogue.definitions.values() {
        check.definition(definition);
    }
    check.tags();
    let problems = check.problems.into_iter().collect();
    Report { schema: "bedplate.catalog-check/v1", checked: check.checked, problems }
}

struct Check<'c> {
    catalogue: &'c Catalogue,
    files: &'c BTreeSet<String>,
    checked: BTreeMap<&'static str, usize>,
    problems: BTreeSet<Problem>,
}

impl Check<'_> {
    fn count(&mut self, what: &'static str, how_many: usize) {
        *self.checked.entry(what).or_default() += how_many;
    }

    fn complain(&mut self, place: &str, problem: impl Into<String>) {
        self.problems.insert(Problem { place: place.to_owned(), problem: problem.into() });
    }

    fn need_reason(&mut self, place: &str, what: &str, reason: &str) {
        self.count("reasons", 1);
        if reason.trim().is_empty() {
            self.complain(place, format!("{what} has no reason: say why"));
        }
    }

    /// The files that hold for all definitions.
    fn lists(&mut self) {
        let catalogue = self.catalogue;
        for (name, reason) in &catalogue.cuts {
            self.need_reason("cuts.yaml", &format!("`{name}`"), reason);
        }
        for rule in &catalogue.drops {
            self.need_reason("drops.yaml", &format!("the rule for {}", rule.paths.join(" ")), &rule.reason);
        }
        for (name, note) in &catalogue.reviewed.triggers {
            self.need_reason("reviewed.yaml", &format!("the trigger `{name}`"), note);
        }
        for (package, reviews) in &catalogue.reviewed.packages {
            for review in reviews {
                let what = format!("`{package}` with {}", review.digest);
                self.need_reason("reviewed.yaml", &what, &review.note);
            }
        }
        for (name, release) in &catalogue.releases {
            self.count("suites", release.suites.len());
            for suite in release.suites.iter().filter(|suite| suite.keys.is_empty()) {
                self.complain(
                    "releases.yaml",
                    format!("suite `{}` of `{name}` has no key that may sign it", suite.name),
                );
            }
        }
    }

    fn definition(&mut self, definition: &Definition) {
        let place = definition.name.as_str();
        self.count("definitions", 1);
        if let Err(error) = definition.repository().parse::<Repository>() {
            self.complain(place, error.to_string());
        }
        if definition.platforms.is_empty() {
            self.complain(place, "it has no platform: name one under `platforms`, or leave the key out for both");
        }
        for platform in &definition.platforms {
            self.chain(place, platform);
        }
        for (name, reason) in &definition.cuts {
            self.need_reason(place, &format!("the cut `{name}`"), reason);
        }
        for rule in &definition.drops {
            self.need_reason(place, &format!("the drop of {}", rule.paths.join(" ")), &rule.reason);
        }
        for allowance in &definition.unresolved {
            self.need_reason(place, &format!("the allowance for {}", allowance.file), &allowance.reason);
        }
        self.smoke(definition);
    }

    /// Fills in the variables of a definition and all its parents, and compiles its globs.
    fn chain(&mut self, place: &str, platform: &Platform) {
        self.count("chains", 1);
        let catalogue = self.catalogue;
        let chain = architecture_of(place, platform)
            .map_err(|error| error.to_string())
            .and_then(|it| catalogue.expanded_chain(place, it).map_err(|error| error.to_string()));
        let last = match chain {
            Ok(chain) => chain.into_iter().next_back(),
            Err(problem) => return self.complain(place, problem),
        };
        let Some(last) = last else { return };
        match LayerRules::new(&last, &catalogue.drops).map(Arc::new) {
            Err(error) => self.complain(place, error.to_string()),
            Ok(rules) => {
                let wrong = last.slices.keys().filter_map(|package| PackageRules::new(package, &rules).err());
                wrong.for_each(|error| self.complain(place, error.to_string()));
            }
        }
        for repeated in last.packages.iter().filter(|name| last.slices.contains_key(*name)) {
            self.complain(place, format!("`{repeated}` is under `packages` and under `slices`: expected one of them"));
        }
    }

    fn smoke(&mut self, definition: &Definition) {
        let place = definition.name.as_str();
        self.count("smoke tests", definition.smoke.len());
        if definition.smoke.is_empty() {
            self.complain(place, "it has no smoke test: add one under `smoke`");
        }
        for test in &definition.smoke {
            let words = test.entrypoint.iter().flatten().chain(&test.command);
            let named = words.filter_map(|word| word.strip_prefix(SMOKE_FILES));
            let missing: Vec<&str> = named.filter(|name| !self.files.contains(&format!("smoke/{name}"))).collect();
            for name in missing {
                self.complain(
                    place,
                    format!("its smoke test `{}` wants smoke/{name}, which does not exist", test.name),
                );
            }
            for need in test.needs.iter().filter(|need| !OFFERS.contains(&need.as_str())) {
                let problem = format!("its smoke test `{}` needs `{need}`: expected {}", test.name, OFFERS.join(", "));
                self.complain(place, problem);
            }
        }
    }

    /// Two images must never move the same tag.
    fn tags(&mut self) {
        let mut owners: BTreeMap<String, &str> = BTreeMap::new();
        let catalogue = self.catalogue;
        for (name, definition) in &catalogue.definitions {
            self.count("tag templates", definition.tags.len());
            let fixed = fixed_tag(definition, SOME_VERSION, Timestamp::UNIX_EPOCH);
            let tags = moving_tags(definition, SOME_VERSION).and_then(|tags| Ok((tags, fixed?)));
            match tags {
                Err(error) => self.complain(name, error.to_string()),
                Ok((tags, fixed)) => {
                    for tag in tags.into_iter().chain([fixed]) {
                        let reference = format!("{}:{tag}", definition.repository());
                        if let Some(owner) = owners.insert(reference.clone(), name) {
                            self.complain(name, format!("it has the tag `{reference}`, which `{owner}` has too"));
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RELEASES: (&str, &str) = (
        "releases.yaml",
        "trixie: { version: '13', components: [main], end-of-life: 2028-08-09, suites: [{ name: trixie, kind: main, keys: [] }] }",
    );

    fn problems(files: &[(&str, &str)]) -> Vec<String> {
        let all: Vec<(&str, &str)> = files.iter().copied().chain([RELEASES]).collect();
        let names = files.iter().map(|(path, _)| (*path).to_owned()).collect();
        let checked = check(&Catalogue::read(all).unwrap(), &names);
        checked.problems.into_iter().map(|it| format!("{}: {}", it.place, it.problem)).collect()
    }

    #[test]
    fn finds_nothing_wrong_with_the_catalogue_built_in() {
        let files = catalog::files();
        let names = files.iter().map(|(path, _)| (*path).to_owned()).collect();
        let checked = check(&Catalogue::read(files).unwrap(), &names);
        assert_eq!(checked.problems, []);
        assert!(checked.checked["definitions"] > 5 && checked.checked["chains"] >= 2 * checked.checked["definitions"]);
    }

    #[test]
    fn names_every_problem_and_not_only_the_first() {
        let text = "name: x\nsummary: s\nrelease: trixie\nrepository: Bad\ntags: ['${mayor}']\nend-of-life: 2030-01-01\n\
            cuts: { a: ' ' }\nslices: { b: ['/usr/[x'] }\nplatforms: [windows/amd64, linux/amd64]\n\
            smoke: [{ name: t, command: [/smoke/files/gone.py], needs: [magic] }]\n";
        let found = problems(&[("definitions/x.yaml", text), ("drops.yaml", "- { reason: '', paths: [/a] }")]);
        for expected in [
            "drops.yaml: the rule for /a has no reason",
            "releases.yaml: suite `trixie` of `trixie` has no key",
            "x: `Bad` is no repository",
            "x: the cut `a` has no reason",
            "x: `/usr/[x` is no glob",
            "x: definition `x` is for `windows/amd64`",
            "`${mayor}` is none of",
            "wants smoke/gone.py, which does not exist",
            "needs `magic`: expected tls-server",
        ] {
            assert!(found.iter().any(|line| line.contains(expected)), "{expected} is missing: {found:#?}");
        }
    }

    #[test]
    fn two_images_may_not_move_one_tag() {
        let text = |name: &str| {
            format!(
                "name: {name}\nrepository: x\nsummary: s\nrelease: trixie\ntags: [latest]\nend-of-life: 2030-01-01\n"
            )
        };
        let found = problems(&[("definitions/a.yaml", &text("a")), ("definitions/b.yaml", &text("b"))]);
        assert!(found.contains(&"b: it has the tag `x:latest`, which `a` has too".to_owned()), "{found:#?}");
    }
}
