//! The check behind the resolver: is what was chosen a model of what the packages say?
//!
//! In: all chosen packages. Out: nothing, or the relation that does not hold. The resolver is greedy; this looks at
//! the outcome with fresh eyes: every dependency is met or cut, and nothing chosen excludes anything else chosen.

use std::collections::{BTreeMap, BTreeSet};

use crate::definition::Definition;
use crate::resolve::{Chosen, Follow, ResolveError, is_met, needs};

/// Checks dependencies and exclusions of everything chosen; `cut` holds the dependencies that were not followed.
pub(crate) fn check(
    chain: &[Definition],
    cut: &BTreeSet<String>,
    chosen: &BTreeMap<String, Chosen<'_>>,
) -> Result<(), ResolveError> {
    for (name, one) in chosen {
        let definition = &chain[one.layer].name;
        if one.follow == Follow::Dependencies {
            check_needs(name, definition, one, cut, chosen)?;
        }
        check_exclusions(name, definition, one, chosen)?;
    }
    Ok(())
}

fn check_needs(
    name: &str,
    definition: &str,
    one: &Chosen<'_>,
    cut: &BTreeSet<String>,
    chosen: &BTreeMap<String, Chosen<'_>>,
) -> Result<(), ResolveError> {
    let package = &one.candidate.package;
    for group in needs(name, &[package.pre_depends(), package.depends()])? {
        let met = group.0.is_empty() || group.0.iter().any(|relation| is_met(relation, chosen));
        if !met && !cut.contains(&group.to_string()) {
            return Err(ResolveError::Unsatisfiable {
                definition: definition.to_owned(),
                relation: group.to_string(),
                found: "nothing chosen satisfies it".into(),
                via: format!("{} → {name}", one.via),
            });
        }
    }
    Ok(())
}

fn check_exclusions(
    name: &str,
    definition: &str,
    one: &Chosen<'_>,
    chosen: &BTreeMap<String, Chosen<'_>>,
) -> Result<(), ResolveError> {
    let package = &one.candidate.package;
    for (field, text) in [("Conflicts", package.conflicts()), ("Breaks", package.breaks())] {
        for relation in needs(name, &[text])?.into_iter().flat_map(|group| group.0) {
            let other = chosen.get(&relation.name).filter(|other| relation.is_satisfied_by_version(&other.version));
            if other.is_some() && relation.name != name {
                return Err(ResolveError::Conflict {
                    definition: definition.to_owned(),
                    package: name.to_owned(),
                    other: relation.name.clone(),
                    field,
                    relation: relation.to_string(),
                });
            }
        }
    }
    Ok(())
}
