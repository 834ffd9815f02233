//! Which room may use which: the arrows between the floors, and nothing else.
//!
//! The table is section "The rooms" of the design; a new row or a new name in a row needs its reason in ARCHITECTURE.md.

use crate::house::House;

/// A room, and the rooms that it may use. Within images: debian and oci know blob, assemble knows all three; catalog is data.
const ARROWS: [(&str, &[&str]); 13] = [
    ("images/blob", &[]),
    ("images/debian", &["blob"]),
    ("images/oci", &["blob"]),
    ("images/assemble", &["debian", "oci", "blob"]),
    ("images/catalog", &[]),
    ("signing", &["oci", "blob"]),
    ("pipeline/scan", &["debian", "blob"]),
    ("pipeline/plan", &["assemble", "scan", "debian", "blob"]),
    ("pipeline/store", &["plan", "scan", "debian", "blob"]),
    ("pipeline/registry", &["oci", "blob"]),
    (
        "pipeline/worker",
        &["blob", "debian", "oci", "assemble", "catalog", "signing", "plan", "registry", "scan", "store"],
    ),
    (
        "pipeline/cli",
        &["blob", "debian", "oci", "assemble", "catalog", "signing", "plan", "registry", "scan", "store", "worker"],
    ),
    (
        "tests",
        &[
            "blob", "debian", "oci", "assemble", "catalog", "signing", "plan", "registry", "scan", "store", "worker",
            "cli",
        ],
    ),
];

/// Arrows that should not be there, and rooms that the table does not know.
pub(crate) fn complaints(house: &House) -> Vec<String> {
    let names: Vec<_> = house.rooms().map(|room| room.name().to_owned()).collect();
    let mut complaints = Vec::new();
    for room in house.rooms() {
        let Some((_, allowed)) = ARROWS.iter().find(|(folder, _)| *folder == room.folder) else {
            complaints.push(format!("`{}` is in no row of the table of arrows", room.folder));
            continue;
        };
        let is_room = |name: &&str| names.iter().any(|room| room == name);
        for used in room.dependencies().into_iter().filter(is_room).filter(|used| !allowed.contains(used)) {
            complaints.push(format!("`{}` may not use `{used}`", room.folder));
        }
    }
    complaints
}

#[test]
fn an_arrow_that_points_up_or_sideways_is_named() {
    let house = House::of(&[
        ("images/blob/Cargo.toml", "[dependencies]\nsha2 = \"1\"\n"),
        (
            "images/oci/Cargo.toml",
            "[dependencies]\nblob.workspace = true\n[dev-dependencies]\ndebian.workspace = true\n",
        ),
        ("images/debian/Cargo.toml", "[dependencies]\nblob.workspace = true\n"),
        ("pipeline/plan/Cargo.toml", "[dependencies]\nregistry = { workspace = true }\n"),
        ("pipeline/registry/Cargo.toml", ""),
        ("pipeline/fridge/Cargo.toml", ""),
    ]);
    let wanted = [
        "`images/oci` may not use `debian`",
        "`pipeline/fridge` is in no row of the table of arrows",
        "`pipeline/plan` may not use `registry`",
    ];
    assert_eq!(complaints(&house), wanted);
}

#[test]
fn nothing_may_use_the_tests() {
    assert!(ARROWS.iter().all(|(_, allowed)| !allowed.contains(&"tests")));
}
