//! The media types that say what a blob is.
//!
//! In: nothing. Out: constants, and the questions "is this an index, a manifest, a configuration?".
//! Specification: <https://github.com/opencontainers/image-spec/blob/v1.1.1/media-types.md>.

/// An image index: the list of an image's platforms.
pub const MEDIA_TYPE_INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// An image manifest: one platform's configuration and layers.
pub const MEDIA_TYPE_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// An image configuration.
pub const MEDIA_TYPE_CONFIG: &str = "application/vnd.oci.image.config.v1+json";
/// A layer: a tar archive, not compressed.
pub const MEDIA_TYPE_LAYER: &str = "application/vnd.oci.image.layer.v1.tar";
/// A layer: a tar archive, compressed by gzip.
pub const MEDIA_TYPE_LAYER_GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
/// A layer: a tar archive, compressed by zstd.
pub const MEDIA_TYPE_LAYER_ZSTD: &str = "application/vnd.oci.image.layer.v1.tar+zstd";
/// The empty object `{}`, where a manifest needs a configuration and has nothing to say.
pub const MEDIA_TYPE_EMPTY: &str = "application/vnd.oci.empty.v1+json";
/// The file `oci-layout` of an image layout.
pub const MEDIA_TYPE_LAYOUT_HEADER: &str = "application/vnd.oci.layout.header.v1+json";
/// Docker's image index ("manifest list").
pub const MEDIA_TYPE_DOCKER_INDEX: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
/// Docker's image manifest, schema 2.
pub const MEDIA_TYPE_DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
/// Docker's image configuration.
pub const MEDIA_TYPE_DOCKER_CONFIG: &str = "application/vnd.docker.container.image.v1+json";
/// Docker's layer, compressed by gzip.
pub const MEDIA_TYPE_DOCKER_LAYER_GZIP: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";

/// Whether this media type is an index, of OCI or of Docker.
pub fn is_index(media_type: &str) -> bool {
    matches!(media_type, MEDIA_TYPE_INDEX | MEDIA_TYPE_DOCKER_INDEX)
}

/// Whether this media type is a manifest of one image or artifact, of OCI or of Docker.
pub fn is_manifest(media_type: &str) -> bool {
    matches!(media_type, MEDIA_TYPE_MANIFEST | MEDIA_TYPE_DOCKER_MANIFEST)
}

/// Whether this media type is an image's configuration, of OCI or of Docker.
pub fn is_config(media_type: &str) -> bool {
    matches!(media_type, MEDIA_TYPE_CONFIG | MEDIA_TYPE_DOCKER_CONFIG)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_the_kinds_of_both_families_apart() {
        for (media_type, kind) in [
            (MEDIA_TYPE_INDEX, [true, false, false]),
            (MEDIA_TYPE_DOCKER_INDEX, [true, false, false]),
            (MEDIA_TYPE_MANIFEST, [false, true, false]),
            (MEDIA_TYPE_DOCKER_MANIFEST, [false, true, false]),
            (MEDIA_TYPE_CONFIG, [false, false, true]),
            (MEDIA_TYPE_DOCKER_CONFIG, [false, false, true]),
            (MEDIA_TYPE_EMPTY, [false, false, false]),
        ] {
            assert_eq!([is_index(media_type), is_manifest(media_type), is_config(media_type)], kind, "{media_type}");
        }
    }
}
