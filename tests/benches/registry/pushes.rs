//! Images that are pushed: small ones, with bytes that nobody has seen before.

use std::time::{Duration, Instant};

use blob::Digest;
use oci::{Descriptor, ImageManifest, MEDIA_TYPE_CONFIG, MEDIA_TYPE_LAYER_GZIP, MEDIA_TYPE_MANIFEST};

use crate::connection::{Connection, path_of};
use crate::servers::Server;

/// Bytes that depend on the name alone, and that nothing compresses.
pub(crate) fn layer(name: &str, size: usize) -> (Digest, Vec<u8>) {
    let seed = Digest::of(format!("{name} {size}"));
    let mut random = fastrand::Rng::with_seed(u64::from_str_radix(&seed.hex()[..16], 16).unwrap());
    let mut bytes = vec![0; size];
    random.fill(&mut bytes);
    (Digest::of(&bytes), bytes)
}

/// Pushes one image as clients do: configuration and layers, then the manifest under its tag.
pub(crate) fn image(connection: &mut Connection, repository: &str, tag: &str, layers: &[usize]) {
    let layers: Vec<_> = layers.iter().map(|size| layer(&format!("{repository}-{tag}"), *size).1).collect();
    push(connection, repository, tag, &layers);
}

fn push(connection: &mut Connection, repository: &str, tag: &str, layers: &[Vec<u8>]) {
    let config = format!("{{\"architecture\":\"amd64\",\"os\":\"linux\",\"tag\":\"{repository}:{tag}\"}}").into_bytes();
    let described = layers.iter().map(|bytes| Descriptor::of(MEDIA_TYPE_LAYER_GZIP, bytes)).collect();
    let manifest = ImageManifest::new(Descriptor::of(MEDIA_TYPE_CONFIG, &config), described).to_bytes();
    for bytes in layers.iter().chain([&config]) {
        blob(connection, repository, bytes);
    }
    let path = format!("/v2/{repository}/manifests/{tag}");
    assert_eq!(connection.send("PUT", &path, MEDIA_TYPE_MANIFEST, &manifest).status, 201);
}

fn blob(connection: &mut Connection, repository: &str, bytes: &[u8]) {
    let begun = connection.send("POST", &format!("/v2/{repository}/blobs/uploads/"), "application/octet-stream", b"");
    let location = begun.location.unwrap();
    let path = path_of(&location);
    let join = if path.contains('?') { '&' } else { '?' };
    let path = format!("{path}{join}digest={}", Digest::of(bytes));
    assert_eq!(connection.send("PUT", &path, "application/octet-stream", bytes).status, 201);
}

/// Pushes so many images, some at a time; their bytes are made before the clock runs.
pub(crate) fn run(server: &Server, images: u32, at_a_time: u32) -> (u32, Duration) {
    let name = |number: u32| format!("push-{at_a_time}-{number}");
    let made: Vec<(u32, Vec<Vec<u8>>)> = (0..images)
        .map(|number| (number, (0..3).map(|part| layer(&format!("{} {part}", name(number)), 1 << 20).1).collect()))
        .collect();
    let begin = Instant::now();
    std::thread::scope(|scope| {
        for worker in 0..at_a_time {
            let (mine, name) = (made.iter().filter(move |(number, _)| number % at_a_time == worker), &name);
            scope.spawn(move || {
                let mut connection = server.connect();
                mine.for_each(|(number, layers)| push(&mut connection, &name(*number), "1", layers));
            });
        }
    });
    (images, begin.elapsed())
}
