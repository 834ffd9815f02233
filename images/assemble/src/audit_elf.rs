//! Does every ELF file find its libraries, symbol versions and loader inside the image?
//!
//! In: the tree. Out: findings. A library is looked for where the loader would (its `RUNPATH`, then the default
//! folders), and then anywhere in the image under its name, because programs such as the JVM open the files of
//! their own folders before others ask for them.

use std::collections::BTreeMap;

use debian::Architecture;

use crate::audit::{Allowed, AuditFinding};
use crate::elf::Elf;
use crate::path::RootPath;
use crate::tree::Tree;

pub(crate) fn audit(tree: &Tree, allowed: &Allowed<'_>, architecture: Architecture) -> Vec<AuditFinding> {
    let libraries = Libraries::new(tree, architecture);
    let mut findings = Vec::new();
    for node in tree.iter() {
        let Some(elf) = node.entry.file().and_then(|facts| facts.elf.as_ref()) else { continue };
        libraries.check(&node.entry.path, elf, allowed, &mut findings);
    }
    findings
}

struct Libraries<'t> {
    tree: &'t Tree,
    folders: [RootPath; 2],
    machine: Option<u16>,
    by_name: BTreeMap<&'t str, &'t Elf>,
}

impl<'t> Libraries<'t> {
    fn new(tree: &'t Tree, architecture: Architecture) -> Self {
        let mut by_name = BTreeMap::new();
        for node in tree.iter() {
            let Some(elf) = node.entry.file().and_then(|facts| facts.elf.as_ref()) else { continue };
            by_name.insert(elf.soname.as_deref().unwrap_or(node.entry.path.file_name()), elf);
        }
        let root = RootPath::parse("/usr/lib").unwrap_or_else(|_| unreachable!("a constant"));
        let folders = [root.join(architecture.multiarch().unwrap_or_default()), root];
        Self { tree, folders, machine: machine(architecture), by_name }
    }

    fn check(&self, path: &RootPath, elf: &Elf, allowed: &Allowed<'_>, findings: &mut Vec<AuditFinding>) {
        let file = path.to_string();
        if self.machine.is_some_and(|machine| machine != elf.machine) {
            findings.push(AuditFinding::WrongMachine(file.clone(), elf.machine));
            return;
        }
        if let Some(loader) = &elf.interpreter
            && !RootPath::parse(loader).is_ok_and(|loader| self.tree.file(&loader).is_some())
            && !allowed.contains(&file, loader)
        {
            findings.push(AuditFinding::MissingLoader(file.clone(), loader.clone()));
        }
        for name in elf.needed.iter().filter(|name| !allowed.contains(&file, name)) {
            match self.find(path, elf, name) {
                Some(library) => findings.extend(missing_versions(&file, elf, name, library)),
                None => findings.push(AuditFinding::MissingLibrary(file.clone(), name.clone())),
            }
        }
    }

    fn find(&self, path: &RootPath, elf: &Elf, name: &str) -> Option<&'t Elf> {
        let origin = path.parent().map(|folder| folder.to_string()).unwrap_or_default();
        let own = elf.run_path.iter().map(|folder| folder.replace("$ORIGIN", &origin).replace("${ORIGIN}", &origin));
        let own = own.filter_map(|folder| RootPath::parse(&folder).ok());
        let mut places = own.chain(self.folders.iter().cloned()).map(|folder| folder.join(name));
        let found = places.find_map(|place| self.tree.file(&place)?.elf.as_ref());
        found.or_else(|| self.by_name.get(name).copied())
    }
}

fn missing_versions(file: &str, elf: &Elf, name: &str, library: &Elf) -> Vec<AuditFinding> {
    let wanted = elf.versions_needed.iter().filter(|(from, _)| from == name).map(|(_, version)| version);
    let missing = wanted.filter(|version| !library.versions_defined.contains(version));
    missing.map(|version| AuditFinding::MissingVersion(file.to_owned(), name.to_owned(), version.clone())).collect()
}

/// `e_machine` of the architecture (ELF gABI, table of machines).
fn machine(architecture: Architecture) -> Option<u16> {
    match architecture {
        Architecture::Amd64 => Some(62),
        Architecture::Arm64 => Some(183),
        Architecture::Riscv64 => Some(243),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::audit as audit_image;
    use crate::facts::{Entry, EntryKind, FileFacts};
    use crate::tree::tests::{entry, link, tree};

    fn elf(path: &str, elf: Elf) -> Entry {
        let facts = FileFacts { elf: Some(Elf { machine: 62, ..elf }), ..crate::content::facts_of(b"") };
        entry(path, EntryKind::File(facts))
    }

    fn needs(library: &str, version: &str) -> Elf {
        Elf { needed: vec![library.into()], versions_needed: vec![(library.into(), version.into())], ..Elf::default() }
    }

    fn libc() -> Entry {
        let libc =
            Elf { soname: Some("libc.so.6".into()), versions_defined: vec!["GLIBC_2.41".into()], ..Elf::default() };
        elf("/usr/lib/x86_64-linux-gnu/libc.so.6", libc)
    }

    fn found(entries: Vec<Entry>) -> Vec<String> {
        let result = audit_image(&tree(entries), &[], std::iter::empty(), Architecture::Amd64);
        result.err().map(|error| error.0.iter().map(ToString::to_string).collect()).unwrap_or_default()
    }

    #[test]
    fn accepts_what_resolves_also_through_a_run_path() {
        let private = Elf { soname: Some("private.so".into()), ..Elf::default() };
        let user = Elf { run_path: vec!["$ORIGIN/../lib".into()], needed: vec!["private.so".into()], ..Elf::default() };
        let entries = vec![
            libc(),
            elf("/usr/bin/x", needs("libc.so.6", "GLIBC_2.41")),
            elf("/opt/lib/private-1.so", private),
            link("/opt/lib/private.so", "private-1.so"),
            elf("/opt/bin/y", user),
        ];
        assert!(found(entries).is_empty());
    }

    #[test]
    fn names_the_library_and_the_version_that_are_missing() {
        let lost = found(vec![elf("/usr/bin/x", needs("libssl.so.3", "OPENSSL_3.0.0"))]);
        assert_eq!(lost, ["`/usr/bin/x` needs the library libssl.so.3, which the image lacks"]);
        let old = found(vec![libc(), elf("/usr/bin/x", needs("libc.so.6", "GLIBC_2.99"))]);
        assert_eq!(old, ["`/usr/bin/x` needs the symbol version GLIBC_2.99 of libc.so.6, which that does not offer"]);
    }

    #[test]
    fn names_a_missing_loader_and_a_foreign_machine() {
        let loader = Elf { interpreter: Some("/lib64/ld-linux-x86-64.so.2".into()), ..Elf::default() };
        assert!(found(vec![elf("/usr/bin/x", loader)])[0].contains("is loaded by `/lib64/ld-linux-x86-64.so.2`"));
        let mut foreign = libc();
        let EntryKind::File(FileFacts { elf: Some(elf), .. }) = &mut foreign.kind else { panic!("no ELF file") };
        elf.machine = 183;
        assert_eq!(found(vec![foreign]), ["`/usr/lib/x86_64-linux-gnu/libc.so.6` is for the ELF machine 183"]);
    }
}
