//! The users and their passwords' hashes.
//!
//! In: a file with a line `user:hash` for each user, as `htpasswd -B` writes it. Out: [`Users`], or the line that is wrong. A line's text is never
//! repeated: it may hold a password.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use bcrypt::HashParts;

/// Larger files are refused.
const LARGEST_FILE: u64 = 4 * 1024 * 1024;
/// More than this takes seconds for each check, and the next step twice as long.
const HIGHEST_COST: u32 = 16;
/// Lower ones do not exist.
const LOWEST_COST: u32 = 4;
/// Salt and hash that no password has.
const DECOY: &str = "......................xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxu";

/// Why a file of users cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum HtpasswdError {
    /// The operating system refuses.
    #[error("the file of users `{}` cannot be read: {reason}; make it with `htpasswd -B -c FILE USER`", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        reason: std::io::Error,
    },
    /// It has no users or too many, or it is no text.
    #[error("the file of users `{}` {reason}: expected lines `user:hash`, as `htpasswd -B` writes them", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A line is wrong.
    #[error("the file of users `{}`, line {line}: {reason}; make the line again with `htpasswd -B`", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
}

/// The users of a file.
#[derive(PartialEq, Eq)]
pub(crate) struct Users {
    hashes: BTreeMap<String, String>,
    decoy: String,
}

impl Users {
    /// Reads a file.
    pub(crate) fn read(path: &Path) -> Result<Self, HtpasswdError> {
        let failed = |reason| HtpasswdError::File { path: path.to_owned(), reason };
        let content = |reason| HtpasswdError::Content { path: path.to_owned(), reason };
        let mut bytes = Vec::new();
        let file = std::fs::File::open(path).map_err(failed)?;
        file.take(LARGEST_FILE + 1).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() as u64 > LARGEST_FILE {
            return Err(content("has more than 4 MiB"));
        }
        let text = String::from_utf8(bytes).map_err(|_| content("is no text"))?;
        let wrong = |(line, reason)| HtpasswdError::Line { path: path.to_owned(), line, reason };
        let hashes = parse(&text).map_err(wrong)?;
        let cost = hashes.values().map(|(_, cost)| *cost).max().ok_or_else(|| content("names no user"))?;
        let hashes = hashes.into_iter().map(|(user, (hash, _))| (user, hash)).collect();
        Ok(Self { hashes, decoy: format!("$2y${cost:02}${DECOY}") })
    }

    /// The hash of a user's password.
    pub(crate) fn hash(&self, user: &str) -> Option<&str> {
        self.hashes.get(user).map(String::as_str)
    }

    /// A hash that takes as long to check as the users' do, for those who are none.
    pub(crate) fn decoy(&self) -> &str {
        &self.decoy
    }
}

/// Hash and cost by user; or the number of the line that is wrong, and why.
fn parse(text: &str) -> Result<BTreeMap<String, (String, u32)>, (usize, String)> {
    let mut users = BTreeMap::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let wrong = |reason: String| (number + 1, reason);
        let (user, hash) = line.split_once(':').ok_or_else(|| wrong("it has no `:`".to_owned()))?;
        if user.is_empty() || user == "*" {
            return Err(wrong("a user needs a name other than `*`".to_owned()));
        }
        let cost = cost(hash).map_err(|reason| wrong(format!("user `{user}`: {reason}")))?;
        if users.insert(user.to_owned(), (hash.to_owned(), cost)).is_some() {
            return Err(wrong(format!("user `{user}` stands twice")));
        }
    }
    Ok(users)
}

fn cost(hash: &str) -> Result<u32, String> {
    if !["$2y$", "$2b$", "$2a$"].iter().any(|prefix| hash.starts_with(prefix)) {
        return Err("the password is not hashed by bcrypt".to_owned());
    }
    let parts: HashParts = hash.parse().map_err(|_| "the bcrypt hash is damaged".to_owned())?;
    match parts.get_cost() {
        cost if (LOWEST_COST..=HIGHEST_COST).contains(&cost) => Ok(cost),
        cost => Err(format!("a bcrypt cost of {cost} is refused, expected {LOWEST_COST} to {HIGHEST_COST}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: &str = "ann:$2y$05$bvIG6Nmid91Mu9RcmmWZfO5HJIMCT8riNW0hEp8f6/FuA2/mHZFpe";

    fn read(text: impl AsRef<[u8]>) -> Result<Users, HtpasswdError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("users");
        std::fs::write(&path, text).unwrap();
        Users::read(&path)
    }

    fn refusal(text: impl AsRef<[u8]>) -> String {
        read(text).err().unwrap().to_string()
    }

    #[test]
    fn reads_users_between_comments_and_empty_lines() {
        let users = read(format!("# users\n\n{ANN}\r\n{}\n", ANN.replace("ann", "bob").replace("$05", "$07"))).unwrap();
        assert_eq!(users.hash("ann"), Some(&ANN[4..]));
        assert!(users.hash("bob").is_some() && users.hash("cyd").is_none());
        assert!(users.decoy().starts_with("$2y$07$"), "as slow as the slowest");
    }

    #[test]
    fn the_decoy_can_be_checked_and_is_nobodys() {
        let users = read(ANN).unwrap();
        assert!(!bcrypt::verify("", users.decoy()).unwrap());
    }

    #[test]
    fn a_bad_line_is_named_without_what_stands_in_it() {
        for (line, expected) in [
            ("bob:$apr1$lZL6V/ci$eIMz/iKDkbtys/uU7LEK00", "line 2: user `bob`: the password is not hashed by bcrypt;"),
            ("bob:{SHA}VBPuJHI7uixaa6LQGWx4s+5GKNE=", "not hashed by bcrypt"),
            ("bob:secret", "not hashed by bcrypt"),
            ("secret", "it has no `:`"),
            (":$2y$05$bvIG6Nmid91Mu9RcmmWZfO5HJIMCT8riNW0hEp8f6/FuA2/mHZFpe", "needs a name"),
            ("bob:$2y$05$short", "damaged"),
            ("bob:$2y$31$bvIG6Nmid91Mu9RcmmWZfO5HJIMCT8riNW0hEp8f6/FuA2/mHZFpe", "cost of 31 is refused"),
            (ANN, "user `ann` stands twice"),
        ] {
            let error = refusal(format!("{ANN}\n{line}\n"));
            assert!(error.contains(expected) && error.contains("line 2"), "{error}");
            assert!(!error.contains("secret") && !error.contains("mHZFpe"), "{error}");
        }
    }

    #[test]
    fn a_file_without_users_is_refused() {
        assert!(refusal("# nobody\n").contains("names no user"));
        assert!(refusal([0xff, b':', b'x']).contains("is no text"));
        assert!(Users::read(Path::new("none")).err().unwrap().to_string().contains("`none` cannot be read"));
    }
}
