//! A certificate authority that only a test trusts, made by openssl, and users, made by Apache's htpasswd.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use super::tools::{must, text};

/// How openssl makes a certificate without asking.
const NEW: &str = "req -x509 -newkey rsa:2048 -nodes -days 2";

/// Files in a folder of their own.
#[derive(Debug)]
pub(crate) struct Authority {
    folder: tempfile::TempDir,
}

impl Authority {
    /// The authority, and a server on this machine that it vouches for.
    pub(crate) fn new() -> Self {
        let authority = Self { folder: tempfile::tempdir().unwrap() };
        authority.openssl(&format!("{NEW} -subj /CN=peers -keyout authority.key -out authority.pem"));
        let server = "-subj /CN=here -keyout server.key -out server.pem -CA authority.pem -CAkey authority.key";
        let names = "-addext subjectAltName=IP:127.0.0.1,DNS:localhost -addext basicConstraints=critical,CA:FALSE";
        authority.openssl(&format!("{NEW} {server} {names}"));
        authority
    }

    /// What clients trust.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.path("authority.pem")
    }

    /// A file of it: `server.pem` and `server.key` are the server's, `authority.key` is its own.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A file of users and their passwords, as bcrypt hashes.
    pub(crate) fn users(&self, users: &[(&str, &str)]) -> PathBuf {
        let lines = users.iter().map(|(name, password)| must(Command::new("htpasswd").args(["-Bbn", name, password])));
        fs::write(self.path("users"), lines.collect::<String>()).unwrap();
        self.path("users")
    }

    /// Signs bytes with the authority's key, as JWT's RS256 does.
    pub(crate) fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        let file = tempfile::NamedTempFile::new_in(&self.folder).unwrap();
        fs::write(file.path(), bytes).unwrap();
        let signature = text(file.path()) + ".signature";
        self.openssl(&format!("dgst -sha256 -sign authority.key -out {signature} {}", text(file.path())));
        fs::read(signature).unwrap()
    }

    fn openssl(&self, arguments: &str) {
        must(Command::new("openssl").args(arguments.split(' ')).current_dir(&self.folder));
    }
}
