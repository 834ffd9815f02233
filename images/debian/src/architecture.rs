//! The processor architectures of the archive, by Debian's names.
//!
//! In: an `Architecture` field. Out: a value, and its multiarch directory name.
//! Names: <https://wiki.debian.org/Multiarch/Tuples>.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An architecture that trixie is released for, or `all` for packages that run on every one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Architecture {
    /// 64-bit PC.
    Amd64,
    /// 64-bit ARM.
    Arm64,
    /// 32-bit ARM with hardware floating point.
    Armhf,
    /// 32-bit PC.
    I386,
    /// Little-endian POWER.
    Ppc64el,
    /// 64-bit RISC-V.
    Riscv64,
    /// IBM Z.
    S390x,
    /// Not tied to a processor.
    All,
}

/// A name that is none of the architectures.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no known architecture: expected one of amd64, arm64, armhf, i386, ppc64el, riscv64, s390x, all")]
pub struct ArchitectureError(String);

impl Architecture {
    /// Every value, in order.
    pub const EVERY: [Self; 8] =
        [Self::Amd64, Self::Arm64, Self::Armhf, Self::I386, Self::Ppc64el, Self::Riscv64, Self::S390x, Self::All];

    /// Debian's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Amd64 => "amd64",
            Self::Arm64 => "arm64",
            Self::Armhf => "armhf",
            Self::I386 => "i386",
            Self::Ppc64el => "ppc64el",
            Self::Riscv64 => "riscv64",
            Self::S390x => "s390x",
            Self::All => "all",
        }
    }

    /// The directory name under `/usr/lib`, such as `x86_64-linux-gnu`; `None` for `all`.
    pub fn multiarch(self) -> Option<&'static str> {
        match self {
            Self::Amd64 => Some("x86_64-linux-gnu"),
            Self::Arm64 => Some("aarch64-linux-gnu"),
            Self::Armhf => Some("arm-linux-gnueabihf"),
            Self::I386 => Some("i386-linux-gnu"),
            Self::Ppc64el => Some("powerpc64le-linux-gnu"),
            Self::Riscv64 => Some("riscv64-linux-gnu"),
            Self::S390x => Some("s390x-linux-gnu"),
            Self::All => None,
        }
    }
}

impl FromStr for Architecture {
    type Err = ArchitectureError;

    fn from_str(text: &str) -> Result<Self, ArchitectureError> {
        let found = Self::EVERY.into_iter().find(|architecture| architecture.name() == text);
        found.ok_or_else(|| ArchitectureError(text.chars().take(40).collect()))
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Serialize for Architecture {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Architecture {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        for architecture in Architecture::EVERY {
            assert_eq!(architecture.to_string().parse(), Ok(architecture));
        }
        assert_eq!(serde_json::to_string(&Architecture::Ppc64el).unwrap(), "\"ppc64el\"");
    }

    #[test]
    fn names_the_choices_when_it_refuses() {
        let error = "x86_64".parse::<Architecture>().unwrap_err().to_string();
        assert!(error.starts_with("`x86_64` is no known architecture: expected one of amd64, arm64"), "{error}");
    }

    #[test]
    fn only_all_has_no_multiarch_directory() {
        let without: Vec<_> = Architecture::EVERY.into_iter().filter(|a| a.multiarch().is_none()).collect();
        assert_eq!(without, [Architecture::All]);
    }
}
