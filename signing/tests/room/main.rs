//! The room from outside: what cosign made is read, what is true is accepted, everything else is refused with its reason.

mod certificates;
mod cosign;
mod hostile;
mod policies;
mod speed;
mod support;
mod verdicts;
