//! The factory killed at any moment of a wave, and run again: the same end; and who looks meanwhile never finds a tag without signatures.

use std::sync::Arc;
use std::time::{Duration, Instant};

use registry::Store;

use crate::machine::Machine;
use crate::seen::{Watcher, look, policy};

/// How often it is killed.
const TIMES: u32 = 200;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the built binary: .ci/run builds it"]
async fn no_tag_is_ever_seen_without_signatures_and_nothing_is_said_twice() {
    let machine = Machine::new();
    machine.run();
    let (state, policy) = (machine.state(), policy(&machine.state()));
    let open = || Arc::new(Store::open(state.join("registry")).unwrap());
    let expected = look(&open(), &policy).await;
    assert!(expected.len() >= 3 && expected.values().flatten().all(|(_, said)| said.values().all(|times| *times == 1)));
    machine.forget_images();
    let begun = Instant::now();
    machine.run();
    let (whole, mut looks) = (begun.elapsed(), 0);
    for number in 0..TIMES {
        machine.forget_images();
        let watcher = Watcher::start(&state, policy.clone());
        for _ in 0..=number % 2 {
            let mut process = machine.up(&[]).spawn().unwrap();
            tokio::time::sleep(whole * fastrand::u32(0..1000) / 1000).await;
            let _ = process.kill();
            process.wait().unwrap();
        }
        let again = machine.up(&[]);
        let output = tokio::task::spawn_blocking(move || {
            let mut again = again;
            again.output().unwrap()
        })
        .await
        .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        tokio::time::sleep(Duration::from_millis(5)).await;
        looks += watcher.stop().await;
        assert_eq!(look(&open(), &policy).await, expected, "killed in wave {number}");
    }
    assert!(looks >= TIMES as usize, "nobody looked: {looks}");
}
