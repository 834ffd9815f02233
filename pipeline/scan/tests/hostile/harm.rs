//! Harm that is done to bytes of any format: cut, flipped, doubled, spliced, and words put in that formats trip over.

use proptest::prelude::*;

/// What is done to the bytes, at places that are taken modulo their length.
#[derive(Debug, Clone)]
pub(crate) enum Harm {
    Cut(usize),
    Flip(usize, u8),
    Double(usize, usize),
    Splice(usize, usize, usize),
    Put(usize, &'static str),
}

/// One thing that is done to bytes.
pub(crate) fn harm() -> impl Strategy<Value = Harm> {
    let place = any::<usize>;
    let words = [
        "\"",
        "{",
        "}",
        "[",
        ",",
        ":",
        "\\u",
        "null",
        "-1",
        "1e999",
        "0",
        "\n",
        "\t",
        "\u{1f}",
        "[",
        "]",
        "- ",
        "é",
        "18446744073709551616",
        "- &a [*a]\n",
        "\u{0}",
        "!!str ",
    ];
    prop_oneof![
        place().prop_map(Harm::Cut),
        (place(), any::<u8>()).prop_map(|(at, bit)| Harm::Flip(at, bit)),
        (place(), place()).prop_map(|(at, end)| Harm::Double(at, end)),
        (place(), place(), place()).prop_map(|(at, from, end)| Harm::Splice(at, from, end)),
        (place(), prop::sample::select(words.to_vec())).prop_map(|(at, word)| Harm::Put(at, word)),
    ]
}

/// Bytes to which all of these were done, one after the other.
pub(crate) fn harmed(bytes: &[u8], harms: &[Harm]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for harm in harms {
        let length = bytes.len().max(1);
        let piece = |bytes: &[u8], from: usize, end: usize| {
            let (from, end) = (from % length, end % length);
            bytes.get(from.min(end)..from.max(end)).unwrap_or_default().to_vec()
        };
        match *harm {
            Harm::Cut(at) => bytes.truncate(at % length),
            Harm::Flip(at, bits) => bytes.iter_mut().skip(at % length).take(1).for_each(|byte| *byte ^= bits),
            Harm::Double(from, end) => bytes.extend(piece(&bytes, from, end)),
            Harm::Splice(at, from, end) => {
                let piece = piece(&bytes, from, end);
                insert(&mut bytes, at % length, &piece);
            }
            Harm::Put(at, word) => insert(&mut bytes, at % length, word.as_bytes()),
        }
    }
    bytes
}

fn insert(bytes: &mut Vec<u8>, at: usize, piece: &[u8]) {
    let behind = bytes.split_off(at);
    bytes.extend_from_slice(piece);
    bytes.extend(behind);
}
