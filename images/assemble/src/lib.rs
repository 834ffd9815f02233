#![doc = include_str!("../README.md")]

mod accounts;
mod audit;
mod audit_elf;
mod busybox;
mod catalogue;
mod catalogue_text;
mod certificates;
mod chunk;
mod content;
mod definition;
mod dpkg;
mod effect;
mod effects;
mod elf;
mod expand;
mod facts;
mod image;
mod key_store;
mod layer;
mod ld_cache;
mod lock;
mod model;
mod path;
mod release;
mod resolve;
mod review;
mod rules;
mod segment;
mod segment_error;
mod tags;
mod tar_entry;
mod tree;
mod universe;
mod yaml;

pub use accounts::AccountError;
pub use audit::{AuditError, AuditFinding, NONROOT, audit};
pub use catalogue::{Catalogue, CatalogueError};
pub use certificates::CertificateError;
pub use chunk::{COMPRESSOR, Member, compress};
pub use content::ContentError;
pub use definition::{Allowance, Definition, DropRule, SmokeTest};
pub use dpkg::STATUS_FOLDER;
pub use effect::{
    AtPath, Busybox, CopyFile, Directory, Effect, FileText, Group, Link, Mode, Nothing, PhpModules, Remove, User,
};
pub use effects::EffectError;
pub use elf::Elf;
pub use expand::ExpandError;
pub use facts::{Entry, EntryKind, FileFacts, Segment};
pub use image::{BUILDER, ImageParts, PlatformImage, image_index, platform_image};
pub use layer::{Base, LAYER_FORMAT, Layer, LayerError, LayerPlan, plan_layer, write_layer};
pub use lock::{
    ImageLock, IndexSnapshot, LOCK_SCHEMA, LayerLock, LockError, LockedPackage, PlatformLock, SuiteSnapshot,
};
pub use path::{PathError, RootPath};
pub use release::{Release, Releases, SuiteKind, SuiteSource};
pub use resolve::{ResolveError, resolve};
pub use review::{Review, ReviewError, Reviewed, Scripts};
pub use rules::{GlobError, LayerRules, PackageRules};
pub use segment::{SEGMENT_FORMAT, build_segment};
pub use segment_error::{SegmentError, SegmentProblem};
pub use tags::{TagError, fixed_tag, fixed_tag_variant, image_version, moving_tags};
pub use tar_entry::{Attributes, END, EntryBody, padding, write_header};
pub use tree::{Node, Tree, TreeError};
pub use universe::{Candidate, SuiteIndex, Universe};
pub use yaml::{YamlError, nearest, read as read_yaml};
