//! Trusted certificates: Debian's bundle and OpenSSL's hash folder, without running either's tool.
//!
//! In: the files of `ca-certificates` (PEM). Out: the bundle byte for byte as `update-ca-certificates` writes it,
//! and names as `openssl rehash` makes them. The subject hash is the first four bytes, little endian, of SHA-1 over
//! the canonical subject (`X509_NAME_hash_ex` in OpenSSL's crypto/x509/x509_cmp.c).

use std::collections::BTreeMap;

use sha1::{Digest as _, Sha1};
use x509_cert::der::asn1::{Any, Ia5StringRef, PrintableStringRef, TeletexStringRef, Utf8StringRef};
use x509_cert::der::{Decode, Encode, Tag, Tagged};
use x509_cert::name::Name;

use crate::effects::{Made, file, link};
use crate::path::RootPath;

/// Where `ca-certificates` keeps them.
pub(crate) const FOLDER: &str = "/usr/share/ca-certificates/";

/// One trusted certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Certificate {
    /// The file's name without `.crt`.
    pub name: String,
    /// The file's text.
    pub pem: String,
    /// The certificate itself.
    pub der: Vec<u8>,
    /// Begin of its validity, in milliseconds since 1970.
    pub not_before: u64,
    subject_hash: u32,
}

/// Why a file is no certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{path}` is no certificate in PEM form: {reason}")]
pub struct CertificateError {
    /// The file.
    pub path: RootPath,
    /// What is wrong with it.
    pub reason: String,
}

impl Certificate {
    /// Reads one file.
    pub(crate) fn read(path: &RootPath, text: &str) -> Result<Self, CertificateError> {
        let error = |reason: String| CertificateError { path: path.clone(), reason };
        let block = pem::parse(text).map_err(|e| error(e.to_string()))?;
        if block.tag() != "CERTIFICATE" {
            return Err(error(format!("it holds a `{}`", block.tag())));
        }
        let parsed = x509_cert::Certificate::from_der(block.contents()).map_err(|e| error(e.to_string()))?;
        let begin = parsed.tbs_certificate.validity.not_before.to_unix_duration();
        Ok(Self {
            name: path.file_name().trim_end_matches(".crt").to_owned(),
            pem: text.to_owned(),
            der: block.contents().to_vec(),
            not_before: begin.as_secs() * 1000,
            subject_hash: subject_hash(&parsed.tbs_certificate.subject).map_err(|e| error(e.to_string()))?,
        })
    }
}

/// All certificates one after the other, by file name, each ending in a line break.
pub(crate) fn bundle(certificates: &[Certificate]) -> Vec<u8> {
    let mut bundle = String::new();
    for certificate in certificates {
        bundle.push_str(&certificate.pem);
        if !certificate.pem.ends_with('\n') {
            bundle.push('\n');
        }
    }
    bundle.into_bytes()
}

/// `<name>.pem` files, and links `<hash>.<n>` to them.
pub(crate) fn hash_directory(folder: &RootPath, certificates: &[Certificate]) -> Vec<Made> {
    let mut made = Vec::new();
    let mut taken: BTreeMap<u32, u32> = BTreeMap::new();
    for certificate in certificates {
        let name = format!("{}.pem", certificate.name);
        let number = taken.entry(certificate.subject_hash).or_default();
        made.push(file(folder.join(&name), certificate.pem.clone().into_bytes()));
        made.push(link(folder.join(&format!("{:08x}.{number}", certificate.subject_hash)), name));
        *number += 1;
    }
    made
}

fn subject_hash(subject: &Name) -> x509_cert::der::Result<u32> {
    let mut canonical = Vec::new();
    for part in &subject.0 {
        let mut attributes = Vec::new();
        for attribute in part.0.iter() {
            let mut body = attribute.oid.to_der()?;
            body.extend(canonical_value(&attribute.value)?);
            attributes.push(Any::new(Tag::Sequence, body)?.to_der()?);
        }
        attributes.sort();
        canonical.extend(Any::new(Tag::Set, attributes.concat())?.to_der()?);
    }
    let hash = Sha1::digest(&canonical);
    Ok(u32::from_le_bytes([hash[0], hash[1], hash[2], hash[3]]))
}

/// Text in UTF-8, lower case, with single spaces; what is no text stays as it is.
fn canonical_value(value: &Any) -> x509_cert::der::Result<Vec<u8>> {
    let text = match value.tag() {
        Tag::Utf8String => value.decode_as::<Utf8StringRef<'_>>()?.as_str().to_owned(),
        Tag::PrintableString => value.decode_as::<PrintableStringRef<'_>>()?.as_str().to_owned(),
        Tag::Ia5String => value.decode_as::<Ia5StringRef<'_>>()?.as_str().to_owned(),
        Tag::TeletexString => value.decode_as::<TeletexStringRef<'_>>()?.as_str().to_owned(),
        _ => return value.to_der(),
    };
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    Any::new(Tag::Utf8String, words.join(" ").to_ascii_lowercase().into_bytes())?.to_der()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Made for this test with `openssl req -x509` (EC, subject `C=DE, O=Bedplate  Test, CN=Example Root`).
    pub(crate) const EXAMPLE: &str = include_str!("../testdata/example-root.crt");

    pub(crate) fn example() -> Certificate {
        let path = RootPath::parse("/usr/share/ca-certificates/mozilla/Example_Root.crt").unwrap();
        Certificate::read(&path, EXAMPLE).unwrap()
    }

    #[test]
    fn hashes_the_subject_as_openssl_does() {
        // `openssl x509 -noout -hash -in example-root.crt`
        assert_eq!(format!("{:08x}", example().subject_hash), "8cbb1b9b");
    }

    #[test]
    fn numbers_certificates_of_one_subject() {
        let folder = RootPath::parse("/etc/ssl/certs").unwrap();
        let other = Certificate { name: "Other".into(), ..example() };
        let made = hash_directory(&folder, &[example(), other]);
        let names: Vec<&str> = made.iter().map(|made| made.path.file_name()).collect();
        assert_eq!(names, ["Example_Root.pem", "8cbb1b9b.0", "Other.pem", "8cbb1b9b.1"]);
    }

    #[test]
    fn joins_a_bundle_with_line_breaks() {
        let bare = Certificate { pem: EXAMPLE.trim_end().into(), ..example() };
        assert_eq!(bundle(&[bare, example()]), EXAMPLE.repeat(2).into_bytes());
    }

    #[test]
    fn names_the_file_that_is_no_certificate() {
        let path = RootPath::parse("/usr/share/ca-certificates/x.crt").unwrap();
        let error = Certificate::read(&path, "no certificate").unwrap_err().to_string();
        assert!(error.starts_with("`/usr/share/ca-certificates/x.crt` is no certificate"), "{error}");
    }
}
