//! The root file system of an image as a value: path → entry, and who put it there.
//!
//! In: the entries of layers, lowest first. Out: the [`Tree`] that a container sees. A path that two packages
//! write, or that lies below a link, is an error: nothing is decided by the order of extraction.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::facts::{Entry, EntryKind, FileFacts};
use crate::path::RootPath;

/// Links followed on one way before it counts as a loop, as in Linux.
const MOST_LINKS: usize = 40;

/// One path of the tree and its origin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// The entry.
    #[serde(flatten)]
    pub entry: Entry,
    /// The package that shipped it, or `effects of <definition>`.
    pub origin: String,
}

/// A root file system.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tree {
    nodes: BTreeMap<RootPath, Node>,
}

/// Why entries do not fit together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// Two origins for one path.
    #[error("`{path}` comes from {first} and from {second}: drop one of them in the definition")]
    Twice {
        /// The path.
        path: RootPath,
        /// Who put it there first.
        first: String,
        /// Who wants to put it there too.
        second: String,
    },
    /// Something below a link.
    #[error("`{path}` of {origin} lies below `{link}`, which is a link of {other}")]
    BelowLink {
        /// The path.
        path: RootPath,
        /// Who ships it.
        origin: String,
        /// The link.
        link: RootPath,
        /// Who ships the link.
        other: String,
    },
    /// Something below a file.
    #[error("`{path}` of {origin} lies below `{file}`, which is no folder")]
    BelowFile {
        /// The path.
        path: RootPath,
        /// Who ships it.
        origin: String,
        /// The file.
        file: RootPath,
    },
}

impl Tree {
    /// The entry at exactly this path; links are not followed.
    pub fn get(&self, path: &RootPath) -> Option<&Node> {
        self.nodes.get(path)
    }

    /// All entries, by path.
    pub fn iter(&self) -> impl Iterator<Item = &Node> {
        self.nodes.values()
    }

    /// How many paths there are.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Adds a package's entry; a folder that is there stays as it is.
    pub fn add(&mut self, entry: Entry, origin: &str) -> Result<(), TreeError> {
        self.check_way(&entry.path, origin)?;
        match self.nodes.get(&entry.path) {
            Some(there) if there.entry.is_directory() && entry.is_directory() => Ok(()),
            Some(there) => {
                Err(TreeError::Twice { path: entry.path, first: there.origin.clone(), second: origin.to_owned() })
            }
            None => {
                self.put(entry, origin);
                Ok(())
            }
        }
    }

    /// Puts an entry where there may be one already, as effects do.
    pub fn replace(&mut self, entry: Entry, origin: &str) -> Result<(), TreeError> {
        self.check_way(&entry.path, origin)?;
        self.put(entry, origin);
        Ok(())
    }

    /// Lays the nodes of a finished layer on top.
    pub fn extend(&mut self, nodes: impl IntoIterator<Item = Node>) {
        self.nodes.extend(nodes.into_iter().map(|node| (node.entry.path.clone(), node)));
    }

    /// The nodes that are not, or not so, in the tree below.
    pub fn differing(&self, below: &Self) -> Vec<Node> {
        self.nodes.values().filter(|node| below.nodes.get(&node.entry.path) != Some(node)).cloned().collect()
    }

    fn put(&mut self, entry: Entry, origin: &str) {
        self.nodes.insert(entry.path.clone(), Node { entry, origin: origin.to_owned() });
    }

    fn check_way(&self, path: &RootPath, origin: &str) -> Result<(), TreeError> {
        for ancestor in path.ancestors() {
            let Some(node) = self.nodes.get(&ancestor) else { continue };
            let (path, origin) = (path.clone(), origin.to_owned());
            return match node.entry.kind {
                EntryKind::Directory => Ok(()),
                EntryKind::Symlink { .. } => {
                    Err(TreeError::BelowLink { path, origin, link: ancestor, other: node.origin.clone() })
                }
                _ => Err(TreeError::BelowFile { path, origin, file: ancestor }),
            };
        }
        Ok(())
    }

    /// The path that a path leads to, all links on the way followed inside the root; `None` for a loop or nothing.
    pub fn follow(&self, path: &RootPath) -> Option<RootPath> {
        let mut wanted = path.clone();
        for _ in 0..MOST_LINKS {
            match self.first_link(&wanted) {
                Some(next) => wanted = next,
                None => return (wanted.is_root() || self.nodes.contains_key(&wanted)).then_some(wanted),
            }
        }
        None
    }

    /// The path with its first link replaced by what the link says.
    fn first_link(&self, path: &RootPath) -> Option<RootPath> {
        let mut way: Vec<RootPath> = path.ancestors().collect();
        way.reverse();
        way.push(path.clone());
        let link = way.into_iter().find_map(|part| match &self.nodes.get(&part)?.entry.kind {
            EntryKind::Symlink { target } => Some((part.link_target(target), part)),
            _ => None,
        });
        let (target, link) = link?;
        Some(target.join(&path.as_str()[link.as_str().len()..]))
    }

    /// The regular file that a path leads to; a hard link counts as its file.
    pub fn file(&self, path: &RootPath) -> Option<&FileFacts> {
        match &self.nodes.get(&self.follow(path)?)?.entry.kind {
            EntryKind::File(facts) => Some(facts),
            EntryKind::Hardlink { target } => self.nodes.get(target)?.entry.file(),
            _ => None,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn path(text: &str) -> RootPath {
        RootPath::parse(text).unwrap()
    }

    pub(crate) fn entry(text: &str, kind: EntryKind) -> Entry {
        Entry { path: path(text), kind, mode: 0o755, owner: 0, group: 0, mtime: 0 }
    }

    pub(crate) fn file(text: &str) -> Entry {
        entry(text, EntryKind::File(crate::content::facts_of(b"")))
    }

    pub(crate) fn link(text: &str, target: &str) -> Entry {
        entry(text, EntryKind::Symlink { target: target.into() })
    }

    pub(crate) fn tree(entries: Vec<Entry>) -> Tree {
        let mut tree = Tree::default();
        for entry in entries {
            tree.add(entry, "p").unwrap();
        }
        tree
    }

    #[test]
    fn follows_links_through_folders() {
        let tree = tree(vec![
            link("/bin", "usr/bin"),
            file("/usr/bin/python3.13"),
            link("/usr/bin/python3", "python3.13"),
            link("/etc/x", "/bin/python3"),
            link("/loop", "loop"),
        ]);
        assert_eq!(tree.follow(&path("/etc/x")), Some(path("/usr/bin/python3.13")));
        assert_eq!(tree.follow(&path("/bin/python3")), Some(path("/usr/bin/python3.13")));
        assert_eq!(tree.follow(&path("/loop")), None);
        assert_eq!(tree.follow(&path("/nothing")), None);
        assert!(tree.file(&path("/etc/x")).is_some());
    }

    #[test]
    fn refuses_a_path_of_two_packages() {
        let mut tree = tree(vec![file("/a/b")]);
        let message = tree.add(file("/a/b"), "other").unwrap_err().to_string();
        assert_eq!(message, "`/a/b` comes from p and from other: drop one of them in the definition");
        tree.replace(file("/a/b"), "an effect").unwrap();
    }

    #[test]
    fn refuses_what_lies_below_a_link_or_a_file() {
        let mut tree = tree(vec![link("/lib", "usr/lib"), file("/etc/passwd")]);
        let message = tree.add(file("/lib/x"), "q").unwrap_err().to_string();
        assert_eq!(message, "`/lib/x` of q lies below `/lib`, which is a link of p");
        assert!(tree.add(file("/etc/passwd/x"), "q").unwrap_err().to_string().ends_with("which is no folder"));
    }
}
