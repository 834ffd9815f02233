//! Several that make keys at once, under any umask, on a disk that takes no more.

use std::path::Path;
use std::process::{Command, Output};
use std::sync::Barrier;

use worker::{KeyFolder, Signers, SigningSettings};

use crate::support::{mode, state};

/// Names the state folder where another test starts this program as a child.
const STATE: &str = "BEDPLATE_TEST_STATE";

/// Alone it opens an empty folder; the other tests start it in a process of its own, on a folder of theirs.
#[test]
fn opens_a_state_folder() {
    let (empty, _) = state();
    let state = std::env::var_os(STATE).map_or(empty.path().to_owned(), Into::into);
    match Signers::open(&SigningSettings::default(), &state) {
        Ok(signers) => assert_eq!((signers.release.len(), signers.statement.len()), (1, 1)),
        Err(error) => panic!("{error}: {:?}", std::error::Error::source(&error).map(ToString::to_string)),
    }
}

/// A shell that does something first and then opens the state folder in a process of its own.
fn child(first: &str, state: &Path) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("{first}\nexec \"$0\" --exact race::opens_a_state_folder --nocapture")]);
    command.arg(std::env::current_exe().unwrap()).env(STATE, state);
    command
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn of_many_threads_one_makes_each_key() {
    let (state, keys) = state();
    let start = Barrier::new(8);
    let open = || {
        start.wait();
        Signers::open(&SigningSettings::default(), state.path()).unwrap().known().clone()
    };
    let found: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(open)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(keys.list().unwrap().len(), 2);
    assert!(found.iter().all(|one| one == &found[0]));
}

#[test]
fn of_many_processes_one_makes_each_key() {
    let (state, keys) = state();
    let children: Vec<_> =
        (0..6).map(|_| child("", state.path()).stdout(std::process::Stdio::null()).spawn().unwrap()).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(keys.list().unwrap().len(), 2);
}

#[test]
fn no_umask_opens_or_closes_a_key() {
    for umask in ["0000", "0077", "0777"] {
        let (state, keys) = state();
        let output = child(&format!("umask {umask}"), state.path()).output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
        for key in keys.list().unwrap() {
            assert_eq!((mode(&key.path), mode(key.path.parent().unwrap())), (0o600, 0o700), "{umask}");
            assert_eq!(mode(&keys.path().join("lock")), 0o600, "{umask}");
        }
    }
}

#[test]
fn a_disk_that_takes_no_bytes_leaves_no_half_a_key() {
    let (state, keys) = state();
    let output = child("trap '' XFSZ; ulimit -f 0", state.path()).output().unwrap();
    assert!(!output.status.success() && said(&output).contains("cannot write `"), "{}", said(&output));
    assert!(said(&output).contains(".pem`"), "{}", said(&output));
    assert_eq!(KeyFolder::list(&keys).unwrap(), []);
    Signers::open(&SigningSettings::default(), state.path()).unwrap();
    assert_eq!(keys.list().unwrap().len(), 2);
}
