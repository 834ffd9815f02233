//! An image's version and tags, from the version of the package that it is about.
//!
//! In: a Debian version, a definition's templates. Out: tags that move (`3.13`, `latest`) and one that never does
//! (`3.13.5-20261123T140000Z`: version and snapshot time).

use debian::Version;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use oci::Tag;

use crate::definition::Definition;
use crate::expand::{TemplateError, fill_template};

/// Why a tag template gives no tag.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("definition `{definition}` has the tag template `{template}`: {reason}")]
pub struct TagError {
    /// The definition.
    pub definition: String,
    /// The template.
    pub template: String,
    /// What is wrong with it.
    pub reason: String,
}

/// The upstream version as users know it: `21.0.13.1+2-1~deb13u1` is `21.0.13.1`, `20.19.2+dfsg-1` is `20.19.2`.
pub fn image_version(version: &Version) -> String {
    let upstream = version.upstream();
    let end = upstream.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(upstream.len());
    let numbers = upstream[..end].trim_end_matches('.');
    if numbers.is_empty() { upstream.replace(['+', '~', ':'], "-") } else { numbers.to_owned() }
}

/// The tags that move to each new image of this definition.
pub fn moving_tags(definition: &Definition, version: &str) -> Result<Vec<Tag>, TagError> {
    let mut numbers = version.split('.');
    let mut next = || numbers.next().unwrap_or("0");
    let (major, minor, patch) = (next(), next(), next());
    let value = |name: &str| match name {
        "version" => Some(version),
        "major" => Some(major),
        "minor" => Some(minor),
        "patch" => Some(patch),
        "release" => Some(definition.release.as_str()),
        _ => None,
    };
    let error = |template: &str, reason: String| TagError {
        definition: definition.name.clone(),
        template: template.to_owned(),
        reason,
    };
    let fill = |template: &String| {
        let text = fill_template(template, value).map_err(|problem| match problem {
            TemplateError::Unknown(name) => {
                error(template, format!("`${{{name}}}` is none of version, major, minor, patch, release"))
            }
            TemplateError::Unclosed => error(template, "`${` without `}`".into()),
        })?;
        text.parse::<Tag>().map_err(|problem| error(template, problem.to_string()))
    };
    let mut tags = definition.tags.iter().map(fill).collect::<Result<Vec<_>, _>>()?;
    tags.dedup();
    Ok(tags)
}

/// The tag that is given once and never moves.
pub fn fixed_tag(definition: &Definition, version: &str, snapshot: Timestamp) -> Result<Tag, TagError> {
    let variant = definition.name.strip_prefix(definition.repository()).unwrap_or_default();
    let time = snapshot.to_zoned(TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ");
    let text = format!("{version}{variant}-{time}");
    text.parse().map_err(|problem: oci::NameError| TagError {
        definition: definition.name.clone(),
        template: text.clone(),
        reason: problem.to_string(),
    })
}

/// What stands between the version and the time in a tag as [`fixed_tag`] makes it, with or without a number behind: empty, or such as `-debug`. `None` for other tags.
pub fn fixed_tag_variant(tag: &str) -> Option<&str> {
    let is_time = |text: &str| {
        let bytes = text.as_bytes();
        bytes.len() == 16 && bytes[8] == b'T' && bytes[15] == b'Z' && bytes[..8].iter().all(u8::is_ascii_digit)
    };
    let (front, last) = tag.rsplit_once('-')?;
    let front = if is_time(last) { front } else { front.rsplit_once('-').filter(|(_, time)| is_time(time))?.0 };
    Some(front.find('-').map_or("", |dash| &front[dash..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definition(tags: &str) -> Definition {
        let text = format!(
            "name: python-debug\nrepository: python\nsummary: s\nrelease: trixie\ntags: {tags}\nend-of-life: 2030-01-01\n"
        );
        crate::yaml::read("x.yaml", &text).unwrap()
    }

    #[test]
    fn takes_the_numbers_of_an_upstream_version() {
        let version = |text: &str| image_version(&text.parse().unwrap());
        assert_eq!(version("21.0.13.1+2-1~deb13u1"), "21.0.13.1");
        assert_eq!(version("20.19.2+dfsg-1+deb13u3"), "20.19.2");
        assert_eq!(version("1:1.3.dfsg+really1.3.1-1"), "1.3");
        assert_eq!(version("2026f-0+deb13u1"), "2026");
    }

    #[test]
    fn fills_templates() {
        let definition = definition("[\"${major}.${minor}-debug\", \"${version}-debug\", debug]");
        let tags = moving_tags(&definition, "3.13.5").unwrap();
        assert_eq!(tags.iter().map(ToString::to_string).collect::<Vec<_>>(), ["3.13-debug", "3.13.5-debug", "debug"]);
        let time = "2026-11-23T14:00:00Z".parse().unwrap();
        assert_eq!(fixed_tag(&definition, "3.13.5", time).unwrap().to_string(), "3.13.5-debug-20261123T140000Z");
    }

    #[test]
    fn names_the_template_that_gives_no_tag() {
        let error = moving_tags(&definition("[\"${mayor}\"]"), "1").unwrap_err().to_string();
        assert!(error.contains("`${mayor}` is none of version"), "{error}");
        assert!(moving_tags(&definition("[\"a b\"]"), "1").is_err());
    }

    #[test]
    fn tells_tags_that_never_move_from_others_and_their_variants_apart() {
        for (tag, expected) in [
            ("3.13.5-20261124T021215Z", Some("")),
            ("3.13.5-debug-20261124T021215Z", Some("-debug")),
            ("3.13.5-20261124T021215Z-2", Some("")),
            ("3.13.5", None),
            ("3.13-debug", None),
            ("sha256-0123.sig", None),
        ] {
            assert_eq!(fixed_tag_variant(tag), expected, "{tag}");
        }
    }
}
