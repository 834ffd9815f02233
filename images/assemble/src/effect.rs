//! The closed set of effects: what a maintainer script would have done, declared as data.
//!
//! In: YAML of a definition. Out: values that [`crate::effects`] turns into tree entries. A thing that cannot be
//! said with these is a new variant here, reviewed once, and never a script. The data behind the set is the list of
//! everything that postinst scripts left behind in a real installation.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::path::RootPath;

/// One thing that happens to an image's tree after its packages were laid out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// A folder with this mode and owner; replaces mode and owner of one that a package ships.
    Directory(Directory),
    /// A file with literal content.
    File(FileText),
    /// A symbolic link, as `update-alternatives` or a postinst would have made it.
    Link(Link),
    /// A copy of a file of this layer or of a parent (`ucf`, default configurations).
    Copy(CopyFile),
    /// Leaves out one path that a package of this layer ships.
    Remove(Remove),
    /// A line of `/etc/group`.
    Group(Group),
    /// A line of `/etc/passwd`.
    User(User),
    /// `/bin`, `/sbin`, `/lib` (and `/lib64` on amd64) as links into `/usr`, where no package ships them.
    UsrMerge(Nothing),
    /// Keys added to Debian's own `/usr/lib/os-release`.
    OsRelease(BTreeMap<String, String>),
    /// All certificates of `ca-certificates` in one file, byte for byte as `update-ca-certificates` writes it.
    CaBundle(AtPath),
    /// One file a certificate and its OpenSSL subject-hash link, as `openssl rehash` makes them.
    CaHashDirectory(AtPath),
    /// The same certificates as a Java key store (JKS, password `changeit`).
    JavaKeyStore(AtPath),
    /// `/etc/ld.so.cache`, as `ldconfig` writes it.
    LdSoCache(Nothing),
    /// One hard link for each applet of the static busybox, in a folder of its own.
    Busybox(Busybox),
    /// PHP's `conf.d` links, as `phpenmod` makes them.
    PhpModules(PhpModules),
}

/// An effect that needs no parameters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// An effect that only needs to know where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AtPath {
    /// The file or folder to make.
    pub path: RootPath,
}

/// See [`Effect::Directory`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Directory {
    /// Where.
    pub path: RootPath,
    /// Permission bits.
    #[serde(default = "Mode::directory")]
    pub mode: Mode,
    /// Owner's number.
    #[serde(default)]
    pub owner: u32,
    /// Group's number.
    #[serde(default)]
    pub group: u32,
}

/// See [`Effect::File`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileText {
    /// Where.
    pub path: RootPath,
    /// The whole content.
    pub content: String,
    /// Permission bits.
    #[serde(default = "Mode::file")]
    pub mode: Mode,
    /// Owner's number.
    #[serde(default)]
    pub owner: u32,
    /// Group's number.
    #[serde(default)]
    pub group: u32,
}

/// See [`Effect::Link`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// Where the link lies.
    pub path: RootPath,
    /// What it says: absolute, or relative to the link's folder. The tree must have it.
    pub target: String,
}

/// See [`Effect::Copy`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CopyFile {
    /// The file to read, at most 1 MiB.
    pub from: RootPath,
    /// Where the copy lies.
    pub to: RootPath,
    /// Permission bits of the copy.
    #[serde(default = "Mode::file")]
    pub mode: Mode,
    /// Owner's number.
    #[serde(default)]
    pub owner: u32,
    /// Group's number.
    #[serde(default)]
    pub group: u32,
}

/// See [`Effect::Remove`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remove {
    /// The file or link to leave out.
    pub path: RootPath,
}

/// See [`Effect::Group`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// The group's name.
    pub name: String,
    /// Its number; pinned, never assigned.
    pub id: u32,
    /// Users that belong to it.
    #[serde(default)]
    pub members: Vec<String>,
}

/// See [`Effect::User`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// The user's name.
    pub name: String,
    /// Its number; pinned, never assigned.
    pub id: u32,
    /// Its first group's number.
    pub group: u32,
    /// Its home; the folder itself is an effect of its own.
    pub home: RootPath,
    /// Its shell.
    #[serde(default = "no_login")]
    pub shell: RootPath,
    /// Its full name.
    #[serde(default)]
    pub comment: String,
}

/// See [`Effect::Busybox`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Busybox {
    /// The folder that holds the applets, such as `/busybox`.
    pub directory: RootPath,
}

/// See [`Effect::PhpModules`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PhpModules {
    /// PHP's version, such as `8.4`.
    pub version: String,
    /// The server interfaces to configure, such as `cli`.
    pub sapis: Vec<String>,
    /// Modules to switch on, by the name of their `.ini` file.
    pub modules: Vec<String>,
}

/// Permission bits, written in YAML as text in octal (`"0755"`), so that no reader takes them for decimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Mode(pub u32);

impl Mode {
    fn directory() -> Self {
        Self(0o755)
    }

    fn file() -> Self {
        Self(0o644)
    }
}

impl TryFrom<String> for Mode {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let bits = u32::from_str_radix(&text, 8).ok().filter(|bits| *bits <= 0o7777);
        bits.map(Self).ok_or_else(|| format!("mode `{text}` is not octal: expected text such as \"0755\""))
    }
}

impl From<Mode> for String {
    fn from(mode: Mode) -> Self {
        format!("{:04o}", mode.0)
    }
}

fn no_login() -> RootPath {
    RootPath::parse("/sbin/nologin").unwrap_or_else(|_| unreachable!("a constant"))
}
