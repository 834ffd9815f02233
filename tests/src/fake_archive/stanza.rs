//! The paragraphs that describe a package: its control file, and its place in `Packages`.
//!
//! It takes a package and its bytes, and gives deb822 text.
//!
//! Format: <https://www.debian.org/doc/debian-policy/ch-controlfields.html>.

use blob::Digest;

use super::FakePackage;

/// Sets a field by its name, whatever its case; a new one goes to the end.
pub(crate) fn set_field(fields: &mut Vec<(String, String)>, name: &str, value: String) {
    match fields.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
        Some((_, old)) => *old = value,
        None => fields.push((name.into(), value)),
    }
}

/// The control file of a package.
pub(crate) fn control_paragraph(package: &FakePackage) -> String {
    text_of(&control_fields(package))
}

/// The package's paragraph in `Packages`.
pub(crate) fn packages_stanza(package: &FakePackage, deb: &[u8]) -> String {
    if let Some(text) = &package.overrides.stanza {
        return text.clone();
    }
    let mut fields = control_fields(package);
    set_field(&mut fields, "Filename", pool_path(package));
    set_field(&mut fields, "Size", deb.len().to_string());
    set_field(&mut fields, "SHA256", Digest::of(deb).hex().into());
    for (name, value) in &package.overrides.index_fields {
        set_field(&mut fields, name, value.clone());
    }
    text_of(&fields)
}

/// Where the package lies below the archive's root.
pub(crate) fn pool_path(package: &FakePackage) -> String {
    let source = package.source.as_ref().map_or(&package.name, |(name, _)| name);
    let letters = if source.starts_with("lib") { 4 } else { 1 };
    let prefix: String = source.chars().take(letters).collect();
    let version = package.version.split_once(':').map_or(package.version.as_str(), |(_, rest)| rest);
    let (component, name, architecture) = (&package.component, &package.name, &package.architecture);
    format!("pool/{component}/{prefix}/{source}/{name}_{version}_{architecture}.deb")
}

fn control_fields(package: &FakePackage) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    let mut set = |name: &str, value: String| set_field(&mut fields, name, value);
    set("Package", package.name.clone());
    if let Some(source) = source_field(package) {
        set("Source", source);
    }
    set("Version", package.version.clone());
    set("Architecture", package.architecture.clone());
    set("Maintainer", "Fake Maintainers <maintainers@mirror.example>".into());
    set("Installed-Size", installed_size(package).to_string());
    set("Section", "misc".into());
    set("Priority", "optional".into());
    set("Description", format!("fake package {}", package.name));
    for (name, value) in &package.fields {
        set(name, value.clone());
    }
    fields
}

/// The source's version is written only where it is another one, its name likewise.
fn source_field(package: &FakePackage) -> Option<String> {
    match package.source.as_ref()? {
        (name, version) if *version != package.version => Some(format!("{name} ({version})")),
        (name, _) if *name != package.name => Some(name.clone()),
        _ => None,
    }
}

/// As `dpkg-gencontrol` counts: each file in whole KiB, one KiB for all else.
fn installed_size(package: &FakePackage) -> usize {
    package.entries.values().map(|entry| entry.content.len().div_ceil(1024).max(1)).sum()
}

fn text_of(fields: &[(String, String)]) -> String {
    fields.iter().map(|(name, value)| format!("{name}: {value}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_source_and_version_only_where_they_differ() {
        let package = FakePackage::new("libssl3t64", "3.5.1-1");
        assert_eq!(source_field(&package), None);
        assert_eq!(source_field(&package.clone().source("openssl", "3.5.1-1")).unwrap(), "openssl");
        assert_eq!(source_field(&package.source("openssl", "3.5.0-1")).unwrap(), "openssl (3.5.0-1)");
    }

    #[test]
    fn leaves_the_epoch_out_of_the_pool_and_knows_the_folders_of_libraries() {
        let package = FakePackage::new("zlib1g", "1:1.3-1").source("zlib", "1:1.3-1");
        assert_eq!(pool_path(&package), "pool/main/z/zlib/zlib1g_1.3-1_amd64.deb");
        let package = FakePackage::new("libzstd1", "1.5-1").architecture("arm64").source("libzstd", "1.5-1");
        assert_eq!(pool_path(&package), "pool/main/libz/libzstd/libzstd1_1.5-1_arm64.deb");
    }

    #[test]
    fn lets_the_test_replace_any_field_of_the_index_only() {
        let package = FakePackage::new("a", "1").field("description", "mine").index_field("SHA256", "00");
        assert!(control_paragraph(&package).contains("Description: mine\n"));
        assert!(!control_paragraph(&package).contains("SHA256"));
        assert!(packages_stanza(&package, b"x").contains("SHA256: 00\n"));
    }
}
