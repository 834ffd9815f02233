//! Whether a password is right.
//!
//! In: a user and a password. Out: yes, no, or that too many are being checked. A check by bcrypt is made to be slow: so right pairs are
//! remembered for a while, as a keyed hash from which nobody gets the password back; half of the cores check at most; and who is no user waits as
//! long as who is one.

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

use super::AccessError;
use super::credentials::Login;
use super::htpasswd::Users;
use super::tokens::TokenKey;
use crate::server::reloading::Reloading;

/// How long a right pair is remembered.
const REMEMBERED_FOR: Duration = Duration::from_mins(5);
/// How many right pairs are remembered.
const MOST_REMEMBERED: usize = 1024;
/// How many checks may be under way or wait for their turn.
const MOST_CHECKS: usize = 64;

/// What a check says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Checked {
    Right,
    Wrong,
    /// Too many are waiting: nothing was checked.
    Busy,
}

/// A keyed hash of a user, a password, and the hash in the file that they are right by.
type Pair = [u8; 32];

/// Checks passwords.
pub(crate) struct Passwords {
    users: Reloading<Users>,
    key: TokenKey,
    right: Mutex<HashMap<Pair, Instant>>,
    places: Semaphore,
    turns: Arc<Semaphore>,
}

impl Passwords {
    /// The users of a file.
    pub(crate) fn new(path: PathBuf) -> Result<Self, AccessError> {
        let users = Reloading::new("the file of users", vec![path], |paths: &[PathBuf]| Users::read(&paths[0]))?;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self {
            users,
            key: TokenKey::random().ok_or(AccessError::Random)?,
            right: Mutex::default(),
            places: Semaphore::new(MOST_CHECKS),
            turns: Arc::new(Semaphore::new((cores / 2).max(1))),
        })
    }

    /// Whether there is such a user now.
    pub(crate) fn know(&self, user: &str) -> bool {
        self.users.current().hash(user).is_some()
    }

    /// Whether the password is the user's.
    pub(crate) async fn check(&self, login: &Login) -> Checked {
        let users = self.users.current();
        let hash = users.hash(&login.user);
        let pair = hash.map(|hash| self.key.hash(&[&login.user, &login.password, hash]));
        if pair.is_some_and(|pair| self.remembers(&pair)) {
            return Checked::Right;
        }
        let checked = self.compare(&login.password, hash.unwrap_or(users.decoy())).await;
        match (checked, pair) {
            (Checked::Right, Some(pair)) => {
                self.remember(pair);
                Checked::Right
            }
            (Checked::Busy, _) => Checked::Busy,
            _ => Checked::Wrong,
        }
    }

    /// Waits for a turn and runs bcrypt. A client that goes away gives up its place, but not a turn that has begun.
    async fn compare(&self, password: &str, hash: &str) -> Checked {
        let Ok(_place) = self.places.try_acquire() else { return Checked::Busy };
        let Ok(turn) = Arc::clone(&self.turns).acquire_owned().await else { return Checked::Busy };
        let (password, hash) = (password.to_owned(), hash.to_owned());
        let work = move || {
            let right = bcrypt::verify(password, &hash);
            drop(turn);
            right
        };
        match tokio::task::spawn_blocking(work).await {
            Ok(Ok(true)) => Checked::Right,
            _ => Checked::Wrong,
        }
    }

    fn remembers(&self, pair: &Pair) -> bool {
        let right = self.right.lock().unwrap_or_else(PoisonError::into_inner);
        right.get(pair).is_some_and(|until| Instant::now() < *until)
    }

    fn remember(&self, pair: Pair) {
        let mut right = self.right.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if right.len() >= MOST_REMEMBERED {
            right.retain(|_, until| now < *until);
        }
        if right.len() >= MOST_REMEMBERED {
            right.clear();
        }
        right.insert(pair, now + REMEMBERED_FOR);
    }
}

impl fmt::Debug for Passwords {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Passwords").field("users", &self.users).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(user: &str, password: &str) -> Login {
        Login { user: user.to_owned(), password: password.to_owned() }
    }

    fn passwords(cost: u32) -> (tempfile::TempDir, Passwords) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("users");
        std::fs::write(&path, format!("ann:{}\n", bcrypt::hash("right", cost).unwrap())).unwrap();
        (folder, Passwords::new(path).unwrap())
    }

    #[tokio::test]
    async fn only_the_users_own_password_is_right() {
        let (_folder, passwords) = passwords(4);
        assert_eq!(passwords.check(&login("ann", "right")).await, Checked::Right);
        for (user, password) in [("ann", "wrong"), ("ann", ""), ("bob", "right"), ("", ""), ("ann ", "right")] {
            assert_eq!(passwords.check(&login(user, password)).await, Checked::Wrong, "{user}");
        }
        assert!(passwords.know("ann") && !passwords.know("bob"));
    }

    #[tokio::test]
    async fn a_right_pair_is_not_computed_again_but_a_wrong_one_is() {
        let (_folder, passwords) = passwords(4);
        passwords.check(&login("ann", "right")).await;
        let _all = passwords.places.try_acquire_many(u32::try_from(MOST_CHECKS).unwrap()).unwrap();
        assert_eq!(passwords.check(&login("ann", "right")).await, Checked::Right);
        assert_eq!(passwords.check(&login("ann", "wrong")).await, Checked::Busy);
        assert_eq!(passwords.check(&login("bob", "x")).await, Checked::Busy);
    }

    #[tokio::test]
    async fn what_is_remembered_is_bounded() {
        let (_folder, passwords) = passwords(4);
        for number in 0..3 * MOST_REMEMBERED {
            passwords.remember(passwords.key.hash(&[&number.to_string()]));
        }
        assert!(passwords.right.lock().unwrap().len() <= MOST_REMEMBERED);
        passwords.check(&login("ann", "right")).await;
        let _all = passwords.places.try_acquire_many(u32::try_from(MOST_CHECKS).unwrap()).unwrap();
        assert_eq!(passwords.check(&login("ann", "right")).await, Checked::Right);
    }

    #[tokio::test]
    async fn a_flood_leaves_half_of_the_cores_alone() {
        let (_folder, passwords) = passwords(4);
        let turns = passwords.turns.available_permits();
        assert!(turns == 1 || turns <= std::thread::available_parallelism().unwrap().get() / 2);
    }

    #[tokio::test]
    async fn who_is_no_user_waits_as_long_as_who_is_one() {
        let (_folder, passwords) = passwords(9);
        let mut times = [Duration::ZERO; 2];
        for _ in 0..3 {
            for (time, user) in times.iter_mut().zip(["ann", "bob"]) {
                let start = Instant::now();
                passwords.check(&login(user, "wrong")).await;
                *time += start.elapsed();
            }
        }
        assert!(times[1] > times[0] / 3, "{times:?}");
    }
}
