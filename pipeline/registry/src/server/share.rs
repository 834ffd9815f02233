//! How much of the memory for answers one answer gets: much while there are few, little while there are many.
//!
//! In: nothing. Out: a [`Share`] for as long as an answer is sent, and how much it may read at once. Otherwise some thousand clients that take
//! nothing would fill the memory with what was read for them.

use std::sync::atomic::{AtomicU64, Ordering};

/// What all answers together read at once, about; while they are few each has as much again ready.
const TOGETHER: u64 = 32 * 1024 * 1024;
/// What one answer reads at once, at most: more is no faster.
const MOST: u64 = 256 * 1024;
/// What one answer reads at once, at least: less is slow for all.
const LEAST: u64 = 8 * 1024;

/// How many answers are being sent by this process.
static ANSWERS: AtomicU64 = AtomicU64::new(0);

/// One answer's place among all.
#[derive(Debug)]
pub(crate) struct Share(());

impl Share {
    /// Begins an answer.
    pub(crate) fn begin() -> Self {
        ANSWERS.fetch_add(1, Ordering::Relaxed);
        Self(())
    }

    /// How many bytes it may read now.
    #[expect(clippy::unused_self, reason = "only who has a place asks")]
    pub(crate) fn size(&self) -> u64 {
        size(ANSWERS.load(Ordering::Relaxed))
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        ANSWERS.fetch_sub(1, Ordering::Relaxed);
    }
}

/// How much of an answer may wait for its client while more of it is read: a piece while there is memory for that, which is faster.
pub(crate) fn ahead() -> u64 {
    if size(ANSWERS.load(Ordering::Relaxed)) == MOST { MOST } else { LEAST }
}

fn size(answers: u64) -> u64 {
    (TOGETHER / answers.max(1)).clamp(LEAST, MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_answers_read_less_each() {
        for (answers, expected) in
            [(0, MOST), (1, MOST), (128, MOST), (256, MOST / 2), (1024, 32 * 1024), (100_000, LEAST)]
        {
            assert_eq!(size(answers), expected, "{answers}");
        }
    }

    #[test]
    fn a_place_is_given_back() {
        // Other tests have places too; but not thousands.
        let places: Vec<Share> = (0..10_000).map(|_| Share::begin()).collect();
        assert_eq!((places[0].size(), ahead()), (LEAST, LEAST));
        drop(places);
        assert_eq!((Share::begin().size(), ahead()), (MOST, MOST));
    }
}
