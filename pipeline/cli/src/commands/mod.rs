//! The commands, one file each.

pub mod build;
pub mod catalog;
pub mod completions;
pub mod diff;
pub mod doctor;
pub mod lock;
pub mod plan;
pub mod up;
