//! The server killed at each step of a push: everything visible is whole, and the same push succeeds afterwards.

use std::path::Path;

use registry::fault::POINTS;
use tests::{Answer, Content, Hash, RegistryClient};

use crate::images::Image;
use crate::process::{Process, is_aborted};
use crate::reader::Found;

type Outcome = Result<Answer, reqwest::Error>;

/// What was there before the server was killed, and stays.
struct Before {
    image: Image,
}

impl Before {
    async fn push(folder: &Path) -> Self {
        let process = Process::start(folder, &[]);
        let image = Image::new(3000);
        image.push(&process.client, "team/old", "1").await;
        process.kill();
        Self { image }
    }

    fn is_there(&self, folder: &Path) {
        let found = Found::read(folder);
        assert_eq!(found.tag("team/old", "1"), Some(self.image.manifest.digest.as_str()));
    }
}

/// Passes every step: uploads, a mount, manifests, a tag, deletes.
async fn everything(client: &RegistryClient, old: &Image, image: &Image) -> Result<(), reqwest::Error> {
    let fine = |outcome: Outcome| outcome.map(|answer| assert!(answer.status < 400, "{answer}"));
    for blob in image.blobs() {
        fine(client.try_push_blob("team/new", blob).await)?;
    }
    let mount = format!("/v2/team/new/blobs/uploads/?mount={}&from=team/old", old.layers[0].digest);
    fine(client.try_ask("POST", &mount, &[], "").await)?;
    fine(client.try_put_manifest("team/new", "1", &image.manifest).await)?;
    fine(client.try_put_manifest("team/new", "2", &image.manifest).await)?;
    fine(client.try_ask("DELETE", "/v2/team/new/manifests/2", &[], "").await)?;
    let unneeded = Content::noise(100, Hash::Sha256);
    fine(client.try_push_blob("team/new", &unneeded).await)?;
    fine(client.try_ask("DELETE", &format!("/v2/team/new/blobs/{}", unneeded.digest), &[], "").await)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_each_step_it_shows_nothing_half_done_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("registry");
    let before = Before::push(&root).await;
    for point in POINTS {
        let image = Image::new(2000);
        let process = Process::start(&root, &[("BEDPLATE_FAULT_POINT", point)]);
        everything(&process.client, &before.image, &image).await.expect_err(point);
        assert!(is_aborted(process.wait()), "nothing passes the fault point `{point}`");
        before.is_there(&root);
        let process = Process::start(&root, &[]);
        everything(&process.client, &before.image, &image).await.unwrap();
        image.is_pulled(&process.client, "team/new", "1").await;
        process.kill();
        assert_eq!(Found::read(&root).tag("team/new", "1"), Some(image.manifest.digest.as_str()), "{point}");
    }
}
