//! How long signing and verifying take, printed; the bounds are wide, because tests are built without optimisation.

use std::time::{Duration, Instant};

use signing::Policy;

use crate::support::{bundle, classic, image, judge, key};

const ROUNDS: u32 = 50;

#[expect(clippy::disallowed_methods, reason = "a measurement needs a clock")]
fn each(work: impl Fn()) -> Duration {
    let start = Instant::now();
    (0..ROUNDS).for_each(|_| work());
    start.elapsed() / ROUNDS
}

#[test]
#[expect(clippy::print_stderr, reason = "the figures are what it is for")]
fn signing_and_verifying_take_microseconds() {
    let (it, pair) = (image("a"), key(1));
    let policy = Policy::of_keys(&[pair.public().clone()], &[]);
    let (made, made_classic) = (bundle(&pair, &it), classic(&pair, &it));
    let signed = each(|| drop(bundle(&pair, &it)));
    let verified = each(|| assert!(judge(&it, &policy, vec![made.clone()], vec![made_classic.clone()]).accepted));
    eprintln!(
        "sign one bundle: {} µs; verify a bundle and a classic signature: {} µs",
        signed.as_micros(),
        verified.as_micros()
    );
    assert!(signed < Duration::from_millis(30) && verified < Duration::from_millis(30), "{signed:?} {verified:?}");
}
