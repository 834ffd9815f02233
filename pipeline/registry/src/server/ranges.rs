//! Which bytes a client wants.
//!
//! In: the header `Range` and the size of the blob. Out: the whole, some ranges inside it, or nothing that exists.
//! Specification: <https://www.rfc-editor.org/rfc/rfc9110#section-14>.

/// Clients that fetch parts of layers ask for up to about a thousand at once.
const MOST_RANGES: usize = 2048;

/// Some bytes of a blob; never empty, never outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    /// The first byte's offset.
    pub(crate) start: u64,
    /// How many bytes.
    pub(crate) length: u64,
}

/// What a client wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Everything: no range, or one that must be ignored.
    Whole,
    /// These ranges, in the client's order; at least one.
    Parts(Vec<Span>),
    /// Only bytes that do not exist.
    Nothing,
}

impl Wanted {
    /// Reads the header. What is not a list of byte ranges is ignored, as the specification says, and so are ranges that would
    /// together be larger than the blob: nobody needs them, and they make a small request a large answer.
    pub(crate) fn parse(header: Option<&str>, size: u64) -> Self {
        let Some(list) = header.and_then(byte_ranges) else { return Self::Whole };
        let Ok(parts) = list.split(',').map(|text| part(text.trim(), size)).collect::<Result<Vec<_>, _>>() else {
            return Self::Whole;
        };
        let parts: Vec<Span> = parts.into_iter().flatten().collect();
        let total = parts.iter().fold(0_u64, |total, part| total.saturating_add(part.length));
        match parts.len() {
            0 => Self::Nothing,
            count if count > MOST_RANGES || total > size => Self::Whole,
            _ => Self::Parts(parts),
        }
    }
}

fn byte_ranges(header: &str) -> Option<&str> {
    let (unit, list) = header.split_once('=')?;
    unit.trim().eq_ignore_ascii_case("bytes").then_some(list)
}

/// A text that is no range at all.
struct NoRange;

/// `None` where the range is of bytes that do not exist; also where it ends before it begins.
fn part(text: &str, size: u64) -> Result<Option<Span>, NoRange> {
    let (first, last) = text.split_once('-').ok_or(NoRange)?;
    if first.is_empty() {
        let length = number(last)?.min(size);
        return Ok((length > 0).then(|| Span { start: size - length, length }));
    }
    let start = number(first)?;
    let end = if last.is_empty() { u64::MAX } else { number(last)? }.min(size.saturating_sub(1));
    Ok((start < size && start <= end).then(|| Span { start, length: end - start + 1 }))
}

/// A number that is too large is as good as the largest: no blob reaches it.
fn number(text: &str) -> Result<u64, NoRange> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { Ok(text.parse().unwrap_or(u64::MAX)) } else { Err(NoRange) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(header: &str) -> Vec<(u64, u64)> {
        match Wanted::parse(Some(header), 100) {
            Wanted::Parts(parts) => parts.into_iter().map(|part| (part.start, part.length)).collect(),
            other => panic!("{header}: {other:?}"),
        }
    }

    #[test]
    fn reads_ranges_from_both_ends() {
        assert_eq!(parts("bytes=0-0"), [(0, 1)]);
        assert_eq!(parts("bytes=10-"), [(10, 90)]);
        assert_eq!(parts("bytes=-10"), [(90, 10)]);
        assert_eq!(parts("BYTES=-1000"), [(0, 100)]);
        assert_eq!(parts("bytes=90-1000"), [(90, 10)]);
        assert_eq!(parts("bytes=0-99999999999999999999999"), [(0, 100)]);
    }

    #[test]
    fn reads_several_ranges_and_leaves_out_what_does_not_exist() {
        assert_eq!(parts("bytes=0-1, 10-19 ,-5"), [(0, 2), (10, 10), (95, 5)]);
        assert_eq!(parts("bytes=200-300,5-6"), [(5, 2)]);
    }

    #[test]
    fn nothing_exists_outside_or_backwards() {
        for header in ["bytes=100-", "bytes=5000-10000", "bytes=-0", "bytes=50-0", "bytes=100-,200-"] {
            assert_eq!(Wanted::parse(Some(header), 100), Wanted::Nothing, "{header}");
        }
        assert_eq!(Wanted::parse(Some("bytes=0-"), 0), Wanted::Nothing);
    }

    #[test]
    fn what_is_no_range_is_ignored() {
        for header in
            ["", "bytes", "bytes=", "bytes=a-b", "bytes=1", "bytes=-", "lines=0-1", "bytes=0-1,x", "bytes=+1-2"]
        {
            assert_eq!(Wanted::parse(Some(header), 100), Wanted::Whole, "{header}");
        }
        assert_eq!(Wanted::parse(None, 100), Wanted::Whole);
    }

    #[test]
    fn asking_for_more_than_there_is_gives_the_whole_once() {
        assert_eq!(Wanted::parse(Some("bytes=0-,0-,0-"), 100), Wanted::Whole);
        let many = format!("bytes={}", vec!["0-0"; MOST_RANGES + 1].join(","));
        assert_eq!(Wanted::parse(Some(&many), 1_000_000), Wanted::Whole);
    }
}
