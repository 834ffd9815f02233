//! The keys of a factory: made, read, replaced and refused, as the state folder and the settings have them.

#![cfg(test)]

mod folder;
mod race;
mod refused;
mod signers;
mod support;
