//! Says whose a failure is, so that the right one acts: wait, let a person decide, or mend bedplate.
//!
//! In: an error of any room together with that answer. Out: a [`Failure`], which prints as the error does and which
//! a wave, a job or a page can ask what to do next. Nothing is retried here: see `retry`.

use std::error::Error;
use std::fmt;

use plan::Whose;

use crate::{
    ClientError, DiskError, FetchError, IndexesError, MakeLayerError, MakeSegmentError, RestlessMirror, WantedError,
};

/// An error of any room, and whose it is. Prints as that error does; its causes are that error's causes.
pub struct Failure {
    whose: Whose,
    error: Box<dyn Error + Send + Sync>,
}

impl Failure {
    /// Blames `whose` for `error`.
    pub fn new(whose: Whose, error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { whose, error: error.into() }
    }

    /// Whose it is.
    pub fn whose(&self) -> Whose {
        self.whose
    }

    /// The error and all its causes in one line, for logs, events and the store.
    pub fn chain(&self) -> String {
        chain(self.error.as_ref())
    }

    /// Whether the mirror no longer has what a verified `InRelease` or index names: this snapshot can no longer be had
    /// whole, and the wave must start again from a new one.
    pub fn is_mirror_moved_on(&self) -> bool {
        let refused = causes(self.error.as_ref()).find_map(|error| match error.downcast_ref() {
            Some(IndexesError::Fetch { source, .. }) => Some(source),
            _ => error.downcast_ref().map(|error: &FetchError| &error.source),
        });
        let settled = self.error.is::<RestlessMirror>();
        matches!(refused, Some(ClientError::NotFound { .. } | ClientError::Mismatch { .. })) && !settled
    }

    /// The error itself, where a caller must tell one from another.
    pub fn downcast_ref<E: Error + 'static>(&self) -> Option<&E> {
        self.error.downcast_ref()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Failure({}: {})", self.whose, self.chain())
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.error.source()
    }
}

impl From<store::StoreError> for Failure {
    fn from(error: store::StoreError) -> Self {
        Self::new(Whose::Policy, error)
    }
}

impl From<MakeSegmentError> for Failure {
    fn from(error: MakeSegmentError) -> Self {
        match error {
            MakeSegmentError::Segment(error) => Self::new(Whose::Policy, error),
            MakeSegmentError::Disk(error) => Self::new(Whose::Policy, error),
        }
    }
}

impl From<MakeLayerError> for Failure {
    fn from(error: MakeLayerError) -> Self {
        Self::new(Whose::Policy, error)
    }
}

impl From<DiskError> for Failure {
    fn from(error: DiskError) -> Self {
        Self::new(Whose::Policy, error)
    }
}

impl From<WantedError> for Failure {
    fn from(error: WantedError) -> Self {
        let whose = match error {
            WantedError::Resolve { .. } => Whose::Upstream,
            WantedError::NotObserved(_) => Whose::Defect,
            _ => Whose::Policy,
        };
        Self::new(whose, error)
    }
}

/// An error and all its causes in one line.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut parts: Vec<String> = causes(error).map(ToString::to_string).collect();
    parts.dedup();
    parts.join(": ")
}

/// The error, its cause, that one's cause, and so on.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| (*error).source())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("cannot build `python`")]
    struct Outer(#[source] FetchError);

    fn fetch_failure(source: ClientError) -> Failure {
        let error = FetchError { name: "libc6".into(), version: "2.41-12".into(), source };
        Failure::new(Whose::Upstream, Outer(error))
    }

    #[test]
    fn prints_as_its_error_does_and_the_chain_in_one_line() {
        let failure = fetch_failure(ClientError::NotFound { url: "http://mirror.example/x".into() });
        assert_eq!(failure.to_string(), "cannot build `python`");
        let chain = "cannot build `python`: cannot fetch package `libc6` 2.41-12: the mirror does not have";
        assert!(failure.chain().starts_with(chain), "{}", failure.chain());
        assert_eq!(failure.whose().to_string(), "upstream");
    }

    #[test]
    fn sees_through_causes_that_the_mirror_moved_on() {
        let url = || String::from("http://mirror.example/x");
        assert!(fetch_failure(ClientError::NotFound { url: url() }).is_mirror_moved_on());
        assert!(!fetch_failure(ClientError::TooLarge { url: url(), limit: 1 }).is_mirror_moved_on());
        let no_suite = ClientError::NotFound { url: url() };
        assert!(!Failure::from(no_suite).is_mirror_moved_on());
    }
}
