//! Hostile packages: each stops its image with words that name file and place, and what was published stays.

use tests::{DebCompression, FakePackage, RawEntry, mini_trixie};

use crate::factory::{factory, failures, request};

fn evil() -> FakePackage {
    FakePackage::new("netbase", "99").architecture("all").compression(DebCompression::Xz)
}

/// Publishes `static`, then offers it `package` instead of netbase: gives the message of the failure.
async fn refused(package: FakePackage) -> String {
    let (archive, folder) = (mini_trixie(&["amd64"]), tempfile::tempdir().unwrap());
    let server = archive.serve();
    let (_locked, wave) = factory(&archive, &server, folder.path());
    let images = worker::WaveRequest { platforms: vec!["linux/amd64".parse().unwrap()], ..request(&["static"]) };
    assert_eq!(wave.run(&images).await.unwrap().counts(), (1, 0, 0));
    let before = wave.publications.get("static").unwrap();
    let worse = archive.change("trixie-security", |suite| suite.date("2026-08-02T00:00:00Z").package(package));
    server.swap(worse.compose());
    let message = match wave.run(&images).await {
        Ok(summary) => failures(&summary).concat(),
        Err(failure) => failure.chain(),
    };
    let after = wave.publications.get("static").unwrap();
    assert_eq!((before.index.clone(), before.tags), (after.index, after.tags));
    let tag = "latest".parse().unwrap();
    let found = wave.store.resolve(&"static".parse().unwrap(), &tag).unwrap().unwrap();
    assert_eq!(found.digest, before.index);
    message
}

macro_rules! refuses {
    ($name:ident, $package:expr, $($words:expr),+) => {
        #[tokio::test(flavor = "multi_thread")]
        async fn $name() {
            let message = refused($package).await;
            for word in [$($words),+] {
                assert!(message.contains(word), "expected `{word}` in: {message}");
            }
        }
    };
}

refuses!(a_path_that_climbs, evil().raw_data_entry(RawEntry::file("./../etc/passwd", "x")), "netbase", "../etc/passwd");
refuses!(an_absolute_path, evil().raw_data_entry(RawEntry::file("/etc/passwd", "x")), "netbase", "/etc/passwd");
refuses!(
    a_file_below_a_link,
    evil().raw_data_entries([RawEntry::symlink("./opt/l", "/etc"), RawEntry::file("./opt/l/passwd", "x")]),
    "/opt/l/passwd",
    "below the link"
);
refuses!(a_device, evil().raw_data_entry(RawEntry::block_device("./opt/disk")), "/opt/disk", "block device");
refuses!(a_pipe, evil().raw_data_entry(RawEntry::pipe("./opt/pipe")), "/opt/pipe", "named pipe");
refuses!(a_setuid_file, evil().raw_data_entry(RawEntry::file("./opt/su", "x").mode(0o4755)), "/opt/su", "4755");
refuses!(
    a_path_twice,
    evil().raw_data_entries([RawEntry::file("./opt/x", "1"), RawEntry::file("./opt/x", "2")]),
    "/opt/x",
    "twice"
);
refuses!(a_path_of_another_package, evil().file("/usr/lib/os-release", "ID=evil"), "os-release");
refuses!(a_hard_link_to_nothing, evil().hardlink("/opt/x", "/opt/nothing"), "/opt/x", "/opt/nothing");
refuses!(a_sparse_member, evil().raw_data_entry(RawEntry::sparse("./opt/huge", "x", 5 << 30)), "opt/huge", "sparse");
refuses!(an_unknown_compression, evil().raw_data_member("data.tar.lz"), "data.tar.lz");
refuses!(a_deb_that_is_none, evil().raw_deb(b"this is no package".to_vec()), "netbase");
refuses!(no_copyright, evil().without_copyright(), "netbase", "copyright");
refuses!(
    an_unreviewed_script,
    evil().script("postinst", "#!/bin/sh\nrm -rf /\n"),
    "rm -rf /",
    "catalog review netbase"
);
refuses!(a_link_to_nothing, evil().symlink("/opt/x", "nothing"), "/opt/x", "leads to `nothing`");
refuses!(
    a_script_without_interpreter,
    evil().file_with_mode("/opt/run", 0o755, "#!/bin/bash\n"),
    "/opt/run",
    "/bin/bash"
);
refuses!(an_unknown_trigger, evil().control_file("triggers", "interest /opt/new\n"), "trigger `/opt/new`");
refuses!(
    a_dependency_that_nobody_offers,
    evil().depends("libmissing (>= 2)"),
    "libmissing (>= 2)",
    "no package of that name",
    "static → netbase"
);
refuses!(an_exclusion, evil().conflicts("tzdata"), "netbase", "tzdata", "Conflicts");
refuses!(a_world_writable_folder, evil().directory_with_mode("/opt/open", 0o777), "/opt/open", "65532");

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_thousand_entries_are_bounded_in_time_and_memory() {
    let many = (0..100_000).map(|number| RawEntry::file(format!("./opt/{number}"), ""));
    let package = evil().raw_data_entries(many.chain([RawEntry::pipe("./opt/last")]));
    assert!(refused(package).await.contains("/opt/last"));
}
