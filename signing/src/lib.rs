#![doc = include_str!("../README.md")]

mod bundle;
mod certificate;
mod classic;
mod cosign_key;
mod doubt;
mod encoding;
mod envelope;
mod evidence;
mod export;
mod factory;
mod finding;
mod key_error;
mod key_pair;
mod material;
mod max_age;
mod name_pattern;
mod policy;
mod predicate;
mod proof;
mod provenance;
mod public_key;
mod rebuild_report;
mod referrer;
mod requirement;
mod sign;
mod signer;
mod simple_signing;
mod statement;
mod statement_time;
mod verify;
mod vulnerability_report;

pub use bundle::{Bundle, BundleError, Content, LARGEST_BUNDLE, MEDIA_TYPE_BUNDLE, MessageDigest, MessageSignature};
pub use certificate::{Certificate, CertificateError, TrustedRoot, TrustedRootError};
pub use classic::{
    ANNOTATION_CERTIFICATE, ANNOTATION_SIGNATURE, ClassicArtifact, ClassicError, ClassicSignature, MOST_SIGNATURES,
    read_classic, write_classic,
};
pub use cosign_key::Password;
pub use envelope::{Envelope, EnvelopeError, EnvelopeSignature, LARGEST_ENVELOPE, PAYLOAD_TYPE, pae};
pub use evidence::{Artifact, Evidence, FoundBundle, FoundClassic, Overlooked};
pub use export::{
    Audience, CONTAINERD_BIN_DIR, CONTAINERD_POLICY, cluster_image_policy, containerd_config, containerd_verifier,
    containers_policy, empty_trusted_root, kyverno_policy, policy_file, registries_d,
};
pub use finding::{Finding, Outcome};
pub use key_error::KeyError;
pub use key_pair::KeyPair;
pub use material::{Holder, Material};
pub use max_age::{MaxAge, MaxAgeError};
pub use name_pattern::{NamePattern, PatternError};
pub use policy::{Classic, ImageRule, Others, Policy, PolicyError, Role, StatementRule, TrustedIdentity, TrustedKey};
pub use predicate::{
    COSIGN_SIGNATURE, CYCLONEDX, CosignSignature, Document, LAG_SUMMARY, OPENVEX, PROVENANCE, Predicate, REBUILD, SPDX,
    VULNERABILITY_REPORT, is_of_type, predicate_name, predicate_type,
};
pub use proof::{Form, Proof, Standing};
pub use provenance::{
    BUILD_TYPE, BUILDER_ID, BuildDefinition, BuildMetadata, Builder, ExternalParameters, InternalParameters,
    Provenance, Resource, RunDetails, Snapshot,
};
pub use public_key::{KeyKind, PublicKey};
pub use rebuild_report::RebuildReport;
pub use referrer::{
    ANNOTATION_CONTENT, ANNOTATION_CREATED, ANNOTATION_IN_TOTO_TYPE, ANNOTATION_PREDICATE_TYPE, ReferrerError,
    read_referrer, referrer_descriptor, write_referrer,
};
pub use sign::{release_statement, sign_classic, sign_image, sign_statement};
pub use signer::{Message, SignError, Signature, Signer, SignerIdentity};
pub use simple_signing::{LARGEST_PAYLOAD, MEDIA_TYPE_SIMPLE_SIGNING, SimpleSigning, SimpleSigningError};
pub use statement::{STATEMENT_TYPE, STATEMENT_TYPE_0_1, Statement, StatementError, StatementHead, Subject};
pub use verify::{Verification, verify};
pub use vulnerability_report::{ScanDatabase, ScanInvocation, ScanMetadata, Scanner, VulnerabilityReport};
