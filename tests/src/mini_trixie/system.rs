//! What every image stands on: the folders of the system, names of services, time zones, media types, authorities.

use crate::FakePackage;

use super::machine::Machine;

/// A certificate authority with an RSA key that signs nothing: its subject has two spaces that a canonical name has not.
pub const FAKE_ROOT_R1: &str = include_str!("../../data/Fake_Root_R1.crt");

/// A certificate authority with an elliptic key that signs nothing: its subject has a letter beyond ASCII.
pub const FAKE_ROOT_X2: &str = include_str!("../../data/Fake_Root_X2.crt");

const OS_RELEASE: &str = "PRETTY_NAME=\"Debian GNU/Linux 13 (trixie)\"\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"13\"\n\
    VERSION=\"13 (trixie)\"\nVERSION_CODENAME=trixie\nDEBIAN_VERSION_FULL=13.8\nID=debian\n\
    HOME_URL=\"https://www.debian.org/\"\nSUPPORT_URL=\"https://www.debian.org/support\"\n\
    BUG_REPORT_URL=\"https://bugs.debian.org/\"\n";

const DIRECTORIES: [&str; 22] = [
    "/boot",
    "/dev",
    "/etc/default",
    "/etc/profile.d",
    "/etc/skel",
    "/home",
    "/proc",
    "/run",
    "/srv",
    "/sys",
    "/usr/games",
    "/usr/include",
    "/usr/lib",
    "/usr/sbin",
    "/usr/bin",
    "/usr/src",
    "/var/backups",
    "/var/cache",
    "/var/lib/misc",
    "/var/local",
    "/var/log",
    "/var/spool",
];

/// The folders, links and licences that base-files ships.
pub(super) fn base_files(machine: &Machine) -> FakePackage {
    let package = FakePackage::new("base-files", "13.8+deb13u8")
        .architecture(machine.name)
        .multi_arch("foreign")
        .essential()
        .pre_depends("awk")
        .provides("base")
        .symlink("/bin", "usr/bin")
        .symlink("/sbin", "usr/sbin")
        .symlink("/lib", "usr/lib")
        .file("/usr/lib/os-release", OS_RELEASE)
        .symlink("/etc/os-release", "../usr/lib/os-release")
        .file("/etc/debian_version", "13.8\n")
        .file("/etc/host.conf", "multi on\n")
        .file("/etc/issue", "Debian GNU/Linux 13 \\n \\l\n\n")
        .conffile("/etc/host.conf")
        .conffile("/etc/issue")
        .file("/etc/dpkg/origins/debian", "Vendor: Debian\nVendor-URL: https://www.debian.org/\n")
        .file("/usr/share/base-files/dot.bashrc", "# ~/.bashrc\n")
        .file("/usr/share/common-licenses/Apache-2.0", "Apache License, Version 2.0\n")
        .file("/usr/share/common-licenses/GPL-3", "GNU General Public License, version 3\n")
        .symlink("/usr/share/common-licenses/GPL", "GPL-3")
        .file("/usr/share/doc/base-files/README", "documentation\n")
        .directory_with_mode("/root", 0o700)
        .directory_with_mode("/tmp", 0o1777)
        .directory_with_mode("/var/tmp", 0o1777);
    let package = DIRECTORIES.iter().fold(package, |package, path| package.directory(path));
    if machine.name == "amd64" { package.symlink("/lib64", "usr/lib64").directory("/usr/lib64") } else { package }
}

/// Packages for all architectures.
pub(super) fn common() -> Vec<FakePackage> {
    vec![netbase(), tzdata(), media_types(), ca_certificates()]
}

fn all(name: &str, version: &str) -> FakePackage {
    FakePackage::new(name, version).architecture("all").multi_arch("foreign")
}

fn netbase() -> FakePackage {
    let files = [
        ("/etc/ethertypes", "IPv4 0800 ip ip4\n"),
        ("/etc/protocols", "ip 0 IP\ntcp 6 TCP\nudp 17 UDP\n"),
        ("/etc/rpc", "portmapper 100000\n"),
        ("/etc/services", "domain 53/tcp\ndomain 53/udp\nhttp 80/tcp\nhttps 443/tcp\n"),
    ];
    files.iter().fold(all("netbase", "6.5"), |package, (path, text)| package.file(path, *text).conffile(path))
}

/// Coordinated Universal Time, as `zic` compiles it: the same block in two sizes of numbers, and a line of text.
fn utc() -> Vec<u8> {
    let block = [b"TZif2".as_slice(), &[0; 34], b"\x01\0\0\0\x04", &[0; 6], b"UTC\0"].concat();
    [&block, &block, b"\nUTC0\n".as_slice()].concat()
}

fn tzdata() -> FakePackage {
    all("tzdata", "2026f-0+deb13u1")
        .depends("debconf (>= 0.5) | debconf-2.0")
        .provides("tzdata-trixie")
        .file("/usr/share/zoneinfo/Etc/UTC", utc())
        .symlink("/usr/share/zoneinfo/UTC", "Etc/UTC")
        .hardlink("/usr/share/zoneinfo/Etc/Zulu", "/usr/share/zoneinfo/Etc/UTC")
        .file("/usr/share/zoneinfo/Europe/Paris", [utc().as_slice(), b"made up"].concat())
        .file("/usr/share/zoneinfo/right/Etc/UTC", utc())
        .file("/usr/share/zoneinfo/tzdata.zi", "# version 2026f\n")
        .file("/usr/share/zoneinfo/zone1970.tab", "FR\t+4852+00220\tEurope/Paris\n")
}

fn media_types() -> FakePackage {
    all("media-types", "13.0.0")
        .provides("mime-support")
        .file("/etc/mime.types", "application/json\tjson map\ntext/html\thtml htm\n")
        .conffile("/etc/mime.types")
}

fn ca_certificates() -> FakePackage {
    all("ca-certificates", "20250419+deb13u1")
        .depends("openssl (>= 1.1.1), debconf (>= 0.5) | debconf-2.0")
        .directory("/etc/ssl/certs")
        .directory("/etc/ca-certificates/update.d")
        .file("/usr/share/ca-certificates/mozilla/Fake_Root_R1.crt", FAKE_ROOT_R1)
        .file("/usr/share/ca-certificates/mozilla/Fake_Root_X2.crt", FAKE_ROOT_X2)
        .file_with_mode("/usr/sbin/update-ca-certificates", 0o755, "#!/bin/sh -e\n")
        .file("/usr/share/man/man8/update-ca-certificates.8.gz", "manual")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utc_is_what_the_time_zone_compiler_writes() {
        assert_eq!(utc().len(), 114);
        assert!(utc().ends_with(b"\nUTC0\n"));
    }
}
