//! OpenSSL, and the compression libraries that trixie's OpenSSL needs.

use crate::{Elf, FakePackage};

use super::machine::{Library, Machine};

const OPENSSL: &str = "3.5.7-1~deb13u3";

const COMPRESSION: [Library; 2] = [
    Library {
        package: "zlib1g",
        version: "1:1.3.dfsg+really1.3.1-1+deb13u1",
        source: "zlib",
        file: "libz.so.1.3.1",
        soname: "libz.so.1",
        needed: &[],
        depends: "",
        versions: &["ZLIB_1.2.0"],
    },
    Library {
        package: "libzstd1",
        version: "1.5.7+dfsg-1",
        source: "libzstd",
        file: "libzstd.so.1.5.7",
        soname: "libzstd.so.1",
        needed: &[],
        depends: "",
        versions: &[],
    },
];

pub(super) fn packages(machine: &Machine) -> Vec<FakePackage> {
    let mut packages: Vec<_> = COMPRESSION.iter().map(|library| machine.library(library)).collect();
    packages.extend([libssl(machine), provider(machine), command(machine)]);
    packages
}

fn libssl(machine: &Machine) -> FakePackage {
    let versions = ["OPENSSL_3.0.0", "OPENSSL_3.5.0"];
    let crypto = Elf::shared_library("libcrypto.so.3", &["libz.so.1", "libzstd.so.1"]).defines_versions(&versions);
    let ssl = Elf::shared_library("libssl.so.3", &[]).requires_versions("libcrypto.so.3", &versions);
    machine
        .package("libssl3t64", OPENSSL)
        .source("openssl", OPENSSL)
        .depends("libc6 (>= 2.38), libzstd1 (>= 1.5.5), zlib1g (>= 1:1.1.4), openssl-provider-legacy")
        .provides(&format!("libssl3 (= {OPENSSL})"))
        .breaks(&format!("libssl3 (<< {OPENSSL})"))
        .file(&machine.library_path("libcrypto.so.3"), machine.with_glibc(crypto))
        .file(&machine.library_path("libssl.so.3"), machine.with_glibc(ssl.defines_versions(&["OPENSSL_3.0.0"])))
        .file(&machine.library_path("engines-3/padlock.so"), machine.with_glibc(Elf::module(&["libcrypto.so.3"])))
        .file("/usr/share/doc/libssl3t64/changelog.gz", "old news")
        .file("/usr/share/doc/libssl3t64/copyright", "Copyright: made up for tests. License: Apache-2.0\n")
}

fn provider(machine: &Machine) -> FakePackage {
    let module = machine.with_glibc(Elf::module(&["libcrypto.so.3"]));
    machine
        .package("openssl-provider-legacy", OPENSSL)
        .source("openssl", OPENSSL)
        .depends(&format!("libc6 (>= 2.34), libssl3t64 (= {OPENSSL})"))
        .file(&machine.library_path("ossl-modules/legacy.so"), module)
}

fn command(machine: &Machine) -> FakePackage {
    FakePackage::new("openssl", OPENSSL)
        .architecture(machine.name)
        .multi_arch("foreign")
        .depends("libc6 (>= 2.34), libssl3t64 (>= 3.5.0)")
        .file_with_mode("/usr/bin/openssl", 0o755, machine.program(&["libssl.so.3", "libcrypto.so.3"]))
        .file("/etc/ssl/openssl.cnf", "openssl_conf = openssl_init\n[openssl_init]\n")
        .conffile("/etc/ssl/openssl.cnf")
        .directory("/etc/ssl/certs")
        .directory_with_mode("/etc/ssl/private", 0o700)
        .symlink("/usr/lib/ssl/certs", "/etc/ssl/certs")
        .symlink("/usr/lib/ssl/private", "/etc/ssl/private")
        .symlink("/usr/lib/ssl/openssl.cnf", "/etc/ssl/openssl.cnf")
        .file_with_mode("/usr/lib/ssl/misc/CA.pl", 0o755, "#!/usr/bin/perl\n")
}
