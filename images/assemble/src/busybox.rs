//! The applets of a static busybox, read from the ELF file itself: nothing is executed.
//!
//! Busybox keeps their names as a sorted list of NUL-terminated words that begins with `[` and `[[`.

/// What the list begins with; anything may stand before it.
const START: &[u8] = b"[\0[[\0";

/// A longer list is none: busybox has some four hundred applets at most.
const MOST: usize = 1000;

/// The names of all applets; empty if the bytes hold no such list.
pub(crate) fn applets(elf: &[u8]) -> Vec<String> {
    let Some(start) = elf.windows(START.len()).position(|window| window == START) else { return Vec::new() };
    let words = elf[start..].split(|byte| *byte == 0);
    let is_name = |word: &&[u8]| {
        !word.is_empty() && word.len() < 40 && word.iter().all(|byte| byte.is_ascii_graphic() && *byte != b'/')
    };
    words.take_while(is_name).take(MOST).map(|word| String::from_utf8_lossy(word).into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_list_of_names() {
        let elf = b"\x7fELF....usage [\0[[\0acpid\0sh\0zcat\0\0rest\0";
        assert_eq!(applets(elf), ["[", "[[", "acpid", "sh", "zcat"]);
        assert!(applets(b"\x7fELF").is_empty());
    }
}
