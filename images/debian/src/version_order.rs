//! The order of an upstream version or of a revision: runs of digits as numbers, all else by dpkg's weights.
//!
//! In: two parts of versions. Out: which is earlier. Numbers may have any length; an absent one is zero, as for dpkg.
//! Format: <https://www.debian.org/doc/debian-policy/ch-controlfields.html#version>.

use std::cmp::Ordering;

/// Compares non-digit and digit runs in turn, as Policy 5.6.12 says.
pub(crate) fn compare_part(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (left.as_bytes(), right.as_bytes());
    while !left.is_empty() || !right.is_empty() {
        let (left_word, left_rest) = split_run(left, |byte| !byte.is_ascii_digit());
        let (right_word, right_rest) = split_run(right, |byte| !byte.is_ascii_digit());
        let (left_number, left_next) = split_run(left_rest, u8::is_ascii_digit);
        let (right_number, right_next) = split_run(right_rest, u8::is_ascii_digit);
        let order = compare_words(left_word, right_word).then_with(|| compare_numbers(left_number, right_number));
        if order.is_ne() {
            return order;
        }
        (left, right) = (left_next, right_next);
    }
    Ordering::Equal
}

fn split_run(text: &[u8], belongs: impl Fn(&u8) -> bool) -> (&[u8], &[u8]) {
    text.split_at(text.iter().position(|byte| !belongs(byte)).unwrap_or(text.len()))
}

/// Tilde sorts before the end, the end before letters, letters before everything else.
fn compare_words(left: &[u8], right: &[u8]) -> Ordering {
    let weight = |byte: Option<&u8>| match byte {
        Some(b'~') => -1,
        None => 0,
        Some(byte) if byte.is_ascii_alphabetic() => i32::from(*byte),
        Some(byte) => i32::from(*byte) + 256,
    };
    let differs = |at: &usize| left.get(*at) != right.get(*at);
    let first = (0..left.len().max(right.len())).find(differs);
    first.map_or(Ordering::Equal, |at| weight(left.get(at)).cmp(&weight(right.get(at))))
}

/// Numbers of any length; an absent one counts as zero.
fn compare_numbers(left: &[u8], right: &[u8]) -> Ordering {
    let (_, left) = split_run(left, |byte| *byte == b'0');
    let (_, right) = split_run(right, |byte| *byte == b'0');
    left.len().cmp(&right.len()).then_with(|| left.cmp(right))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::Version;

    fn version(text: &str) -> Version {
        text.parse().unwrap()
    }

    #[test]
    fn orders_as_dpkg_does() {
        // Each line: ascending; every pair was put to dpkg 1.21.
        let ascending = [
            "0~~",
            "0~",
            "0",
            "0a",
            "0+",
            "0.1",
            "1~rc1",
            "1~rc1-1",
            "1",
            "1-1~deb13u1",
            "1-1",
            "1-1+b1",
            "1-1.1",
            "1-2",
            "1.2~",
            "1.2",
            "1.2a",
            "1.2+dfsg",
            "1.2.3",
            "1.10",
            "99999999999999999999998",
            "99999999999999999999999",
            "1:0",
            "2:0",
        ];
        for (at, left) in ascending.iter().enumerate() {
            for right in &ascending[at + 1..] {
                assert!(version(left) < version(right), "{left} {right}");
            }
        }
    }

    #[test]
    fn takes_an_absent_number_for_zero_as_dpkg_does() {
        for (left, right) in
            [("1.", "1.0"), ("1.0a", "1.0a0"), ("1-a", "1-a0"), ("1", "1-0"), ("00:1", "1"), ("1.01", "1.1")]
        {
            assert_eq!(version(left), version(right));
        }
    }

    proptest! {
        #[test]
        fn is_a_total_order(a in "[0-9][0-9a.~+-]{0,6}[0-9a]", b in "[0-9][0-9a.~+-]{0,6}[0-9a]", c in "[0-9][0-9a.~+-]{0,6}[0-9a]") {
            let (a, b, c) = (version(&a), version(&b), version(&c));
            prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
            if a <= b && b <= c { prop_assert!(a <= c); }
            if a == b { prop_assert_eq!(a.cmp(&c), b.cmp(&c)); }
        }

        #[test]
        fn a_tilde_is_earlier_and_a_suffix_is_later(text in "[0-9][0-9a-z.]{0,8}") {
            let suffixed = |suffix: &str| version(&(text.clone() + suffix));
            prop_assert!(suffixed("~x") < version(&text), "tilde");
            prop_assert!(suffixed("+x") > version(&text), "plus");
        }
    }
}
