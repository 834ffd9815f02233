//! How many files this process may have open: each connection is one, and each blob that is sent.
//!
//! In: nothing. Out: the limit, raised as far as the system allows without privileges, and how many connections fit.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What is kept for blobs and all else, at least.
const KEPT: u64 = 64;

/// Raises the soft limit to the hard one, and says what it is now; nothing where there is none.
pub(crate) fn raise_limit() -> Option<u64> {
    let now = getrlimit(Resource::Nofile);
    if now.current == now.maximum {
        return now.current;
    }
    match setrlimit(Resource::Nofile, Rlimit { current: now.maximum, maximum: now.maximum }) {
        Ok(()) => now.maximum,
        Err(reason) => {
            tracing::warn!("the limit of open files stays at {:?}, it cannot be raised: {reason}", now.current);
            now.current
        }
    }
}

/// How many of the wanted connections fit: a quarter of the files is kept for blobs and all else.
pub(crate) fn connections(wanted: u32, files: Option<u64>) -> u32 {
    let Some(files) = files else { return wanted.max(1) };
    let fit = u32::try_from(files.saturating_sub(KEPT.max(files / 4))).unwrap_or(u32::MAX);
    if fit < wanted {
        tracing::warn!("{wanted} connections are set, {fit} are taken at once: the limit of open files is {files}");
    }
    wanted.min(fit).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_soft_limit_becomes_the_hard_one() {
        let limit = raise_limit();
        let now = getrlimit(Resource::Nofile);
        assert_eq!((limit, now.current), (now.maximum, now.maximum));
    }

    #[test]
    fn connections_leave_files_for_blobs() {
        for (wanted, files, expected) in [
            (16_384, None, 16_384),
            (16_384, Some(1_048_576), 16_384),
            (16_384, Some(20_000), 15_000),
            (16_384, Some(100), 36),
            (16_384, Some(10), 1),
            (0, None, 1),
        ] {
            assert_eq!(connections(wanted, files), expected, "{wanted} {files:?}");
        }
    }
}
