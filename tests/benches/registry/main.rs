//! How fast is a registry? Ours beside Debian's docker-registry, and beside zot where that is installed, in the same run.
//!
//! `cargo build --release && cargo bench -p tests --bench registry`. The load comes from this process, over loopback, on the same
//! cores: so the figures say less than a server alone could do, for all of them alike.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark may stop, and prints")]

mod connection;
mod large;
mod load;
mod pushes;
mod servers;

use std::time::Duration;

use load::Load;
use servers::{Kind, Server};

/// So long each load lasts.
const SECONDS: Duration = Duration::from_secs(3);
/// A small image's layer, and a large one's.
const BLOBS: [usize; 2] = [1 << 20, 40 << 20];

fn main() {
    println!("{:<16} {:<44} {:>10} {:>10}", "server", "what", "figure", "p99 ms");
    for kind in Kind::ALL {
        let folder = tempfile::tempdir().unwrap();
        match Server::start(kind, folder.path()) {
            Some(server) => measure(&server),
            None => println!("{kind:<16} not run: it is not installed"),
        }
    }
    large::measure();
}

fn measure(server: &Server) {
    let kind = server.kind;
    let mut connection = server.connect();
    pushes::image(&mut connection, "bench", "1", &BLOBS);
    let manifest = "/v2/bench/manifests/1".to_owned();
    print(server, "manifest GET/s, 16 connections", &Load::run(server, &manifest, 16, SECONDS), 1.0);
    for (size, connections) in BLOBS.iter().zip([8, 4]) {
        let path = format!("/v2/bench/blobs/{}", pushes::layer("bench-1", *size).0);
        let megabytes = f64::from(u32::try_from(*size).unwrap()) / 1e6;
        let what = format!("{megabytes:.0} MB blobs, MB/s, {connections} connections");
        print(server, &what, &Load::run(server, &path, connections, SECONDS), megabytes);
    }
    for at_a_time in [1, 4] {
        let (images, duration) = pushes::run(server, 50, at_a_time);
        let rate = f64::from(images) / duration.as_secs_f64();
        println!("{kind:<16} {:<44} {rate:>10.1}", format!("images/s pushed, 3 new MB each, {at_a_time} at a time"));
    }
    Load::run(server, &manifest, 64, SECONDS);
    println!("{kind:<16} {:<44} {:>10.1}", "resident MB after 64 connections", server.resident_megabytes());
}

fn print(server: &Server, what: &str, load: &Load, scale: f64) {
    let (rate, p99) = (load.per_second() * scale, load.percentile(99).as_secs_f64() * 1e3);
    println!("{:<16} {what:<44} {rate:>10.0} {p99:>10.2}", server.kind);
}
