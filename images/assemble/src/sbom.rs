//! What is in an image, as other people's tools read it: SPDX 2.3 and CycloneDX 1.6, in JSON.
//!
//! In: the lock, layers and tree of a platform's image. Out: a document, the same for the same input: its time is the
//! image's, its identity comes from digests, and everything stands in a fixed order.
//! Each has what the United States' "Minimum Elements for a Software Bill of Materials" (NTIA, 2021) ask for:
//! supplier, name, version, unique identifier, relationships, author, time.

mod cyclonedx;
mod cyclonedx_component;
mod cyclonedx_document;
mod declared;
#[cfg(test)]
mod fixture;
mod inventory;
mod names;
mod needs;
mod purl;
mod spdx;
mod spdx_document;
mod spdx_package;

use jiff::Timestamp;
use oci::{Descriptor, Platform};

use crate::layer::{Base, Layer};
use crate::lock::PlatformLock;

/// One platform's image, as far as SBOMs speak of it.
#[derive(Debug, Clone, Copy)]
pub struct SbomParts<'a> {
    /// The definition's name, such as `python`.
    pub image: &'a str,
    /// The image's version, such as `3.13.5`.
    pub version: &'a str,
    /// The name that the image is known under: `HOST/REPOSITORY`.
    pub name: &'a str,
    /// The platform.
    pub platform: &'a Platform,
    /// Its manifest.
    pub manifest: &'a Descriptor,
    /// Its packages, layer by layer.
    pub packages: &'a PlatformLock,
    /// Its layers, the lowest first: one for each of the lock's.
    pub layers: &'a [Layer],
    /// Its whole tree.
    pub tree: &'a Base,
    /// When it was made: the image's own time.
    pub created: Timestamp,
}

/// The SPDX 2.3 document of a platform's image: its layers, packages, their sources, and every file.
/// <https://spdx.github.io/spdx-spec/v2.3/>.
pub fn spdx(parts: &SbomParts<'_>) -> String {
    spdx::of_image(parts)
}

/// The CycloneDX 1.6 document of a platform's image. <https://cyclonedx.org/docs/1.6/json/>.
pub fn cyclonedx(parts: &SbomParts<'_>) -> String {
    cyclonedx::of_image(parts)
}

/// The SPDX 2.3 document of an image index: the images of its platforms and their packages, without files.
pub fn index_spdx(index: &Descriptor, platforms: &[SbomParts<'_>]) -> String {
    spdx::of_index(index, platforms)
}

/// The CycloneDX 1.6 document of an image index: the images of its platforms and their packages, without files.
pub fn index_cyclonedx(index: &Descriptor, platforms: &[SbomParts<'_>]) -> String {
    cyclonedx::of_index(index, platforms)
}
