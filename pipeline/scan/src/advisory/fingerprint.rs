//! Bytes in, 64 bits out: the same on every machine and in every release, because stored indexes hold them.

/// An odd number without pattern: the fraction of the golden ratio.
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// The fingerprint of a text.
pub(super) fn of_text(text: &str) -> u64 {
    let (words, rest) = text.as_bytes().as_chunks::<8>();
    let mut last = [0; 8];
    for (into, byte) in last.iter_mut().zip(rest) {
        *into = *byte;
    }
    let begun = join(FACTOR, text.len() as u64);
    let hash = words.iter().fold(begun, |hash, word| join(hash, u64::from_le_bytes(*word)));
    join(hash, u64::from_le_bytes(last))
}

/// One fingerprint out of what came before and what comes next.
pub(super) fn join(before: u64, next: u64) -> u64 {
    let mixed = (before.rotate_left(23) ^ next).wrapping_mul(FACTOR);
    mixed ^ (mixed >> 29)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_differ_at_any_place_have_other_fingerprints() {
        let text = "1:1.3.dfsg+really1.3.1-1+deb13u1";
        for at in 0..text.len() {
            let mut other = text.as_bytes().to_vec();
            other[at] ^= 1;
            assert_ne!(of_text(text), of_text(std::str::from_utf8(&other).unwrap()), "byte {at}");
        }
        assert_ne!(of_text(""), of_text("\0"));
        assert_ne!(join(1, 2), join(2, 1));
    }
}
