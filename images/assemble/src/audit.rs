//! What every image is checked for before anybody may pull it.
//!
//! In: the finished tree, the chain of definitions, the packages. Out: all [`AuditFinding`]s, empty for a good
//! image. A finding fails the build; allowances stand in definitions, with reasons.

use std::collections::BTreeSet;
use std::fmt;

use debian::Architecture;
use globset::GlobMatcher;

use crate::audit_elf;
use crate::definition::{Allowance, Definition};
use crate::facts::{EntryKind, FileFacts};
use crate::path::RootPath;
use crate::tree::{Node, Tree};

/// The user that containers run as.
pub const NONROOT: u32 = 65_532;

/// One thing that is wrong with an image.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum AuditFinding {
    /// A library that no file of the image is.
    MissingLibrary(String, String),
    /// A symbol version that the library does not offer.
    MissingVersion(String, String, String),
    /// A loader that is not in the image.
    MissingLoader(String, String),
    /// A file for another processor.
    WrongMachine(String, u16),
    /// A link that leads nowhere.
    DanglingLink(String, String),
    /// A script that nothing in the image can run.
    MissingInterpreter(String, String),
    /// A package without a statement of its licence.
    NoCopyright(String),
    /// A set-user-id or set-group-id bit.
    SetId(String, u32),
    /// A path that the container's user may write to, and no definition says so.
    Writable(String, u32),
}

impl fmt::Display for AuditFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MissingLibrary(file, name) => write!(f, "`{file}` needs the library {name}, which the image lacks"),
            Self::MissingVersion(file, library, version) => {
                write!(f, "`{file}` needs the symbol version {version} of {library}, which that does not offer")
            }
            Self::MissingLoader(file, loader) => write!(f, "`{file}` is loaded by `{loader}`, which the image lacks"),
            Self::WrongMachine(file, machine) => write!(f, "`{file}` is for the ELF machine {machine}"),
            Self::DanglingLink(path, target) => write!(f, "link `{path}` leads to `{target}`, which the image lacks"),
            Self::MissingInterpreter(file, interpreter) => {
                write!(f, "script `{file}` is run by `{interpreter}`, which the image lacks")
            }
            Self::NoCopyright(package) => write!(f, "package {package} has no /usr/share/doc/{package}/copyright"),
            Self::SetId(path, mode) => write!(f, "`{path}` has mode {mode:04o}: nothing may be setuid or setgid"),
            Self::Writable(path, mode) => {
                write!(f, "`{path}` (mode {mode:04o}) can be written by user {NONROOT}: declare it under `writable`")
            }
        }
    }
}

/// Findings that fail an image.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the audits found {} problems:\n{}", .0.len(), .0.iter().map(|finding| format!("  {finding}")).collect::<Vec<_>>().join("\n"))]
pub struct AuditError(pub Vec<AuditFinding>);

/// Checks an image. `packages` are the names of all its packages.
pub fn audit<'p>(
    tree: &Tree,
    chain: &[Definition],
    packages: impl Iterator<Item = &'p str>,
    architecture: Architecture,
) -> Result<(), AuditError> {
    let allowed = Allowed::new(chain);
    let writable: BTreeSet<&RootPath> = chain.iter().flat_map(|definition| &definition.writable).collect();
    let mut findings = audit_elf::audit(tree, &allowed, architecture);
    for node in tree.iter() {
        findings.extend(check_node(node, tree, &allowed, &writable));
    }
    findings
        .extend(packages.filter(|name| !has_copyright(tree, name)).map(|name| AuditFinding::NoCopyright(name.into())));
    findings.sort();
    findings.dedup();
    if findings.is_empty() { Ok(()) } else { Err(AuditError(findings)) }
}

/// What definitions allow to be missing.
pub(crate) struct Allowed<'a>(Vec<(GlobMatcher, &'a Allowance)>);

impl<'a> Allowed<'a> {
    fn new(chain: &'a [Definition]) -> Self {
        let all = chain.iter().flat_map(|definition| &definition.unresolved);
        Self(all.filter_map(|one| Some((globset::Glob::new(&one.file).ok()?.compile_matcher(), one))).collect())
    }

    pub(crate) fn contains(&self, file: &str, needs: &str) -> bool {
        self.0.iter().any(|(glob, allowance)| allowance.needs == needs && glob.is_match(file))
    }
}

fn check_node(node: &Node, tree: &Tree, allowed: &Allowed<'_>, writable: &BTreeSet<&RootPath>) -> Vec<AuditFinding> {
    let entry = &node.entry;
    let path = entry.path.as_str();
    let mut findings = Vec::new();
    match &entry.kind {
        EntryKind::Symlink { target } => {
            let dangling = tree.follow(&entry.path).is_none() && !is_run_time(&entry.path.link_target(target));
            if dangling && !allowed.contains(path, target) {
                findings.push(AuditFinding::DanglingLink(path.to_owned(), target.clone()));
            }
            return findings;
        }
        EntryKind::File(facts) => findings.extend(check_script(path, entry.mode, facts, tree, allowed)),
        EntryKind::Directory | EntryKind::Hardlink { .. } => {}
    }
    if entry.mode & 0o6000 != 0 {
        findings.push(AuditFinding::SetId(path.to_owned(), entry.mode));
    }
    if is_writable(entry.mode, entry.owner, entry.group) && !writable.contains(&entry.path) {
        findings.push(AuditFinding::Writable(path.to_owned(), entry.mode));
    }
    findings
}

/// What only exists while a container runs.
fn is_run_time(target: &RootPath) -> bool {
    ["/proc/", "/dev/", "/sys/"].iter().any(|folder| target.as_str().starts_with(folder))
}

fn is_writable(mode: u32, owner: u32, group: u32) -> bool {
    mode & 0o002 != 0 || (owner == NONROOT && mode & 0o200 != 0) || (group == NONROOT && mode & 0o020 != 0)
}

fn check_script(path: &str, mode: u32, facts: &FileFacts, tree: &Tree, allowed: &Allowed<'_>) -> Option<AuditFinding> {
    let line = facts.interpreter.as_ref().filter(|_| mode & 0o111 != 0)?;
    let mut words = line.split_ascii_whitespace();
    let interpreter = words.next().unwrap_or_default();
    let program = words.find(|word| !word.starts_with('-'));
    let exists = |path: &str| RootPath::parse(path).is_ok_and(|path| tree.file(&path).is_some());
    let found = exists(interpreter)
        && (!interpreter.ends_with("/env") || program.is_some_and(|name| exists(&format!("/usr/bin/{name}"))));
    let wanted = if interpreter.ends_with("/env") { program.unwrap_or(interpreter) } else { interpreter };
    let missing = !found && !allowed.contains(path, wanted) && !allowed.contains(path, interpreter);
    missing.then(|| AuditFinding::MissingInterpreter(path.to_owned(), line.clone()))
}

fn has_copyright(tree: &Tree, package: &str) -> bool {
    RootPath::parse(&format!("/usr/share/doc/{package}/copyright")).is_ok_and(|path| tree.file(&path).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Entry;
    use crate::tree::tests::{file, link, tree};

    fn findings(entries: Vec<Entry>, packages: &[&str]) -> Vec<String> {
        let result = audit(&tree(entries), &[], packages.iter().copied(), Architecture::Amd64);
        result.err().map(|error| error.0.iter().map(ToString::to_string).collect()).unwrap_or_default()
    }

    #[test]
    fn finds_dangling_links_but_not_those_of_a_running_container() {
        let found = findings(vec![link("/etc/mtab", "/proc/mounts"), link("/a", "b")], &[]);
        assert_eq!(found, ["link `/a` leads to `b`, which the image lacks"]);
    }

    #[test]
    fn finds_scripts_without_interpreter() {
        let mut script = file("/usr/bin/ldd");
        let EntryKind::File(facts) = &mut script.kind else { panic!("no file") };
        facts.interpreter = Some("/usr/bin/env bash".into());
        assert_eq!(
            findings(vec![script.clone()], &[]),
            ["script `/usr/bin/ldd` is run by `/usr/bin/env bash`, which the image lacks"]
        );
        assert!(findings(vec![script, file("/usr/bin/env"), file("/usr/bin/bash")], &[]).is_empty());
    }

    #[test]
    fn finds_packages_without_copyright_and_follows_doc_links() {
        let folder = crate::tree::tests::entry("/usr/share/doc/gcc-14-base", EntryKind::Directory);
        let copyright = file("/usr/share/doc/gcc-14-base/copyright");
        let entries = vec![folder, copyright, link("/usr/share/doc/libgcc-s1", "gcc-14-base")];
        assert_eq!(findings(entries, &["libgcc-s1", "x"]), ["package x has no /usr/share/doc/x/copyright"]);
    }

    #[test]
    fn finds_setid_and_writable_paths() {
        let setuid = Entry { mode: 0o4755, ..file("/usr/bin/su") };
        let open = Entry { mode: 0o1777, ..file("/var/lock") };
        let own = Entry { mode: 0o644, owner: NONROOT, ..file("/x") };
        assert_eq!(findings(vec![setuid, open, own], &[]).len(), 3);
    }
}
