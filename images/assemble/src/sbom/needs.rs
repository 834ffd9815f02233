//! Which packages of an image need which others of it.
//!
//! In: packages and their relation fields. Out: for each package the places of those that it depends on. What the
//! image leaves out on purpose is no relationship, and a field that cannot be read is none.

use std::collections::{BTreeMap, BTreeSet};

use debian::{Alternatives, Relation, Relations, parse_provides};

use crate::about::About;

/// A package by name, and what it says about itself.
pub(crate) type Named<'a> = (&'a str, Option<&'a About>);

/// For each package the places of the packages that it depends on, in ascending order.
pub(crate) fn needs(packages: &[Named<'_>]) -> Vec<Vec<usize>> {
    let names: BTreeMap<&str, usize> = packages.iter().enumerate().map(|(at, (name, _))| (*name, at)).collect();
    let provided = provided(packages);
    let find = |relation: &Relation| {
        let other = || provided.get(&relation.name).and_then(|all| all.first());
        names.get(relation.name.as_str()).or_else(other).copied()
    };
    let one = |(at, (_, about)): (usize, &Named<'_>)| {
        let relations = about.and_then(|about| Relations::parse(&about.depends).ok()).unwrap_or_default();
        let met = |Alternatives(any): &Alternatives| any.iter().find_map(find).filter(|other| *other != at);
        let all: BTreeSet<usize> = relations.iter().filter_map(met).collect();
        all.into_iter().collect()
    };
    packages.iter().enumerate().map(one).collect()
}

/// The packages that provide a name that no package has.
fn provided(packages: &[Named<'_>]) -> BTreeMap<String, Vec<usize>> {
    let mut provided: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, (_, about)) in packages.iter().enumerate() {
        let field = about.map_or("", |about| &about.provides);
        for one in parse_provides(field).unwrap_or_default() {
            provided.entry(one.name).or_default().push(at);
        }
    }
    provided
}

#[cfg(test)]
mod tests {
    use super::*;

    fn about(depends: &str, provides: &str) -> About {
        About { depends: depends.into(), provides: provides.into(), ..About::default() }
    }

    #[test]
    fn follows_alternatives_and_provided_names() {
        let a = about("x | c (>= 1), virtual, gone, a", "");
        let (b, c) = (about("", "virtual (= 2)"), about("not ( readable", ""));
        let packages = [("a", Some(&a)), ("b", Some(&b)), ("c", Some(&c)), ("d", None)];
        assert_eq!(needs(&packages), [vec![1, 2], vec![], vec![], vec![]]);
    }
}
