//! The registry, judged by the clients that people use: each pushes and pulls, and what it stored is read back byte for byte.
//!
//! In: the programs of Debian's stable suite, and those that `tests/tools.sh` brings. Out: a file of tests a client.

mod authority;
mod containerd;
mod copy;
mod cosign;
mod crane;
mod docker;
mod helm;
mod login;
mod notation;
mod oras;
pub(crate) mod podman;
mod publish;
mod reader;
mod regctl;
mod sample;
mod server;
mod site;
mod skopeo;
mod token_server;
pub(crate) mod tools;
mod verifier;

pub(crate) use reader::Reader;
pub(crate) use sample::Sample;
pub(crate) use server::Registry;
pub(crate) use tools::{Tool, brought, text};
