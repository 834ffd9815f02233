//! What packages depend on for their maintainer scripts only, and the busybox of the debug images.

use crate::{Elf, FakePackage};

use super::machine::Machine;

/// The list of names that a static busybox holds, as it stands in its read-only data.
const APPLETS: &[u8] = b"\0[\0[[\0ash\0cat\0find\0grep\0ls\0sed\0sh\0tar\0vi\0wget\0\0";

pub(super) fn common() -> Vec<FakePackage> {
    let all = |name: &str, version: &str| FakePackage::new(name, version).architecture("all").multi_arch("foreign");
    vec![
        all("debconf", "1.5.91").provides("debconf-2.0").file("/usr/share/debconf/confmodule", "# sh\n"),
        all("readline-common", "8.2-6").source("readline", "8.2-6").file("/etc/inputrc", "set meta-flag on\n"),
    ]
}

pub(super) fn packages(machine: &Machine) -> Vec<FakePackage> {
    let tool = |name: &str, version: &str| {
        let program = machine.program(&[]);
        let package = FakePackage::new(name, version).architecture(machine.name).multi_arch("foreign");
        package.depends("libc6 (>= 2.34)").file_with_mode(&format!("/usr/bin/{name}"), 0o755, program)
    };
    vec![
        tool("dpkg", "1.22.21").depends("tar (>= 1.28-1), libc6 (>= 2.34)").essential(),
        tool("tar", "1.35+dfsg-3.1").essential(),
        tool("mawk", "1.3.4.20250131-1").provides("awk"),
        tool("gawk", "1:5.2.1-2+b1").provides("awk").depends("libreadline8t64 (>= 6.0), libc6 (>= 2.34)"),
        busybox(machine),
    ]
}

fn busybox(machine: &Machine) -> FakePackage {
    let elf = Elf::static_executable().architecture(machine.name).to_bytes();
    FakePackage::new("busybox-static", "1:1.37.0-6+b9")
        .architecture(machine.name)
        .multi_arch("foreign")
        .source("busybox", "1:1.37.0-6")
        .file_with_mode("/usr/bin/busybox", 0o755, [&elf, APPLETS].concat())
}
