#![doc = include_str!("../README.md")]

mod configuration;
mod descriptor;
mod digest_tag;
mod document;
mod index;
mod layout;
mod manifest;
mod media_type;
mod name;
mod platform;
mod reference;
mod validate;

pub use configuration::{Execution, History, ImageConfig, ROOT_FS_TYPE, RootFs};
pub use descriptor::{Descriptor, EMPTY_JSON};
pub use digest_tag::ATTACHED;
pub use document::{DocumentError, LARGEST_DOCUMENT};
pub use index::ImageIndex;
pub use layout::{
    ANNOTATION_REF_NAME, BLOBS_FOLDER, INDEX_FILE, LAYOUT_FILE, LAYOUT_VERSION, LayoutIndex, blob_path, layout_file,
};
pub use manifest::{ImageManifest, ManifestDocument};
pub use media_type::{
    MEDIA_TYPE_CONFIG, MEDIA_TYPE_DOCKER_CONFIG, MEDIA_TYPE_DOCKER_INDEX, MEDIA_TYPE_DOCKER_LAYER_GZIP,
    MEDIA_TYPE_DOCKER_MANIFEST, MEDIA_TYPE_EMPTY, MEDIA_TYPE_INDEX, MEDIA_TYPE_LAYER, MEDIA_TYPE_LAYER_GZIP,
    MEDIA_TYPE_LAYER_ZSTD, MEDIA_TYPE_LAYOUT_HEADER, MEDIA_TYPE_MANIFEST, is_config, is_index, is_manifest,
};
pub use name::{NameError, Repository, Tag};
pub use platform::{Platform, PlatformError, platform_keys, platform_text};
pub use reference::{Reference, ReferenceError};
pub use validate::{ValidateError, Validated, validate};
