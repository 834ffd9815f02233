//! A value made of files, made anew when they change.
//!
//! In: paths, and how to read them. Out: the value as the files last gave it. Files that cannot be used change nothing: the value from before
//! stays, and the log says why.

use std::fmt::{self, Display};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often the files are looked at, at most.
const INTERVAL: Duration = Duration::from_secs(1);

/// Makes the value of the files.
type Load<T> = Box<dyn Fn(&[PathBuf]) -> Result<T, String> + Send + Sync>;

/// A value that follows its files.
pub(crate) struct Reloading<T> {
    what: &'static str,
    paths: Vec<PathBuf>,
    interval: Duration,
    load: Load<T>,
    state: Mutex<State<T>>,
}

struct State<T> {
    value: Arc<T>,
    stamps: Vec<Option<Stamp>>,
    looked: Instant,
}

/// What tells one content of a file from the next without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl<T> Reloading<T> {
    /// Reads the files for the first time; `what` names the value in the log.
    pub(crate) fn new<E: Display>(
        what: &'static str,
        paths: Vec<PathBuf>,
        load: impl Fn(&[PathBuf]) -> Result<T, E> + Send + Sync + 'static,
    ) -> Result<Self, E> {
        let stamps = stamps(&paths);
        let value = Arc::new(load(&paths)?);
        let load: Load<T> = Box::new(move |paths| load(paths).map_err(|reason| reason.to_string()));
        let state = Mutex::new(State { value, stamps, looked: Instant::now() });
        Ok(Self { what, paths, interval: INTERVAL, load, state })
    }

    /// The value now. Looks at the files at most once a second, and reads them only if they changed.
    pub(crate) fn current(&self) -> Arc<T> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.looked.elapsed() >= self.interval {
            state.looked = Instant::now();
            let stamps = stamps(&self.paths);
            if stamps != state.stamps {
                state.stamps = stamps;
                self.reload(&mut state);
            }
        }
        Arc::clone(&state.value)
    }

    fn reload(&self, state: &mut State<T>) {
        match (self.load)(&self.paths) {
            Ok(value) => {
                state.value = Arc::new(value);
                tracing::info!("{} read again", self.what);
            }
            Err(reason) => {
                tracing::error!("{} changed and cannot be used, the one before stays in use: {reason}", self.what);
            }
        }
    }
}

impl<T> fmt::Debug for Reloading<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Reloading")
            .field("what", &self.what)
            .field("paths", &self.paths)
            .finish_non_exhaustive()
    }
}

fn stamps(paths: &[PathBuf]) -> Vec<Option<Stamp>> {
    let stamp = |path: &PathBuf| {
        let found = std::fs::metadata(path).ok()?;
        let modified = (found.mtime(), found.mtime_nsec());
        let changed = (found.ctime(), found.ctime_nsec());
        Some(Stamp { inode: found.ino(), size: found.len(), modified, changed })
    };
    paths.iter().map(stamp).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// A number in a file, and how often it was read.
    fn number(path: &std::path::Path) -> Reloading<u32> {
        let read = |paths: &[PathBuf]| fs::read_to_string(&paths[0]).unwrap_or_default().parse::<u32>();
        Reloading { interval: Duration::ZERO, ..Reloading::new("the number", vec![path.to_owned()], read).unwrap() }
    }

    #[test]
    fn follows_its_file_and_keeps_the_value_where_the_file_is_broken() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("number");
        fs::write(&path, "1").unwrap();
        let number = number(&path);
        for (text, expected) in [("2", 2), ("x", 2), ("300", 300), ("", 300)] {
            fs::write(&path, text).unwrap();
            assert_eq!(*number.current(), expected, "{text}");
        }
        fs::remove_file(&path).unwrap();
        assert_eq!(*number.current(), 300);
        fs::write(&path, "4").unwrap();
        assert_eq!(*number.current(), 4);
    }

    #[test]
    fn an_unusable_file_is_an_error_at_the_start() {
        let read = |_: &[PathBuf]| "x".parse::<u32>();
        assert!(Reloading::new("the number", vec!["none".into()], read).is_err());
    }

    #[test]
    fn does_not_look_at_the_file_each_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("number");
        fs::write(&path, "1").unwrap();
        let number = Reloading { interval: Duration::from_hours(1), ..number(&path) };
        fs::write(&path, "2").unwrap();
        assert_eq!(*number.current(), 1);
    }
}
