//! One stanza of a control file: field names and their values, borrowed from the text.
//!
//! In: text of `Name: value` lines, continuation lines indented. Out: the paragraphs, each field with its line.
//! Format: <https://www.debian.org/doc/debian-policy/ch-controlfields.html#syntax-of-control-files>.

/// A field as it stands in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field<'a> {
    /// The name as written.
    pub name: &'a str,
    /// The value without the blanks around it. Continuation lines keep their indentation; a value that starts on the line
    /// after its name starts with that line break.
    pub value: &'a str,
    /// The line of the name, counted from 1.
    pub line: usize,
}

/// A stanza: fields in the order of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paragraph<'a> {
    fields: Vec<Field<'a>>,
}

/// Why a text is no control file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParagraphError {
    /// A line that is neither field, continuation, comment nor blank.
    #[error("line {line} is `{text}`: expected `Name: value`, or an indented continuation of the line before")]
    NotAField {
        /// Its number, from 1.
        line: usize,
        /// Its start.
        text: String,
    },
    /// A field that is there twice.
    #[error("line {line} repeats the field `{name}`: expected each field once")]
    Repeated {
        /// The number of the second, from 1.
        line: usize,
        /// The field.
        name: String,
    },
    /// Not exactly one paragraph.
    #[error("expected one paragraph, found {0}")]
    NotOne(usize),
}

impl<'a> Paragraph<'a> {
    /// The only paragraph of a text, such as the control file of a package.
    pub fn parse(text: &'a str) -> Result<Self, ParagraphError> {
        let mut all = Self::parse_all(text)?;
        match (all.len(), all.pop()) {
            (1, Some(only)) => Ok(only),
            (count, _) => Err(ParagraphError::NotOne(count)),
        }
    }

    /// All paragraphs of a text. Lines that start with `#` are comments.
    pub fn parse_all(text: &'a str) -> Result<Vec<Self>, ParagraphError> {
        let mut parser = Parser { text, at: 0, value_at: 0, fields: Vec::new(), paragraphs: Vec::new() };
        for (number, line) in text.split_inclusive('\n').enumerate() {
            parser.take(line, number + 1)?;
            parser.at += line.len();
        }
        parser.close();
        Ok(parser.paragraphs)
    }

    /// The value of the field, whatever the case of its name.
    pub fn get(&self, name: &str) -> Option<&'a str> {
        self.field(name).map(|field| field.value)
    }

    /// The field with its line, whatever the case of its name.
    pub fn field(&self, name: &str) -> Option<&Field<'a>> {
        self.fields.iter().find(|field| field.name.eq_ignore_ascii_case(name))
    }

    /// All fields, in the order of the text.
    pub fn fields(&self) -> &[Field<'a>] {
        &self.fields
    }

    /// The lines of a value without their blanks; empty ones are left out.
    pub fn lines(&self, name: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        self.get(name).unwrap_or_default().lines().map(str::trim_ascii).filter(|line| !line.is_empty())
    }
}

struct Parser<'a> {
    text: &'a str,
    /// Where the line starts.
    at: usize,
    /// Where the last field's value starts.
    value_at: usize,
    fields: Vec<Field<'a>>,
    paragraphs: Vec<Paragraph<'a>>,
}

impl<'a> Parser<'a> {
    fn take(&mut self, line: &'a str, number: usize) -> Result<(), ParagraphError> {
        if line.trim_ascii().is_empty() {
            self.close();
        } else if line.starts_with([' ', '\t']) {
            let field = self.fields.last_mut().ok_or_else(|| not_a_field(line, number))?;
            field.value = self.text[self.value_at..self.at + line.len()].trim_ascii_end();
        } else if !line.starts_with('#') {
            self.push(line, number)?;
        }
        Ok(())
    }

    fn push(&mut self, text: &'a str, line: usize) -> Result<(), ParagraphError> {
        let (name, value) = split_field(text).ok_or_else(|| not_a_field(text, line))?;
        if self.fields.iter().any(|field| field.name.eq_ignore_ascii_case(name)) {
            return Err(ParagraphError::Repeated { line, name: name.to_owned() });
        }
        let rest = text[name.len() + 1..].trim_start_matches([' ', '\t']);
        self.value_at = self.at + text.len() - rest.len();
        self.fields.push(Field { name, value, line });
        Ok(())
    }

    fn close(&mut self) {
        if !self.fields.is_empty() {
            self.paragraphs.push(Paragraph { fields: std::mem::take(&mut self.fields) });
        }
    }
}

/// Splits `Name: value`; the name is not empty and has neither blanks nor control characters.
pub(crate) fn split_field(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once(':')?;
    let good = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic()) && !name.starts_with(['#', '-']);
    good.then(|| (name, value.trim_ascii()))
}

fn not_a_field(text: &str, line: usize) -> ParagraphError {
    ParagraphError::NotAField { line, text: text.trim_end().chars().take(80).collect() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TEXT: &str =
        "# comment\nPackage: tiny\nDescription: short\n long\n .\n\tmore  \n\n \nPackage: two\nempty:\n one\n";

    #[test]
    fn reads_fields_with_their_lines() {
        let all = Paragraph::parse_all(TEXT).unwrap();
        assert_eq!(all.len(), 2);
        assert_eq!(all[0].get("package"), Some("tiny"));
        assert_eq!(all[0].get("DESCRIPTION"), Some("short\n long\n .\n\tmore"));
        assert_eq!(all[0].field("Description").unwrap().line, 3);
        assert_eq!(all[1].get("empty"), Some("\n one"));
        assert_eq!(all[1].lines("Empty").collect::<Vec<_>>(), ["one"]);
        assert_eq!(all[1].get("Absent"), None);
    }

    #[test]
    fn names_the_line_that_is_wrong() {
        let error = Paragraph::parse_all("A: b\nnonsense\n").unwrap_err();
        assert!(error.to_string().starts_with("line 2 is `nonsense`: expected `Name: value`"), "{error}");
        let error = Paragraph::parse_all("\n indented\n").unwrap_err();
        assert!(error.to_string().starts_with("line 2 is ` indented`"), "{error}");
        let error = Paragraph::parse("A: b\na: c\n").unwrap_err();
        assert_eq!(error.to_string(), "line 2 repeats the field `a`: expected each field once");
    }

    #[test]
    fn one_paragraph_means_one() {
        assert_eq!(Paragraph::parse(""), Err(ParagraphError::NotOne(0)));
        assert_eq!(Paragraph::parse(TEXT), Err(ParagraphError::NotOne(2)));
    }

    proptest! {
        #[test]
        fn never_panics(text in "[A-c:# \t\r\n.ä\u{0}-]{0,60}") {
            let _ = Paragraph::parse_all(&text);
        }

        #[test]
        fn agrees_with_deb822_fast(fields in prop::collection::btree_map("[A-Z][a-z]{0,6}", "[a-z0-9]{1,5}(\n [a-z.]{1,4}){0,3}", 1..5)) {
            let text: String = fields.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
            let ours = Paragraph::parse(&text).unwrap();
            let theirs = deb822_fast::borrowed::parse_borrowed(&text).unwrap();
            for field in theirs[0].iter() {
                prop_assert_eq!(ours.lines(field.name()).collect::<Vec<_>>().join("\n"), field.join());
            }
            prop_assert_eq!(ours.fields().len(), theirs[0].len());
        }
    }
}
