//! Ages on the command line and in the settings: `30d`, `12h`, `2w`.
//!
//! In: text. Out: a duration; see `pipeline/worker/src/age.rs`.

pub(crate) use worker::{deserialize_age as deserialize, parse_age as parse};
