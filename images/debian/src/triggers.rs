//! What a package asks dpkg to run when others are unpacked, and what it sets off itself.
//!
//! In: the `triggers` member of a control archive. Out: the names on both sides.
//! Format: <https://man7.org/linux/man-pages/man5/deb-triggers.5.html>.

/// The triggers of one package; whether somebody waits for them makes no difference here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Triggers {
    /// Paths and names that the package wants to hear of.
    pub interest: Vec<String>,
    /// Paths and names that installing the package sets off.
    pub activate: Vec<String>,
}

/// A line that dpkg would refuse.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "line {line} of the triggers file is `{text}`: expected `interest`, `activate` or one of their -await and -noawait forms, and a name"
)]
pub struct TriggersError {
    /// Its number, from 1.
    pub line: usize,
    /// Its start.
    pub text: String,
}

impl Triggers {
    /// Reads the file; what follows a `#` is a comment.
    pub fn parse(text: &str) -> Result<Self, TriggersError> {
        let mut triggers = Self::default();
        for (number, line) in text.lines().enumerate() {
            let plain = line.split('#').next().unwrap_or_default();
            if !plain.trim_ascii().is_empty() {
                let bad = || TriggersError { line: number + 1, text: line.chars().take(80).collect() };
                triggers.add(plain).ok_or_else(bad)?;
            }
        }
        Ok(triggers)
    }

    fn add(&mut self, line: &str) -> Option<()> {
        let mut words = line.split_ascii_whitespace();
        let list = match words.next()? {
            "interest" | "interest-await" | "interest-noawait" => &mut self.interest,
            "activate" | "activate-await" | "activate-noawait" => &mut self.activate,
            _ => return None,
        };
        list.push(words.next()?.to_owned());
        words.next().is_none().then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_sides() {
        let triggers =
            Triggers::parse("# by dh\ninterest-noawait /usr/share/icons\n\nactivate ldconfig # x\n").unwrap();
        assert_eq!(triggers.interest, ["/usr/share/icons"]);
        assert_eq!(triggers.activate, ["ldconfig"]);
        assert_eq!(Triggers::parse("").unwrap(), Triggers::default());
    }

    #[test]
    fn names_the_line_that_is_wrong() {
        for text in ["watch x", "interest", "activate a b"] {
            let error = Triggers::parse(&format!("\n{text}\n")).unwrap_err().to_string();
            assert!(error.starts_with(&format!("line 2 of the triggers file is `{text}`: expected")), "{error}");
        }
    }
}
