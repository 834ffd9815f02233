//! `/etc/passwd` and `/etc/group`: the accounts that all definitions of a chain declare, with pinned numbers.
//!
//! There is no `/etc/shadow`: nobody logs in, and a root without it has no password to guess.

use std::collections::BTreeMap;

use crate::definition::Definition;
use crate::effect::{Effect, Group, User};
use crate::effects::{Made, file};
use crate::path::RootPath;

/// Why accounts do not fit together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccountError {
    /// One name or number, two meanings.
    #[error("definition {definition} declares {what} `{name}` with number {id}, which `{other}` has already")]
    Clash {
        /// The later definition.
        definition: String,
        /// `user` or `group`.
        what: &'static str,
        /// The name.
        name: String,
        /// The number.
        id: u32,
        /// Who has it.
        other: String,
    },
    /// A field that would break the file's lines.
    #[error("definition {definition} declares {what} `{name}`: expected no `:` and no line break in any field")]
    Unwritable {
        /// The definition.
        definition: String,
        /// `user` or `group`.
        what: &'static str,
        /// The name.
        name: String,
    },
}

/// Both files, if the last definition of the chain declares an account; else the parent's stay.
pub(crate) fn files(chain: &[Definition]) -> Result<Vec<Made>, AccountError> {
    let declares = |effect: &Effect| matches!(effect, Effect::User(_) | Effect::Group(_));
    if !chain.last().is_some_and(|last| last.effects.iter().any(declares)) {
        return Ok(Vec::new());
    }
    let (users, groups) = collect(chain)?;
    let passwd: String = users.values().map(|user| passwd_line(user)).collect();
    let group: String = groups.values().map(|group| group_line(group)).collect();
    let texts = [("/etc/passwd", passwd), ("/etc/group", group)];
    Ok(texts
        .into_iter()
        .filter_map(|(path, text)| Some(file(RootPath::parse(path).ok()?, text.into_bytes())))
        .collect())
}

type Accounts<'a> = (BTreeMap<u32, &'a User>, BTreeMap<u32, &'a Group>);

fn collect(chain: &[Definition]) -> Result<Accounts<'_>, AccountError> {
    let (mut users, mut groups): Accounts<'_> = Default::default();
    for definition in chain {
        for effect in &definition.effects {
            match effect {
                Effect::User(user) => {
                    check(&definition.name, "user", &user.name, &[&user.comment])?;
                    let clash = users.insert(user.id, user).map(|other| other.name.clone());
                    refuse(&definition.name, "user", &user.name, user.id, clash)?;
                }
                Effect::Group(group) => {
                    check(&definition.name, "group", &group.name, &group.members.iter().collect::<Vec<_>>())?;
                    let clash = groups.insert(group.id, group).map(|other| other.name.clone());
                    refuse(&definition.name, "group", &group.name, group.id, clash)?;
                }
                _ => {}
            }
        }
    }
    Ok((users, groups))
}

fn check(definition: &str, what: &'static str, name: &str, fields: &[&String]) -> Result<(), AccountError> {
    let good = |text: &str| !text.contains([':', '\n', '\r', '\0']);
    if !name.is_empty() && good(name) && fields.iter().all(|field| good(field)) {
        return Ok(());
    }
    Err(AccountError::Unwritable { definition: definition.to_owned(), what, name: name.to_owned() })
}

fn refuse(
    definition: &str,
    what: &'static str,
    name: &str,
    id: u32,
    clash: Option<String>,
) -> Result<(), AccountError> {
    match clash {
        Some(other) => {
            Err(AccountError::Clash { definition: definition.to_owned(), what, name: name.to_owned(), id, other })
        }
        None => Ok(()),
    }
}

fn passwd_line(user: &User) -> String {
    let User { name, id, group, home, shell, comment } = user;
    format!("{name}:x:{id}:{group}:{comment}:{home}:{shell}\n")
}

fn group_line(group: &Group) -> String {
    format!("{}:x:{}:{}\n", group.name, group.id, group.members.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::effects::MadeBody;

    fn definition(name: &str, effects: &str) -> Definition {
        let text =
            format!("name: {name}\nsummary: s\nrelease: r\ntags: [t]\nend-of-life: 2030-01-01\neffects: [{effects}]\n");
        crate::yaml::read("x.yaml", &text).unwrap()
    }

    const ROOT: &str = "{ user: { name: root, id: 0, group: 0, home: /root } }, { group: { name: root, id: 0 } }";

    #[test]
    fn adds_accounts_along_the_chain() {
        let redis = "{ user: { name: redis, id: 6379, group: 6379, home: /var/lib/redis } }";
        let made = files(&[definition("static", ROOT), definition("redis", redis)]).unwrap();
        let MadeBody::File(passwd) = &made[0].body else { panic!("no file") };
        let lines = "root:x:0:0::/root:/sbin/nologin\nredis:x:6379:6379::/var/lib/redis:/sbin/nologin\n";
        assert_eq!(String::from_utf8_lossy(passwd), lines);
        assert!(files(&[definition("static", ROOT), definition("base", "")]).unwrap().is_empty());
    }

    #[test]
    fn refuses_one_number_for_two_names_and_broken_lines() {
        let other = "{ user: { name: toor, id: 0, group: 0, home: /root } }";
        let error = files(&[definition("static", ROOT), definition("evil", other)]).unwrap_err();
        assert!(error.to_string().contains("number 0, which `root` has already"), "{error}");
        let broken = "{ user: { name: \"a:b\", id: 1, group: 0, home: /root } }";
        assert!(matches!(files(&[definition("x", broken)]), Err(AccountError::Unwritable { .. })));
    }
}
