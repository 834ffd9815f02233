//! How fast are advisories read, stored and compared, and how much memory do they take? Beside CPython's `json`.
//!
//! Ratios are to reading it with ours; without `python3` its line says `not run`.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use scan::{Advisories, FeedKind, check_shape};

use super::{begin_peak, least, mega, memory, row};

/// The least of so many runs counts.
const RUNS: usize = 7;
/// What is composed: so many sources with so many ids each, in two releases.
const SOURCES: usize = 3_200;
const IDS: usize = 16;
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
const PYTHON: &str = "import json,sys,time\ntext=open(sys.argv[1],'rb').read()\nbegun=time.perf_counter()\njson.loads(text)\n\
                      print(time.perf_counter()-begun)";

/// Reading, storing, comparing.
pub(crate) fn measure(bytes: &[u8]) {
    let before = begin_peak();
    let advisories = Advisories::read_tracker(bytes).unwrap();
    let peak = memory("VmHWM:");
    let what = format!("{} rows out of {:.1} MB, with the file's bytes", advisories.len(), mega(bytes.len()));
    println!("{what:<66} {:>7.1} MB", mega(peak));
    println!("{:<66} {:>7.1} MB", "  of that what reading took", mega(peak.saturating_sub(before)));
    let ours = least(RUNS, || assert_eq!(Advisories::read_tracker(bytes).unwrap().len(), advisories.len()));
    row("read the tracker's JSON", ours, None);
    let shape = check_shape(FeedKind::Tracker, bytes, None).unwrap();
    let took = least(RUNS, || assert_eq!(check_shape(FeedKind::Tracker, bytes, Some(&shape)).unwrap(), shape));
    row("check it against the former one's shape", took, Some(took.as_secs_f64() / ours.as_secs_f64()));
    index(&advisories, ours);
    peer(bytes, ours);
}

fn index(advisories: &Advisories, ours: Duration) {
    let stored = advisories.to_index();
    let took = least(RUNS, || assert_eq!(advisories.to_index().len(), stored.len()));
    row(&format!("write the stored index, {:.1} MB", mega(stored.len())), took, None);
    let mut copies = vec![stored.clone(); RUNS];
    let took =
        least(RUNS, || assert_eq!(Advisories::from_index(copies.pop().unwrap()).unwrap().len(), advisories.len()));
    row("read the stored index", took, Some(took.as_secs_f64() / ours.as_secs_f64()));
    let read = Advisories::from_index(stored).unwrap();
    row("compare two that are equal", least(RUNS, || assert!(advisories.changes_since(&read).is_empty())), None);
    let nothing = Advisories::default();
    let all = least(RUNS, || assert_eq!(advisories.changes_since(&nothing).len(), advisories.len()));
    row("compare with nothing: every row is new", all, None);
}

fn peer(bytes: &[u8], ours: Duration) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tracker.json");
    std::fs::write(&file, bytes).unwrap();
    let Some(took) = (0..3).map(|_| python(&file)).collect::<Option<Vec<_>>>().and_then(|took| took.into_iter().min())
    else {
        println!("CPython json.loads: not run: there is no python3");
        return;
    };
    row("CPython json.loads of the same bytes", took, Some(took.as_secs_f64() / ours.as_secs_f64()));
}

fn python(file: &Path) -> Option<Duration> {
    let output =
        Command::new("python3").args(["-c", PYTHON]).arg(file).output().ok().filter(|it| it.status.success())?;
    Some(Duration::from_secs_f64(String::from_utf8(output.stdout).ok()?.trim().parse().ok()?))
}

/// The file that the environment names, or a composed one.
pub(crate) fn tracker_file() -> Vec<u8> {
    let Some(path) = std::env::var_os("BEDPLATE_TRACKER") else {
        println!("no BEDPLATE_TRACKER: a tracker file of that size is composed");
        return composed();
    };
    let bytes = std::fs::read(path).unwrap();
    let mut bytes = if bytes.starts_with(&ZSTD) { zstd::decode_all(bytes.as_slice()).unwrap() } else { bytes };
    bytes.shrink_to_fit();
    bytes
}

/// The same bytes every time.
fn composed() -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(6);
    let mut text = String::from("{");
    for source in 0..SOURCES {
        let comma = if source == 0 { "" } else { "," };
        write!(text, "{comma}\"source-{source}\":{{").unwrap();
        for id in 0..IDS {
            let comma = if id == 0 { "" } else { "," };
            let (year, number, version) = (random.u16(2002..2027), random.u32(1_000..99_999), random.u32(1..99));
            write!(text, "{comma}\"CVE-{year}-{number}{id:02}\":{{\"description\":\"").unwrap();
            for _ in 0..60 {
                write!(text, "word{} ", random.u16(10..99)).unwrap();
            }
            text.push_str("\",\"releases\":{");
            for release in ["bookworm", "trixie"] {
                let comma = if release == "trixie" { "," } else { "" };
                write!(
                    text,
                    r#"{comma}"{release}":{{"fixed_version":"1:{version}.2-3+deb12u1","repositories":{{"{release}":"1:{version}.1-1","#
                )
                .unwrap();
                write!(
                    text,
                    r#""{release}-security":"1:{version}.2-3"}},"status":"resolved","urgency":"not yet assigned"}}"#
                )
                .unwrap();
            }
            text.push_str("}}");
        }
        text.push('}');
    }
    text.push('}');
    text.into_bytes()
}
