//! Python 3.13: the interpreter, its library in parts, and the libraries of the parts.

use crate::{Elf, FakePackage};

use super::machine::{Library, Machine};

const PYTHON: &str = "3.13.5-2+deb13u5";

const fn library(
    (package, version, source): (&'static str, &'static str, &'static str),
    (file, soname): (&'static str, &'static str),
    (needed, depends): (&'static [&'static str], &'static str),
) -> Library {
    Library { package, version, source, file, soname, needed, depends, versions: &[] }
}

const LIBRARIES: [Library; 10] = [
    library(("libbz2-1.0", "1.0.8-6", "bzip2"), ("libbz2.so.1.0.4", "libbz2.so.1.0"), (&[], "")),
    library(("libdb5.3t64", "5.3.28+dfsg2-9", "db5.3"), ("libdb-5.3.so", "libdb-5.3.so"), (&[], "")),
    library(("libexpat1", "2.9.0-1~deb13u1", "expat"), ("libexpat.so.1.10.2", "libexpat.so.1"), (&["libm.so.6"], "")),
    library(("libffi8", "3.4.8-2", "libffi"), ("libffi.so.8.1.4", "libffi.so.8"), (&[], "")),
    library(("liblzma5", "5.8.1-1+deb13u2", "xz-utils"), ("liblzma.so.5.8.1", "liblzma.so.5"), (&[], "")),
    library(
        ("libncursesw6", "6.5+20250216-2", "ncurses"),
        ("libncursesw.so.6.5", "libncursesw.so.6"),
        (&["libtinfo.so.6"], "libtinfo6 (= 6.5+20250216-2)"),
    ),
    library(("libtinfo6", "6.5+20250216-2", "ncurses"), ("libtinfo.so.6.5", "libtinfo.so.6"), (&[], "")),
    library(
        ("libreadline8t64", "8.2-6", "readline"),
        ("libreadline.so.8.2", "libreadline.so.8"),
        (&["libtinfo.so.6"], "readline-common, libtinfo6 (>= 6)"),
    ),
    library(
        ("libsqlite3-0", "3.46.1-7+deb13u2", "sqlite3"),
        ("libsqlite3.so.0.8.6", "libsqlite3.so.0"),
        (&["libm.so.6"], ""),
    ),
    library(("libuuid1", "2.41.5-0+deb13u1", "util-linux"), ("libuuid.so.1.3.0", "libuuid.so.1"), (&[], "")),
];

/// Modules in machine code, and the libraries that they need.
const MODULES: [(&str, &[&str]); 10] = [
    ("_bz2", &["libbz2.so.1.0"]),
    ("_ctypes", &["libffi.so.8"]),
    ("_ctypes_test", &["libm.so.6"]),
    ("_curses", &["libncursesw.so.6", "libtinfo.so.6"]),
    ("_dbm", &["libdb-5.3.so"]),
    ("_lzma", &["liblzma.so.5"]),
    ("_sqlite3", &["libsqlite3.so.0"]),
    ("_uuid", &["libuuid.so.1"]),
    ("readline", &["libreadline.so.8"]),
    ("resource", &[]),
];

pub(super) fn packages(machine: &Machine) -> Vec<FakePackage> {
    let mut packages: Vec<_> = LIBRARIES.iter().map(|library| machine.library(library)).collect();
    packages.extend([interpreter(machine), minimal_library(machine), standard_library(machine)]);
    packages.extend(meta_packages(machine));
    packages
}

fn of_python(machine: &Machine, name: &str) -> FakePackage {
    machine.package(name, PYTHON).source("python3.13", PYTHON)
}

fn interpreter(machine: &Machine) -> FakePackage {
    let needed = ["libm.so.6", "libz.so.1", "libexpat.so.1"];
    of_python(machine, "python3.13-minimal")
        .multi_arch("allowed")
        .pre_depends("libc6 (>= 2.38), libexpat1 (>= 2.6.0), zlib1g (>= 1:1.2.0)")
        .depends(&format!("libpython3.13-minimal (= {PYTHON})"))
        .file_with_mode("/usr/bin/python3.13", 0o755, machine.program(&needed))
        .file("/usr/share/binfmts/python3.13", "package python3.13\n")
        .file("/usr/share/man/man1/python3.13.1.gz", "manual")
        .symlink("/usr/share/doc/python3.13-minimal", "libpython3.13-minimal")
}

fn minimal_library(machine: &Machine) -> FakePackage {
    let module = |name: &str| format!("/usr/lib/python3.13/lib-dynload/{name}.cpython-313-{}.so", machine.triplet);
    let ssl = machine.with_glibc(Elf::module(&["libssl.so.3", "libcrypto.so.3"]));
    let hash = machine.with_glibc(Elf::module(&["libcrypto.so.3"]));
    of_python(machine, "libpython3.13-minimal")
        .depends("libc6 (>= 2.38), libssl3t64 (>= 3.5.0)")
        .file("/usr/lib/python3.13/os.py", "import abc\n")
        .file("/usr/lib/python3.13/encodings/__init__.py", "import codecs\n")
        .file("/etc/python3.13/sitecustomize.py", "# empty\n")
        .conffile("/etc/python3.13/sitecustomize.py")
        .symlink("/usr/lib/python3.13/sitecustomize.py", "/etc/python3.13/sitecustomize.py")
        .file(&module("_ssl"), ssl)
        .file(&module("_hashlib"), hash)
}

fn standard_library(machine: &Machine) -> FakePackage {
    let depends = "media-types | mime-support, netbase, tzdata, libbz2-1.0, libc6 (>= 2.38), libdb5.3t64, libffi8 (>= 3.4), \
        liblzma5 (>= 5.1.1alpha+20120614), libncursesw6 (>= 6.1), libreadline8t64 (>= 7.0~beta), \
        libsqlite3-0 (>= 3.36.0), libtinfo6 (>= 6), libuuid1 (>= 2.20.1)";
    let package = of_python(machine, "libpython3.13-stdlib")
        .depends(&format!("libpython3.13-minimal (= {PYTHON}), {depends}"))
        .file("/usr/lib/python3.13/asyncio/__init__.py", "from .events import *\n")
        .file("/usr/lib/python3.13/sqlite3/__init__.py", "from _sqlite3 import *\n")
        .file("/usr/lib/python3.13/pydoc.py", "def help(): pass\n")
        .file("/usr/lib/python3.13/pydoc_data/topics.py", "topics = {}\n")
        .file("/usr/lib/python3.13/test/support/__init__.py", "verbose = 1\n")
        .file("/usr/lib/python3.13/turtle.py", "import tkinter\n")
        .symlink("/usr/share/doc/libpython3.13-stdlib", "libpython3.13-minimal");
    MODULES.iter().fold(package, |package, (name, needed)| {
        let path = format!("/usr/lib/python3.13/lib-dynload/{name}.cpython-313-{}.so", machine.triplet);
        package.file(&path, machine.with_glibc(Elf::module(needed)))
    })
}

/// The packages by which Debian names its default Python.
fn meta_packages(machine: &Machine) -> Vec<FakePackage> {
    let of_defaults = |name: &str| machine.package(name, "3.13.5-1").source("python3-defaults", "3.13.5-1");
    vec![
        of_python(machine, "python3.13")
            .multi_arch("allowed")
            .depends(&format!("python3.13-minimal (= {PYTHON}), libpython3.13-stdlib (= {PYTHON}), tzdata"))
            .file_with_mode("/usr/bin/pydoc3.13", 0o755, "#!/usr/bin/python3.13\n"),
        of_defaults("libpython3-stdlib").depends("libpython3.13-stdlib (>= 3.13.3-1~)"),
        of_defaults("python3-minimal")
            .multi_arch("allowed")
            .depends("dpkg (>= 1.13.20), python3.13-minimal (>= 3.13.3-1~)")
            .symlink("/usr/bin/python3", "python3.13"),
        of_defaults("python3")
            .multi_arch("allowed")
            .depends("python3.13 (>= 3.13.3-1~), libpython3-stdlib (= 3.13.5-1), python3-minimal (= 3.13.5-1)"),
    ]
}
