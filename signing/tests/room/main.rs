//! The room from outside: what cosign made is read, what is true is accepted, everything else is refused with its reason.

#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it should be")]

mod certificates;
mod cosign;
mod demands;
mod hostile;
mod keyless;
mod mutated;
mod policies;
mod speed;
mod support;
mod verdicts;
