//! The factory as a whole on a fake archive and fake feeds: what is scanned, blocked, said, said again, and remembered.

#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it should be")]

mod again;
mod changelogs;
mod cut_off;
mod evidence;
#[path = "../wave/factory.rs"]
#[expect(dead_code, reason = "waves need more of it")]
mod factory;
mod gate;
mod history;
mod house;
mod known;
mod lost;
mod months;
mod overrides;
mod published;
mod reasons;
mod said;
mod same;
mod turns;
