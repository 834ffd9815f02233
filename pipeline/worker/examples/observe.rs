//! Observes a release on the real archive, or on a mirror named on the command line, and prints counts and times.
//!
//! `cargo run -p worker --example observe -- STATE [RELEASE [MAIN SECURITY]]`

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use debian::Architecture;
use jiff::Timestamp;
use reqwest::Url;
use worker::{
    Archive, ArchiveSettings, Client, InReleases, Indexes, Observer, Reporter, RetryPolicy, Snapshot, Wanted,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let state = Path::new(arguments.first().ok_or("say where the state folder is")?);
    let release = arguments.get(1).map_or("trixie", String::as_str);
    let address = |at: usize| arguments.get(at).map(|text| Url::parse(text)).transpose();
    let settings = ArchiveSettings { main: address(2)?, security: address(3)?, keyrings: Vec::new() };
    let archive = Archive::find(&settings, Path::new("/"))?;
    for suite in wanted(release)?.suites {
        let part = archive.part_of(&suite);
        say(&format!("{suite} is at {} (from {}), {} keys", part.base, part.origin, part.keyring.fingerprints().len()));
    }
    let reporter: Reporter = Arc::new(|event| say(&format!("{event:?}")));
    let client = Client::new(RetryPolicy::default(), reporter)?;
    let observer = Observer::new(client, Arc::new(archive), InReleases::of_state(state));
    let start = Instant::now();
    let snapshot = observer.observe_all(&wanted(release)?, &Indexes::of_state(state)?, Timestamp::now()).await?;
    say(&format!("snapshot {} in {:.0?}", snapshot.digest(), start.elapsed()));
    show(&snapshot);
    Ok(())
}

fn wanted(release: &str) -> Result<Wanted, Box<dyn Error>> {
    let suites = ["", "-updates", "-security"].map(|end| format!("{release}{end}").parse());
    Ok(Wanted {
        suites: suites.into_iter().collect::<Result<_, _>>()?,
        components: vec!["main".parse()?],
        architectures: vec![Architecture::Amd64, Architecture::Arm64],
        allowed: None,
    })
}

fn show(snapshot: &Snapshot) {
    for suite in &snapshot.suites {
        say(&format!("{} of {}, signed by {:?}", suite.suite(), suite.release.date, suite.in_release.signers));
    }
    for (architecture, indexes) in &snapshot.indexes {
        for one in indexes {
            say(&format!("{architecture} {}: {} packages, {} bytes", one.suite, one.index.len(), one.index.memory()));
        }
    }
}

#[expect(clippy::print_stdout, reason = "an example prints what it found")]
fn say(text: &str) {
    println!("{text}");
}
