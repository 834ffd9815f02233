//! What may go wrong around a registry, each as a test: clients that leave, servers that are killed, disks that are full, bytes
//! that change, clocks that jump, crowds, and requests that nobody should send.
//!
//! In: our registry, in this process or in one of its own. Out: everything visible whole, everything acknowledged there.

#![cfg(test)]

mod clocks;
mod collection;
mod crowds;
mod damage;
mod disks;
mod fault_points;
mod images;
mod interrupted;
mod kills;
mod oversize;
mod paths;
mod process;
mod races;
mod raw;
mod reader;
mod slowness;
