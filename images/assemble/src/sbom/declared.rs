//! The licence that a package declares: what its copyright file says, in SPDX's words.
//!
//! In: a package's name and the image. Out: an SPDX expression, the texts that it refers to, and where that comes from.
//! Nothing is concluded: every statement of the source's copyright file is taken to hold.

use std::collections::BTreeMap;

use blob::Digest;

use crate::copyright::Copyright;
use crate::layer::Base;
use crate::licence::Licence;
use crate::path::RootPath;
use crate::sbom::names;

/// What a package declares.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Declared {
    /// The SPDX expression; `None` where nothing can be said.
    pub expression: Option<String>,
    /// Licences in it that SPDX has no identifier for, by their reference.
    pub references: BTreeMap<String, Reference>,
    /// Where this comes from, or why there is nothing.
    pub comment: String,
}

/// A licence that SPDX has no identifier for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reference {
    /// What the copyright file calls it.
    pub name: String,
    /// Its text, or where to look for it.
    pub text: String,
}

/// What `package` declares; copyright files may lie in the folder of another package.
pub(crate) fn declared(package: &str, image: &Base) -> Declared {
    let place = RootPath::parse(&format!("/usr/share/doc/{package}/copyright"));
    let Some((path, copyright)) = place.ok().and_then(|place| find(&place, image)) else {
        return Declared { comment: "The package has no copyright file.".to_owned(), ..Declared::default() };
    };
    read(&path, copyright)
}

fn find<'a>(place: &RootPath, image: &'a Base) -> Option<(RootPath, &'a Copyright)> {
    let known = |path: &RootPath| image.about.values().find_map(|about| about.copyright.get(path));
    let folder = || Some(image.tree.follow(&place.parent()?)?.join("copyright"));
    let paths = [Some(place.clone()), image.tree.follow(place), folder()];
    paths.into_iter().flatten().find_map(|path| Some((path.clone(), known(&path)?)))
}

fn read(path: &RootPath, copyright: &Copyright) -> Declared {
    let path = path.as_str();
    let Some(statements) = &copyright.licences else {
        let comment = format!("`{path}` is not machine-readable (Debian's copyright format 1.0).");
        return Declared { comment, ..Declared::default() };
    };
    let mut texts: BTreeMap<String, &str> = BTreeMap::new();
    let licences: Vec<Licence> = statements.iter().map(|statement| Licence::parse(statement)).collect();
    for (statement, licence) in statements.iter().zip(&licences) {
        for name in licence.unknown_names() {
            let text = copyright.texts.get(&name).or_else(|| copyright.texts.get(statement));
            texts.entry(name).or_insert_with(|| text.map_or("", String::as_str));
        }
    }
    let mut references = BTreeMap::new();
    let expression = Licence::all(licences).expression(&mut |name| {
        let (id, reference) = reference(name, texts.get(name).copied().unwrap_or_default(), path);
        references.insert(id.clone(), reference);
        id
    });
    let comment = format!("All that `{path}` says of files of the source package.");
    match ::spdx::Expression::parse(&expression) {
        Ok(_) => Declared { expression: Some(expression), references, comment },
        Err(_) => Declared { comment: format!("`{path}` says nothing that SPDX can say."), ..Declared::default() },
    }
}

/// Two texts under one name are two licences.
fn reference(name: &str, text: &str, path: &str) -> (String, Reference) {
    let absent =
        || format!("`{path}` calls this licence `{name}`; its text stands there, or in none of its paragraphs.");
    let text = if text.is_empty() { absent() } else { text.to_owned() };
    let digest = Digest::of(format!("{name}\n{text}"));
    (names::identifier("LicenseRef", name, &digest), Reference { name: name.to_owned(), text })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::about::About;
    use crate::tree::tests::{link, tree};

    fn image(path: &str, file: &str) -> Base {
        let format = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\n";
        let copyright = Copyright::read(format!("{format}{file}").as_bytes());
        let about = About { copyright: [(RootPath::parse(path).unwrap(), copyright)].into(), ..About::default() };
        let folder = crate::tree::tests::entry("/usr/share/doc/gcc-14-base", crate::facts::EntryKind::Directory);
        let tree = tree(vec![folder, link("/usr/share/doc/libgcc-s1", "gcc-14-base")]);
        Base { tree, about: [("gcc-14-base".to_owned(), about)].into(), ..Base::default() }
    }

    const PLACE: &str = "/usr/share/doc/gcc-14-base/copyright";

    #[test]
    fn follows_links_into_another_packages_folder_even_where_the_file_was_dropped() {
        let image = image(PLACE, "Files: *\nLicense: GPL-3+ and Expat\n");
        let own = declared("gcc-14-base", &image);
        assert_eq!(own.expression.as_deref(), Some("GPL-3.0-or-later AND MIT"));
        assert_eq!(declared("libgcc-s1", &image), own);
        assert_eq!(declared("other", &image).comment, "The package has no copyright file.");
        assert_eq!(declared("../x", &image).expression, None);
    }

    #[test]
    fn refers_to_the_text_of_what_spdx_lacks() {
        let image = image(PLACE, "Files: *\nLicense: odd one\n do what\n\nFiles: b\nLicense: bare or Expat\n");
        let declared = declared("gcc-14-base", &image);
        let expression = declared.expression.unwrap();
        assert!(expression.starts_with("(LicenseRef-bare-") && expression.contains(" OR MIT) AND LicenseRef-odd-one-"));
        let texts: Vec<&str> = declared.references.values().map(|it| it.text.as_str()).collect();
        assert!(texts[0].contains("calls this licence `bare`") && texts[1] == "do what", "{texts:?}");
    }

    #[test]
    fn says_so_where_the_file_is_for_people_only() {
        let declared = declared("gcc-14-base", &image(PLACE, "nothing\n"));
        assert_eq!(declared.expression, None);
        assert!(declared.comment.contains("is not machine-readable"));
    }
}
