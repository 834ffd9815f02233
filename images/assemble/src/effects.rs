//! Carries out effects: declarations become entries of a layer. Nothing is executed.
//!
//! In: a definition's effects, the tree of its packages and parents, and captured contents. Out: the entries to
//! write, in order, with their bytes. What an effect reads and does not find is an error that names both.

use std::collections::BTreeMap;

use debian::Architecture;

use crate::accounts;
use crate::certificates::{self, Certificate, CertificateError};
use crate::definition::Definition;
use crate::effect::{Effect, PhpModules};
use crate::key_store;
use crate::ld_cache;
use crate::path::RootPath;
use crate::tree::Tree;

/// An entry that an effect made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Made {
    /// Where it lies.
    pub path: RootPath,
    /// What it is.
    pub body: MadeBody,
    /// Permission bits.
    pub mode: u32,
    /// Owner's number.
    pub owner: u32,
    /// Group's number.
    pub group: u32,
}

/// What an effect made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum MadeBody {
    /// A folder.
    Directory,
    /// A file with this content.
    File(Vec<u8>),
    /// A symbolic link.
    Symlink(String),
    /// Another name of a file of the same layer.
    Hardlink(RootPath),
}

/// Why an effect cannot be carried out.
#[derive(Debug, thiserror::Error)]
pub enum EffectError {
    /// A file that is not there, or was not captured.
    #[error("effect `{effect}` of {definition} reads `{path}`, which no package of it or its parents has")]
    NotFound {
        /// The effect's name.
        effect: &'static str,
        /// The definition.
        definition: String,
        /// The file.
        path: String,
    },
    /// A certificate that cannot be read.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// Two accounts that clash.
    #[error(transparent)]
    Accounts(#[from] accounts::AccountError),
}

/// What effects may look at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EffectContext<'a> {
    /// The expanded chain up to and including the definition whose effects are carried out.
    pub chain: &'a [Definition],
    /// Packages of this layer and everything of the parents.
    pub tree: &'a Tree,
    /// Contents that segments of this layer and of the parents captured.
    pub captured: &'a BTreeMap<RootPath, String>,
    /// The processor architecture.
    pub architecture: Architecture,
}

impl EffectContext<'_> {
    fn definition(&self) -> String {
        self.chain.last().map(|definition| definition.name.clone()).unwrap_or_default()
    }

    fn read(&self, effect: &'static str, path: &RootPath) -> Result<&str, EffectError> {
        let not_found =
            || EffectError::NotFound { effect, definition: self.definition(), path: path.as_str().to_owned() };
        self.captured.get(path).map(String::as_str).ok_or_else(not_found)
    }

    fn certificates(&self, effect: &'static str) -> Result<Vec<Certificate>, EffectError> {
        let files = self.captured.iter().filter(|(path, _)| path.as_str().starts_with(certificates::FOLDER));
        let all = files.map(|(path, text)| Certificate::read(path, text)).collect::<Result<Vec<_>, _>>()?;
        if all.is_empty() {
            let path = certificates::FOLDER.to_owned();
            return Err(EffectError::NotFound { effect, definition: self.definition(), path });
        }
        Ok(all)
    }
}

/// Carries out the effects of the last definition of the chain.
pub(crate) fn carry_out(context: EffectContext<'_>) -> Result<Vec<Made>, EffectError> {
    let Some(definition) = context.chain.last() else { return Ok(Vec::new()) };
    let mut made = Vec::new();
    for effect in &definition.effects {
        made.extend(carry_out_one(effect, context)?);
    }
    made.extend(accounts::files(context.chain)?);
    Ok(made)
}

fn carry_out_one(effect: &Effect, context: EffectContext<'_>) -> Result<Vec<Made>, EffectError> {
    Ok(match effect {
        Effect::Directory(it) => vec![Made {
            path: it.path.clone(),
            body: MadeBody::Directory,
            mode: it.mode.0,
            owner: it.owner,
            group: it.group,
        }],
        Effect::File(it) => vec![Made {
            path: it.path.clone(),
            body: MadeBody::File(it.content.clone().into_bytes()),
            mode: it.mode.0,
            owner: it.owner,
            group: it.group,
        }],
        Effect::Copy(it) => vec![Made {
            path: it.to.clone(),
            body: MadeBody::File(context.read("copy", &it.from)?.as_bytes().to_vec()),
            mode: it.mode.0,
            owner: it.owner,
            group: it.group,
        }],
        Effect::Link(it) => vec![link(it.path.clone(), it.target.clone())],
        Effect::UsrMerge(_) => usr_merge(context),
        Effect::OsRelease(keys) => vec![os_release(context, keys)?],
        Effect::CaBundle(it) => {
            vec![file(it.path.clone(), certificates::bundle(&context.certificates("ca-bundle")?))]
        }
        Effect::CaHashDirectory(it) => {
            certificates::hash_directory(&it.path, &context.certificates("ca-hash-directory")?)
        }
        Effect::JavaKeyStore(it) => {
            vec![file(it.path.clone(), key_store::write(&context.certificates("java-key-store")?))]
        }
        Effect::LdSoCache(_) => {
            let path = RootPath::parse("/etc/ld.so.cache").into_iter();
            path.map(|path| file(path, ld_cache::write(context.tree, context.architecture))).collect()
        }
        Effect::Busybox(it) => busybox(context, &it.directory)?,
        Effect::PhpModules(it) => php_modules(context, it)?,
        Effect::Remove(_) | Effect::Group(_) | Effect::User(_) => Vec::new(),
    })
}

pub(crate) fn file(path: RootPath, content: Vec<u8>) -> Made {
    Made { path, body: MadeBody::File(content), mode: 0o644, owner: 0, group: 0 }
}

pub(crate) fn link(path: RootPath, target: String) -> Made {
    Made { path, body: MadeBody::Symlink(target), mode: 0o777, owner: 0, group: 0 }
}

/// The links that no package ships, and the folders that they lead to.
fn usr_merge(context: EffectContext<'_>) -> Vec<Made> {
    let lib64 = (context.architecture == Architecture::Amd64).then_some("lib64");
    let absent = |path: &RootPath| context.tree.get(path).is_none();
    let mut made = Vec::new();
    for name in ["bin", "lib", "sbin"].into_iter().chain(lib64) {
        let (Ok(alias), Ok(folder)) = (RootPath::parse(&format!("/{name}")), RootPath::parse(&format!("/usr/{name}")))
        else {
            continue;
        };
        if absent(&alias) {
            let missing = absent(&folder).then(|| directory(folder));
            made.extend(missing.into_iter().chain([link(alias, format!("usr/{name}"))]));
        }
    }
    made
}

fn directory(path: RootPath) -> Made {
    Made { path, body: MadeBody::Directory, mode: 0o755, owner: 0, group: 0 }
}

/// Debian's own file with keys added or replaced; scanners read `ID` and `VERSION_ID`, which stay.
fn os_release(context: EffectContext<'_>, keys: &BTreeMap<String, String>) -> Result<Made, EffectError> {
    const PATH: &str = "/usr/lib/os-release";
    let not_found =
        || EffectError::NotFound { effect: "os-release", definition: context.definition(), path: PATH.to_owned() };
    let path = RootPath::parse(PATH).map_err(|_| not_found())?;
    let debian = context.read("os-release", &path)?;
    let kept = debian.lines().filter(|line| !keys.contains_key(line.split('=').next().unwrap_or_default()));
    let added = keys.iter().map(|(key, value)| format!("{key}=\"{value}\""));
    let text: String = kept.map(str::to_owned).chain(added).map(|line| line + "\n").collect();
    Ok(file(path, text.into_bytes()))
}

fn busybox(context: EffectContext<'_>, directory: &RootPath) -> Result<Vec<Made>, EffectError> {
    const PATH: &str = "/usr/bin/busybox";
    let not_found =
        || EffectError::NotFound { effect: "busybox", definition: context.definition(), path: PATH.to_owned() };
    let binary = RootPath::parse(PATH).map_err(|_| not_found())?;
    let applets = context.read("busybox", &binary)?;
    if applets.is_empty() || context.tree.get(&binary).is_none() {
        return Err(not_found());
    }
    let names = applets.lines().chain(["busybox"]);
    let hard = |name: &str| Made {
        path: directory.join(name),
        body: MadeBody::Hardlink(binary.clone()),
        mode: 0o755,
        owner: 0,
        group: 0,
    };
    let links: BTreeMap<RootPath, Made> = names.map(hard).map(|made| (made.path.clone(), made)).collect();
    Ok(links.into_values().collect())
}

/// `conf.d/<priority>-<module>.ini` for each module, with the priority that its own file names (`; priority=20`).
fn php_modules(context: EffectContext<'_>, php: &PhpModules) -> Result<Vec<Made>, EffectError> {
    let mut made = Vec::new();
    for module in &php.modules {
        let suffix = format!("/{module}.ini");
        let prefix = format!("/usr/share/php{}-", php.version);
        let found = context
            .captured
            .iter()
            .find(|(path, _)| path.as_str().starts_with(&prefix) && path.as_str().ends_with(&suffix));
        let (_, text) = found.ok_or_else(|| EffectError::NotFound {
            effect: "php-modules",
            definition: context.definition(),
            path: format!("{prefix}…{suffix}"),
        })?;
        let available = format!("/etc/php/{}/mods-available{suffix}", php.version);
        made.extend(RootPath::parse(&available).ok().map(|path| file(path, text.clone().into_bytes())));
        for sapi in &php.sapis {
            let place = format!("/etc/php/{}/{sapi}/conf.d/{}-{module}.ini", php.version, priority(text));
            made.extend(RootPath::parse(&place).ok().map(|path| link(path, available.clone())));
        }
    }
    Ok(made)
}

fn priority(ini: &str) -> &str {
    ini.lines().find_map(|line| line.strip_prefix("; priority=")).map_or("20", str::trim)
}
