//! The rules of the house as tests: they read the tree, and fail with the name of the rule and of the place.
//!
//! In: the workspace's files. Out: complaints, none for a tidy house. Each rule is a function from files to complaints,
//! and is tried on a bad tree beside it, so that it is known to bite.

mod arrows;
mod gate;
mod house;
mod manifests;
mod places;
mod sources;

use house::House;

/// Fails with all complaints, one a line.
fn assert_tidy(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

#[test]
fn rooms_use_only_what_the_design_allows() {
    assert_tidy(&arrows::complaints(&House::of_workspace()));
}

#[test]
fn pure_rooms_stay_pure_and_every_manifest_says_what_it_must() {
    assert_tidy(&manifests::complaints(&House::of_workspace()));
}

#[test]
fn sources_are_short_introduced_and_finished() {
    assert_tidy(&sources::complaints(&House::of_workspace()));
}

#[test]
fn nothing_names_a_package_registry_or_a_path_of_one_machine() {
    assert_tidy(&places::complaints(&House::of_workspace(), &places::registry_hosts()));
}

#[test]
fn no_test_is_left_out_of_the_gate_and_there_is_one_tls() {
    assert_tidy(&gate::complaints(&House::of_workspace()));
}
