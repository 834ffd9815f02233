//! Many strings in one text, each named by its number: no allocation for each, and one copy of what repeats.

use super::fingerprint;

/// The number that means "no string".
pub(super) const NONE: u32 = u32::MAX;
/// After so many other strings in a row a string is kept twice: strings chosen to collide cost memory, not time.
const PROBES: usize = 32;

/// Strings by number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Strings {
    /// All of them, one behind the other.
    pub(super) text: String,
    /// Where each ends.
    pub(super) ends: Vec<u32>,
}

/// Strings while they come, with what is needed to find one again.
#[derive(Debug, Default)]
pub(super) struct Interner {
    strings: Strings,
    fingerprints: Vec<u64>,
    /// Numbers by fingerprint; its length is a power of two.
    slots: Vec<u32>,
}

impl Strings {
    /// The string of that number; empty for [`NONE`] and for numbers that nothing has.
    pub(super) fn get(&self, number: u32) -> &str {
        let at = number as usize;
        let Some(end) = self.ends.get(at) else { return "" };
        let begin = at.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        self.text.get(begin as usize..*end as usize).unwrap_or_default()
    }

    /// The string of that number, if it is one.
    pub(super) fn get_some(&self, number: u32) -> Option<&str> {
        (number != NONE).then(|| self.get(number))
    }

    /// Whether every number below the count names a piece of the text, and together they are all of it.
    pub(super) fn are_sound(&self) -> bool {
        let mut begin = 0;
        for end in &self.ends {
            if *end < begin || !self.text.is_char_boundary(*end as usize) {
                return false;
            }
            begin = *end;
        }
        begin as usize == self.text.len()
    }
}

impl Interner {
    /// The number of a string; `like` is a number that may well be it. None when there is no more room.
    pub(super) fn number(&mut self, text: &str, like: u32) -> Option<u32> {
        if like != NONE && self.strings.get(like) == text {
            return Some(like);
        }
        if self.strings.ends.len() * 2 >= self.slots.len() {
            self.grow();
        }
        let fingerprint = fingerprint::of_text(text);
        let slot = match self.find(text, fingerprint) {
            Ok(number) => return Some(number),
            Err(slot) => slot,
        };
        let number = self.append(text, fingerprint)?;
        if let Some(slot) = slot.and_then(|slot| self.slots.get_mut(slot)) {
            *slot = number;
        }
        Some(number)
    }

    /// Fingerprint of the string of that number.
    pub(super) fn fingerprint(&self, number: u32) -> u64 {
        self.fingerprints.get(number as usize).copied().unwrap_or(0)
    }

    /// The strings so far.
    pub(super) fn strings(&self) -> &Strings {
        &self.strings
    }

    /// The strings, without what found them.
    pub(super) fn into_strings(mut self) -> Strings {
        self.strings.text.shrink_to_fit();
        self.strings
    }

    /// The number, or the slot where it may go.
    fn find(&self, text: &str, fingerprint: u64) -> Result<u32, Option<usize>> {
        for slot in probes(fingerprint, self.slots.len()) {
            match self.slots.get(slot).copied() {
                None => break,
                Some(NONE) => return Err(Some(slot)),
                Some(number) if self.fingerprint(number) == fingerprint && self.strings.get(number) == text => {
                    return Ok(number);
                }
                Some(_) => {}
            }
        }
        Err(None)
    }

    fn append(&mut self, text: &str, fingerprint: u64) -> Option<u32> {
        let end = u32::try_from(self.strings.text.len() + text.len()).ok()?;
        let number = u32::try_from(self.strings.ends.len()).ok().filter(|number| *number < NONE)?;
        self.strings.text.push_str(text);
        self.strings.ends.push(end);
        self.fingerprints.push(fingerprint);
        Some(number)
    }

    fn grow(&mut self) {
        let length = (self.slots.len() * 2).max(1 << 12);
        self.slots = vec![NONE; length];
        for (number, fingerprint) in (0..).zip(&self.fingerprints) {
            let free = probes(*fingerprint, length).find(|slot| self.slots.get(*slot) == Some(&NONE));
            if let Some(slot) = free.and_then(|slot| self.slots.get_mut(slot)) {
                *slot = number;
            }
        }
    }
}

/// The slots in which a string may be, in their order.
fn probes(fingerprint: u64, slots: usize) -> impl Iterator<Item = usize> {
    let mask = slots.wrapping_sub(1);
    let first = usize::try_from(fingerprint >> 32).unwrap_or(0);
    (0..PROBES).map(move |step| first.wrapping_add(step) & mask)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_has_one_number_however_often_it_comes() {
        let mut interner = Interner::default();
        let numbers: Vec<u32> = (0..20_000).map(|at| interner.number(&format!("s{at}"), NONE).unwrap()).collect();
        for (at, number) in numbers.iter().enumerate() {
            assert_eq!(interner.number(&format!("s{at}"), NONE), Some(*number));
            assert_eq!(interner.strings().get(*number), format!("s{at}"));
        }
        assert_eq!(interner.number("", NONE), Some(20_000));
        let strings = interner.into_strings();
        assert!(strings.are_sound());
        assert_eq!((strings.ends.len(), strings.get(20_000), strings.get(NONE)), (20_001, "", ""));
    }

    #[test]
    fn torn_tables_are_not_sound() {
        let sound = Strings { text: "aé".into(), ends: vec![1, 3] };
        assert!(sound.are_sound());
        for ends in [vec![1], vec![2, 3], vec![3, 1], vec![1, 4]] {
            assert!(!Strings { text: "aé".into(), ends }.are_sound());
        }
    }
}
