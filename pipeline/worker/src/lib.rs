#![doc = include_str!("../README.md")]

mod age;
mod archive;
mod archive_check;
mod archive_evidence;
mod attach;
mod blame;
mod blocking;
mod build;
mod caches;
mod chain;
mod client;
mod client_error;
mod collect;
mod compact_index;
mod debs;
mod disk;
mod evidence;
mod examine;
mod failure;
mod feeds;
mod image_build;
mod image_output;
mod image_tags;
mod in_release;
mod indexes;
mod keyless;
mod keyrings;
mod keys;
mod layers;
mod locked;
mod machine;
mod observe;
mod progress;
mod provenance;
mod publications;
mod publish;
mod publisher;
mod rebuild;
mod rebuild_attest;
mod rebuild_comparison;
mod rebuild_read;
mod rebuild_source;
mod recipe;
mod retry;
mod sayings;
mod scanning;
mod segments;
mod send_progress;
mod sent;
mod served;
mod snapshot;
mod state;
mod statements;
mod target;
mod targets;
#[cfg(test)]
mod test_server;
mod transfer;
mod verified;
mod wanted;
mod wave;
mod wave_decide;
mod wave_scope;

pub use age::{deserialize_age, parse_age};
pub use archive::{Archive, ArchivePart, ArchiveSettings};
pub use archive_check::check_archive;
pub use archive_evidence::{ArchiveEvidence, ArchiveEvidenceError};
pub use attach::{Subject, attach};
pub use blocking::blocking;
pub use build::Builder;
pub use caches::{CacheSweep, CacheUse};
pub use chain::{LayerWork, RulesCache, SegmentWork};
pub use client::Client;
pub use client_error::ClientError;
pub use collect::{Collection, collect};
pub use debs::{Debs, FetchError, Fetched, WantedDeb};
pub use disk::{DiskError, NewFile, list, sweep_abandoned, write_atomically};
pub use evidence::gather_evidence;
pub use examine::{Examination, ExaminedImage, Examiner, SbomFile, Verdict};
pub use failure::Failure;
pub use feeds::{
    Advisories, FeedAddress, FeedNews, FeedProblem, FeedSettings, FeedState, Feeds, FeedsError, KeptFeed, Knowledge,
    Previous,
};
pub use image_build::{BuiltImage, BuiltPlatform, RefusedImage};
pub use image_output::{write_archive, write_layout};
pub use image_tags::ImageTags;
pub use in_release::{AcceptedInRelease, InReleaseError, InReleases};
pub use indexes::{Indexes, IndexesError};
pub use keyless::{KeylessError, KeylessIdentity, KeylessSettings, KeylessSigner, RootFile, TokenSource};
pub use keys::{
    BackupError, COSIGN_PASSWORD, KEY_PASSWORD, KeyFile, KeyFolder, KeyRole, KeyStanding, KeysError, KnownIdentity,
    KnownKey, KnownKeys, RestoredKey, SignerSettings, Signers, SigningSettings, WatchedKeys, key_password,
};
pub use layers::{LayerRecord, Layers, MakeLayerError};
pub use locked::{GoneError, PackageSources};
pub use machine::{MachineError, Part};
pub use observe::{ObserveError, ObservedSuite, Observer};
pub use plan::Whose;
pub use progress::{Event, News, Reporter, silent};
pub use provenance::{BuildTimes, provenance};
pub use publications::Publications;
pub use publisher::Publisher;
pub use rebuild::Rebuilt;
pub use rebuild_attest::{Announced, attest_rebuild};
pub use rebuild_comparison::{
    Compared, PartComparison, PlatformComparison, PublishedImage, RebuildComparison, compare_rebuild,
};
pub use rebuild_read::read_published;
pub use rebuild_source::{BelievedProvenance, NoProvenance, believed_provenance};
pub use recipe::{Recipe, RecipeError};
pub use retry::RetryPolicy;
pub use sayings::{Attachment, Saying};
pub use scanning::{Blocked, Judging, PathLists, Rescan, SCAN_SCHEMA, ScannedPlatform, Scanner};
pub use segments::{MakeSegmentError, Segments};
pub use sent::{Amount, Amounts, How, PlannedBlob, SendResult, Sent};
pub use snapshot::{RestlessMirror, Snapshot, SuiteIndex, Wanted, digest_of};
pub use state::{State, StateError};
pub use target::{TargetAddress, TargetError, TargetSettings};
pub use targets::{Sending, Targets};
pub use transfer::copy_images;
pub use verified::UnverifiedError;
pub use wanted::{WantedError, Wants, architecture_of, chosen_platforms, definition_digest};
pub use wave::{Wave, WaveRequest};
