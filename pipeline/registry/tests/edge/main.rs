//! What stands around the registry's routes: who may do what, how connections are taken, what is written down about it.
//!
//! In: a store in a temporary folder, settings. Out: a server on the loopback address that is asked by real requests and by bad clients.

#![cfg(test)]

mod access_log;
mod bad_tokens;
mod certificates;
mod crowd;
mod fixture;
mod loopback;
mod passwords;
mod raw;
mod rules;
mod shutdown;
mod slow;
mod tokens;
