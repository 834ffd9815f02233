//! All files of an archive at one moment, by their path below its address.
//!
//! `compose` makes it, the server serves it, and a test may change any file of it in between.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use axum::body::Bytes;

use super::FakeServer;

/// The files of an archive: `dists/trixie/InRelease`, `pool/main/o/openssl/openssl_3.5.1-1_amd64.deb`.
#[derive(Debug, Clone, Default)]
pub struct Generation {
    files: BTreeMap<String, Bytes>,
}

impl Generation {
    /// The file at a path.
    pub fn get(&self, path: &str) -> Option<&[u8]> {
        self.files.get(path).map(AsRef::as_ref)
    }

    /// All paths, in order.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// The only path that starts and ends so: `only("pool/", "/openssl_3.5.1-1_amd64.deb")`.
    pub fn only(&self, start: &str, end: &str) -> &str {
        let found: Vec<_> = self.paths().filter(|path| path.starts_with(start) && path.ends_with(end)).collect();
        assert_eq!(found.len(), 1, "expected one path `{start}…{end}`, found {found:?}");
        found[0]
    }

    /// Sets a file, whatever was there.
    pub fn put(&mut self, path: &str, bytes: impl AsRef<[u8]>) {
        self.files.insert(path.into(), Bytes::copy_from_slice(bytes.as_ref()));
    }

    /// Takes a file away.
    pub fn remove(&mut self, path: &str) {
        self.files.remove(path);
    }

    /// Adds what an older generation had and this one has not, as a mirror keeps old packages and `by-hash` files for a while.
    pub fn keep_old(&mut self, older: &Self) {
        for (path, bytes) in &older.files {
            self.files.entry(path.clone()).or_insert_with(|| bytes.clone());
        }
    }

    /// Writes all files below a folder, for a test that wants an archive on disk.
    pub fn write_to(&self, folder: &Path) -> io::Result<()> {
        for (path, bytes) in &self.files {
            let target = folder.join(path);
            std::fs::create_dir_all(target.parent().unwrap_or(folder))?;
            std::fs::write(target, bytes)?;
        }
        Ok(())
    }

    /// Serves the files on a free port of this machine.
    pub fn serve(self) -> FakeServer {
        FakeServer::start(self)
    }

    pub(crate) fn bytes(&self, path: &str) -> Option<Bytes> {
        self.files.get(path).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_old_file_only_where_there_is_no_new_one() {
        let mut old = Generation::default();
        old.put("pool/a_1.deb", "one");
        old.put("dists/x/Release", "old");
        let mut new = Generation::default();
        new.put("dists/x/Release", "new");
        new.keep_old(&old);
        assert_eq!(new.get("dists/x/Release"), Some(&b"new"[..]));
        assert_eq!(new.get(new.only("pool/", ".deb")), Some(&b"one"[..]));
    }

    #[test]
    fn writes_itself_to_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        let mut generation = Generation::default();
        generation.put("dists/x/Release", "text");
        generation.write_to(folder.path()).unwrap();
        assert_eq!(std::fs::read(folder.path().join("dists/x/Release")).unwrap(), b"text");
    }
}
