//! What differs from one architecture to another: folders, the dynamic linker, the oldest symbol version.

use crate::{Elf, FakePackage};

/// One architecture of the archive.
#[derive(Debug, Clone, Copy)]
pub(super) struct Machine {
    pub(super) name: &'static str,
    pub(super) triplet: &'static str,
    /// The dynamic linker, as programs name it.
    pub(super) loader: &'static str,
    pub(super) loader_file: &'static str,
    /// The first version of glibc for the architecture.
    pub(super) oldest_glibc: &'static str,
}

const MACHINES: [Machine; 2] = [
    Machine {
        name: "amd64",
        triplet: "x86_64-linux-gnu",
        loader: "/lib64/ld-linux-x86-64.so.2",
        loader_file: "ld-linux-x86-64.so.2",
        oldest_glibc: "GLIBC_2.2.5",
    },
    Machine {
        name: "arm64",
        triplet: "aarch64-linux-gnu",
        loader: "/lib/ld-linux-aarch64.so.1",
        loader_file: "ld-linux-aarch64.so.1",
        oldest_glibc: "GLIBC_2.17",
    },
];

/// A package that holds one shared library.
pub(super) struct Library {
    pub(super) package: &'static str,
    pub(super) version: &'static str,
    pub(super) source: &'static str,
    pub(super) file: &'static str,
    pub(super) soname: &'static str,
    /// Other libraries than libc that it needs.
    pub(super) needed: &'static [&'static str],
    /// Other packages than libc6 that it depends on.
    pub(super) depends: &'static str,
    pub(super) versions: &'static [&'static str],
}

impl Machine {
    pub(super) fn named(name: &str) -> Self {
        *MACHINES.iter().find(|machine| machine.name == name).expect("the small archive has amd64 and arm64")
    }

    /// A path in the architecture's library folder.
    pub(super) fn library_path(&self, file: &str) -> String {
        format!("/usr/lib/{}/{file}", self.triplet)
    }

    /// A file for this architecture that needs glibc.
    pub(super) fn with_glibc(&self, elf: Elf) -> Vec<u8> {
        elf.architecture(self.name).requires_versions("libc.so.6", &[self.oldest_glibc, "GLIBC_2.34"]).to_bytes()
    }

    /// A dynamically linked program.
    pub(super) fn program(&self, needed: &[&str]) -> Vec<u8> {
        self.with_glibc(Elf::executable(self.loader, needed))
    }

    /// A package of this architecture that may be installed beside that of another.
    pub(super) fn package(&self, name: &str, version: &str) -> FakePackage {
        FakePackage::new(name, version).architecture(self.name).multi_arch("same")
    }

    /// The package of a library.
    pub(super) fn library(&self, library: &Library) -> FakePackage {
        let elf = Elf::shared_library(library.soname, library.needed).defines_versions(library.versions);
        let depends = [library.depends, "libc6 (>= 2.34)"].into_iter().filter(|text| !text.is_empty());
        let package = self
            .package(library.package, library.version)
            .source(library.source, library.version)
            .depends(&depends.collect::<Vec<_>>().join(", "))
            .file(&self.library_path(library.file), self.with_glibc(elf))
            .file(&format!("/usr/share/doc/{}/changelog.Debian.gz", library.package), "old news")
            .file(&format!("/usr/share/doc/{}/copyright", library.package), "Copyright: made up for tests.\n");
        if library.file == library.soname {
            return package;
        }
        package.symlink(&self.library_path(library.soname), library.file)
    }
}
