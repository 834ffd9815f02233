//! From files to an inventory: dpkg's records and `os-release` of a root file system, or one document.
//!
//! In: a [`RootFiles`], or text. Out: a [`Target`] without a subject. What is missing is said.

use anyhow::Context as _;
use scan::Inventory;

use crate::layer_records::STATUS_FILE;
use crate::scan_target::Target;

/// Where records of single packages lie.
const STATUS_FOLDER: &str = assemble::STATUS_FOLDER;
/// Where a system says what it is, by <https://www.freedesktop.org/software/systemd/man/latest/os-release.html>: the first that is there counts.
pub(crate) const OS_RELEASE: [&str; 2] = ["/etc/os-release", "/usr/lib/os-release"];

/// A root file system: links lead to its own files only.
pub(crate) trait RootFiles {
    /// Path and bytes of a file, through links; none where there is none.
    fn file(&self, path: &str) -> anyhow::Result<Option<(String, Vec<u8>)>>;
    /// Paths and bytes of all records in a folder.
    fn records(&self, folder: &str) -> anyhow::Result<Vec<(String, Vec<u8>)>>;
}

/// What is installed in a root file system.
pub(crate) fn of_root(root: &impl RootFiles) -> anyhow::Result<Target> {
    let mut files: Vec<(String, Vec<u8>)> = root.file(STATUS_FILE)?.into_iter().collect();
    files.extend(root.records(STATUS_FOLDER)?);
    let mut os_release = None;
    for path in OS_RELEASE {
        os_release = os_release.map_or_else(|| root.file(path), |found| Ok(Some(found)))?;
    }
    let none = files.is_empty();
    let mut target = of_records(files, os_release);
    if none {
        let text =
            format!("has neither `{STATUS_FILE}` nor a record in `{STATUS_FOLDER}`: what is installed is not known");
        target.missing("image".to_owned(), text);
    }
    Ok(target)
}

/// What records say is installed.
pub(crate) fn of_records(files: Vec<(String, Vec<u8>)>, os_release: Option<(String, Vec<u8>)>) -> Target {
    let mut mangled = Vec::new();
    let mut text = |(path, bytes): (String, Vec<u8>)| {
        let text = String::from_utf8(bytes).unwrap_or_else(|error| {
            mangled.push(path.clone());
            String::from_utf8_lossy(error.as_bytes()).into_owned()
        });
        (path, text)
    };
    let os_release = os_release.map(&mut text);
    let texts: Vec<(String, String)> = files.into_iter().map(&mut text).collect();
    let mut target = Target::of(Inventory::from_status(&texts, os_release.as_ref().map(|(_, text)| text.as_str())));
    for path in mangled {
        target.remark(path, "is not all UTF-8: what is not is replaced".to_owned());
    }
    target
}

/// What an SPDX document says is installed.
pub(crate) fn of_spdx(name: &str, text: &str) -> anyhow::Result<Target> {
    let read = Inventory::from_spdx(text).with_context(|| format!("`{name}` cannot be read as SPDX"))?;
    Ok(Target::of(read))
}

/// What a CycloneDX document says is installed.
pub(crate) fn of_cyclonedx(name: &str, text: &str) -> anyhow::Result<Target> {
    let read = Inventory::from_cyclonedx(text).with_context(|| format!("`{name}` cannot be read as CycloneDX"))?;
    Ok(Target::of(read))
}
