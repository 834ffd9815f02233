//! Places at which a test may end the process, to see that whatever is visible then is whole.
//!
//! In: the name of a place. Out: nothing, or the end. Without the feature `fault-points` nothing is looked at.

/// All places, in the order in which a push passes them.
pub const POINTS: [&str; 13] = [
    "upload started",
    "upload appended",
    "upload checked",
    "upload synced",
    "upload renamed",
    "temporary written",
    "temporary synced",
    "temporary renamed",
    "blob linked",
    "manifest stored",
    "index about to change",
    "index changed",
    "blob about to go",
];

/// Ends the process, as `kill -9` does, where the environment variable `BEDPLATE_FAULT_POINT` has this name.
#[cfg(feature = "fault-points")]
pub(crate) fn point(name: &str) {
    debug_assert!(POINTS.contains(&name), "`{name}` is not among the fault points");
    if std::env::var_os("BEDPLATE_FAULT_POINT").is_some_and(|wanted| wanted == name) {
        std::process::abort();
    }
}

/// Does nothing.
#[cfg(not(feature = "fault-points"))]
pub(crate) fn point(_name: &str) {}
