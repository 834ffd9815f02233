//! glibc, and the libraries that come with the compiler: their copyright lies with `gcc-14-base`, behind links.

use crate::{Elf, FakePackage};

use super::machine::Machine;

const GLIBC: &str = "2.41-12+deb13u4";
const GCC: &str = "14.2.0-19";

pub(super) fn packages(machine: &Machine) -> Vec<FakePackage> {
    vec![
        libc6(machine),
        libc_bin(machine),
        machine
            .package("gcc-14-base", GCC)
            .source("gcc-14", GCC)
            .file("/usr/share/doc/gcc-14-base/README.Debian", "read"),
        of_gcc(machine, "libgcc-s1", "libgcc_s.so.1", "libgcc_s.so.1", &["GCC_3.0", "GCC_14.0.0"]),
        of_gcc(machine, "libgomp1", "libgomp.so.1.0.0", "libgomp.so.1", &["GOMP_1.0"]),
        of_gcc(machine, "libatomic1", "libatomic.so.1.2.0", "libatomic.so.1", &["LIBATOMIC_1.0"]),
        libstdcpp6(machine),
    ]
}

fn libc6(machine: &Machine) -> FakePackage {
    let path = |file: &str| machine.library_path(file);
    let versions = [machine.oldest_glibc, "GLIBC_2.34", "GLIBC_2.38", "GLIBC_PRIVATE"];
    let libc = Elf::shared_library("libc.so.6", &[machine.loader_file]).defines_versions(&versions);
    let loader = Elf::shared_library(machine.loader_file, &[]).defines_versions(&["GLIBC_PRIVATE"]);
    let bytes = |elf: Elf| elf.architecture(machine.name).to_bytes();
    let plain = ["libm.so.6", "libpthread.so.0", "libdl.so.2", "libresolv.so.2", "libmvec.so.1", "libthread_db.so.1"];
    let package = machine
        .package("libc6", GLIBC)
        .source("glibc", GLIBC)
        .depends("libgcc-s1")
        .file_with_mode(&path("libc.so.6"), 0o755, bytes(libc))
        .file_with_mode(&path(machine.loader_file), 0o755, bytes(loader))
        .file(&path("gconv/gconv-modules"), "module INTERNAL ISO-8859-1// ISO8859-1 1\n")
        .file(&path("gconv/ISO8859-1.so"), machine.with_glibc(Elf::module(&[])))
        .file(&path("gconv/EUC-JP.so"), machine.with_glibc(Elf::module(&[])))
        .file(&format!("/etc/ld.so.conf.d/{}.conf", machine.triplet), format!("/usr/lib/{}\n", machine.triplet))
        .conffile(&format!("/etc/ld.so.conf.d/{}.conf", machine.triplet));
    let add = |package: FakePackage, name: &&str| {
        let elf = Elf::shared_library(name, &[]).defines_versions(&[machine.oldest_glibc]);
        package.file(&path(name), machine.with_glibc(elf))
    };
    let package = plain.iter().fold(package, add);
    let target = match machine.name {
        "amd64" => format!("../lib/{}/{}", machine.triplet, machine.loader_file),
        _ => format!("{}/{}", machine.triplet, machine.loader_file),
    };
    package.symlink(&format!("/usr{}", machine.loader), &target)
}

fn libc_bin(machine: &Machine) -> FakePackage {
    FakePackage::new("libc-bin", GLIBC)
        .architecture(machine.name)
        .multi_arch("foreign")
        .essential()
        .source("glibc", GLIBC)
        .depends("libc6 (>> 2.41), libc6 (<< 2.42)")
        .file_with_mode("/usr/bin/getent", 0o755, machine.program(&[]))
        .file_with_mode("/usr/sbin/ldconfig", 0o755, Elf::static_executable().architecture(machine.name).to_bytes())
        .file("/usr/lib/locale/C.utf8/LC_CTYPE", "characters")
        .file("/usr/lib/locale/C.utf8/LC_MESSAGES/SYS_LC_MESSAGES", "messages")
        .file("/usr/share/libc-bin/nsswitch.conf", "passwd: files\n")
}

fn of_gcc(machine: &Machine, name: &str, file: &str, soname: &str, versions: &[&str]) -> FakePackage {
    let elf = Elf::shared_library(soname, &[]).defines_versions(versions);
    let package = machine
        .package(name, GCC)
        .source("gcc-14", GCC)
        .depends(&format!("gcc-14-base (= {GCC}), libc6 (>= 2.34)"))
        .file(&machine.library_path(file), machine.with_glibc(elf))
        .symlink(&format!("/usr/share/doc/{name}"), "gcc-14-base");
    if file == soname { package } else { package.symlink(&machine.library_path(soname), file) }
}

fn libstdcpp6(machine: &Machine) -> FakePackage {
    let versions = ["GLIBCXX_3.4", "GLIBCXX_3.4.33", "CXXABI_1.3", "CXXABI_1.3.15"];
    let elf = Elf::shared_library("libstdc++.so.6", &["libm.so.6"]).defines_versions(&versions);
    let elf = elf.requires_versions("libgcc_s.so.1", &["GCC_3.0"]);
    of_gcc(machine, "libstdc++6", "libstdc++.so.6.0.33", "libstdc++.so.6", &[])
        .depends(&format!("gcc-14-base (= {GCC}), libc6 (>= 2.38), libgcc-s1 (>= 4.2)"))
        .file(&machine.library_path("libstdc++.so.6.0.33"), machine.with_glibc(elf))
        .file("/usr/share/gcc/python/libstdcxx/__init__.py", "")
}
