//! The commands, one file each.

pub(crate) mod build;
pub(crate) mod catalog;
pub(crate) mod completions;
pub(crate) mod copy;
pub(crate) mod diff;
pub(crate) mod doctor;
pub(crate) mod explain;
pub(crate) mod gc;
pub(crate) mod history;
pub(crate) mod keys;
pub(crate) mod lock;
pub(crate) mod plan;
pub(crate) mod publish;
pub(crate) mod rebuild;
pub(crate) mod sbom;
pub(crate) mod scan;
pub(crate) mod serve;
pub(crate) mod sign;
pub(crate) mod site;
pub(crate) mod status;
pub(crate) mod up;
pub(crate) mod verify;
