//! The real program, killed while it publishes.

use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use tests::binary;

use crate::publisher::Publisher;
use crate::target::Target;
use crate::watcher::{Watcher, pull_all};

/// How often it is killed.
const TIMES: u32 = 60;

fn publish(publisher: &Publisher, place: &str) -> Command {
    let mut command = Command::new(binary());
    command.args(["publish", "--to", place, "--format", "json", "--progress", "none", "--state"]);
    command.arg(publisher.state()).current_dir(publisher.state());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Waits in a thread of its own, because the registry works in this process too.
pub(crate) async fn finish(mut command: Command) -> Output {
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the built binary: .ci/run builds it"]
async fn killed_at_any_moment_and_run_again_it_ends_the_same() {
    let publisher = Publisher::new();
    publisher.two();
    let first = Target::start().await;
    let begun = Instant::now();
    let output = finish(publish(&publisher, &first.place("x"))).await;
    assert!(output.status.success(), "{output:?}");
    let (whole, expected) = (begun.elapsed(), pull_all(&first.client).await);
    assert_eq!(expected.len(), 4);
    for number in 0..TIMES {
        let target = Target::start().await;
        let watcher = Watcher::start(&target.client);
        let mut process = publish(&publisher, &target.place("x")).spawn().unwrap();
        tokio::time::sleep(whole * number / TIMES).await;
        let _ = process.kill();
        process.wait().unwrap();
        target.settle().await;
        let output = finish(publish(&publisher, &target.place("x"))).await;
        assert!(output.status.success(), "{output:?}");
        watcher.stop().await;
        assert_eq!(pull_all(&target.client).await, expected, "killed after {number} of {TIMES} parts of {whole:?}");
        let uploads = Target::uploads(&target.heard());
        assert!(uploads.values().all(|count| *count == 1), "{uploads:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the built binary: .ci/run builds it"]
async fn says_what_was_sent_and_by_its_exit_code_whether_all_is_there() {
    let publisher = Publisher::new();
    publisher.two();
    let (good, bad) = (Target::start().await, Target::start().await);
    bad.set_away(true);
    let output = finish(publish(&publisher, &good.place("x"))).await;
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &report["schema"]), (Some(0), &"bedplate.publish/v1".into()));
    assert_eq!(report["images"][1]["amounts"]["mounted"]["bytes"], 200_002, "{report:#}");
    let mut both = publish(&publisher, &bad.place("x"));
    both.args(["--to", &good.place("x")]);
    let output = finish(both).await;
    assert_eq!(output.status.code(), Some(3), "part of it failed: {output:?}");
    let begun = Instant::now();
    let output = finish(publish(&publisher, &bad.place("x"))).await;
    assert_eq!(output.status.code(), Some(2), "all of it failed: {output:?}");
    assert!(begun.elapsed() < Duration::from_secs(10), "a refusal is not tried again");
}
