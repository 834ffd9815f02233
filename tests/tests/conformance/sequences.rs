//! Any sequence of pushes, deletes, mounts, collections and new starts ends where a model of a few lines does.
//!
//! In: a seed. Out: requests to a registry, each with the answer that the model expects, and a look at everything in between.

use std::collections::BTreeSet;
use std::fs::File;
use std::time::{Duration, SystemTime};

use registry::{Collecting, Retention};
use serde_json::json;
use tests::RegistryUnderTest;

use crate::model::{Document, Model, World};

const NAMES: [&str; 2] = ["model/one", "model/two"];
const TAGS: [&str; 3] = ["a", "b", "c"];

/// Numbers that look random and are the same for the same seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        // <https://en.wikipedia.org/wiki/Linear_congruential_generator>, as in Knuth's MMIX.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.roll(all.len())]
    }
}

/// What was done, to be read where the test fails.
#[expect(clippy::print_stderr, reason = "it is shown only where the test fails")]
fn tell(what: &str, which: usize, about: &str) {
    eprintln!("{what} in {}: {about}", NAMES[which]);
}

/// The registry beside its model.
struct Run {
    registry: RegistryUnderTest,
    folder: tempfile::TempDir,
    world: World,
    models: [Model; 2],
    dice: Dice,
}

impl Run {
    async fn step(&mut self) {
        let which = self.dice.roll(2);
        match self.dice.roll(16) {
            0..4 => self.push_blob(which).await,
            4..9 => self.put_manifest(which).await,
            9 => self.mount(which).await,
            10 | 11 => self.delete_tag(which).await,
            12 => self.delete_manifest(which).await,
            13 => self.delete_blob(which).await,
            14 => self.collect(which),
            _ => self.registry = RegistryUnderTest::start(self.folder.path()).await,
        }
    }

    async fn push_blob(&mut self, which: usize) {
        let blob = self.dice.one_of(&self.world.blobs);
        tell("push", which, &blob.digest);
        self.registry.push_blob(NAMES[which], blob).await;
        self.models[which].blobs.insert(blob.digest.clone());
        self.models[which].is_there = true;
    }

    async fn put_manifest(&mut self, which: usize) {
        let document = self.dice.one_of(&self.world.documents);
        let (digest, tag) = (&document.content.digest, self.dice.one_of(&TAGS));
        let by_tag = self.dice.roll(2) == 0;
        let reference = if by_tag { tag } else { digest.as_str() };
        tell(
            reference,
            which,
            &format!("{digest} {:?} {:?} {:?}", document.blobs, document.children, document.subject),
        );
        let answer = self.registry.put_manifest(NAMES[which], reference, &document.content).await;
        let model = &mut self.models[which];
        if !document.blobs.iter().all(|blob| model.blobs.contains(blob)) {
            answer.is_refusal(400, "MANIFEST_BLOB_UNKNOWN");
            return;
        }
        answer.is(201);
        model.is_there = true;
        model.manifests.insert(digest.clone());
        if by_tag {
            model.tags.insert((*tag).to_owned(), digest.clone());
        }
    }

    async fn mount(&mut self, which: usize) {
        let blob = self.dice.one_of(&self.world.blobs);
        let (to, from) = (NAMES[which], NAMES[1 - which]);
        tell("mount", which, &blob.digest);
        let path = format!("/v2/{to}/blobs/uploads/?mount={}&from={from}", blob.digest);
        let is_there = self.models[1 - which].blobs.contains(&blob.digest);
        self.registry.ask("POST", &path, &[], "").await.is(if is_there { 201 } else { 202 });
        if is_there {
            self.models[which].blobs.insert(blob.digest.clone());
            self.models[which].is_there = true;
        }
    }

    async fn delete_tag(&mut self, which: usize) {
        let tag = self.dice.one_of(&TAGS);
        tell("delete", which, tag);
        let expected = if self.models[which].tags.remove(*tag).is_some() { 202 } else { 404 };
        self.registry.delete(&format!("/v2/{}/manifests/{tag}", NAMES[which])).await.is(expected);
    }

    async fn delete_manifest(&mut self, which: usize) {
        let digest = &self.dice.one_of(&self.world.documents).content.digest;
        tell("delete", which, digest);
        let model = &mut self.models[which];
        let is_child = model.documents(&self.world).iter().any(|parent| parent.children.contains(digest));
        let expected = match model.manifests.contains(digest) {
            true if is_child => 405,
            true => 202,
            false => 404,
        };
        if expected == 202 {
            model.manifests.remove(digest);
            model.tags.retain(|_, target| target != digest);
        }
        self.registry.delete(&format!("/v2/{}/manifests/{digest}", NAMES[which])).await.is(expected);
    }

    async fn delete_blob(&mut self, which: usize) {
        let digest = &self.dice.one_of(&self.world.blobs).digest;
        tell("delete", which, digest);
        let model = &mut self.models[which];
        let is_needed = model.documents(&self.world).iter().any(|document| document.blobs.contains(digest));
        let expected = match model.blobs.contains(digest) {
            true if is_needed => 405,
            true => 202,
            false => 404,
        };
        if expected == 202 {
            model.blobs.remove(digest);
        }
        self.registry.delete(&format!("/v2/{}/blobs/{digest}", NAMES[which])).await.is(expected);
    }

    /// Collects when everything is old, so that nothing is kept for its age.
    fn collect(&mut self, which: usize) {
        let (store, name) = (&self.registry.store, NAMES[which].parse().unwrap());
        let blobs = store.layout_path(&name).join("blobs/sha256");
        let old = SystemTime::now() - Duration::from_hours(24 * 90);
        for entry in std::fs::read_dir(blobs).into_iter().flatten() {
            File::open(entry.unwrap().path()).unwrap().set_modified(old).unwrap();
        }
        let collected = store.collect(&name, &Retention::default(), Collecting::Remove).unwrap();
        tell("collect", which, &format!("{:?} {:?}", collected.manifests, collected.blobs));
        self.models[which].collect(&self.world);
    }

    /// Everything is as the model says.
    async fn look(&self) {
        for (name, model) in NAMES.into_iter().zip(&self.models) {
            let path = format!("/v2/{name}");
            let list = self.registry.get(&format!("{path}/tags/list")).await.is(if model.is_there { 200 } else { 404 });
            if model.is_there {
                assert_eq!(list.json()["tags"], json!(model.tags.keys().collect::<Vec<_>>()), "{name}");
            }
            for (tag, digest) in &model.tags {
                let answer = self.registry.head(&format!("{path}/manifests/{tag}")).await.is(200);
                assert_eq!(answer.header("docker-content-digest"), digest);
            }
            for blob in &self.world.blobs {
                let expected = if model.blobs.contains(&blob.digest) { 200 } else { 404 };
                self.registry.head(&format!("{path}/blobs/{}", blob.digest)).await.is(expected);
            }
            for document in &self.world.documents {
                let digest = &document.content.digest;
                let expected = if model.manifests.contains(digest) { 200 } else { 404 };
                self.registry.get(&format!("{path}/manifests/{digest}")).await.is(expected);
                self.has_referrers(name, model, digest).await;
            }
        }
    }

    async fn has_referrers(&self, name: &str, model: &Model, subject: &str) {
        let answer = self.registry.get(&format!("/v2/{name}/referrers/{subject}")).await.is(200);
        let entries = answer.json()["manifests"].as_array().unwrap().clone();
        let found: BTreeSet<_> = entries.iter().map(|entry| entry["digest"].as_str().unwrap().to_owned()).collect();
        let speaks = |document: &&&Document| document.subject.as_deref() == Some(subject);
        let documents = model.documents(&self.world);
        let expected = documents.iter().filter(speaks).map(|document| document.content.digest.clone()).collect();
        assert_eq!(found, expected, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_sequence_of_requests_ends_where_the_model_does() {
    for seed in 0..8 {
        let folder = tempfile::tempdir().unwrap();
        let registry = RegistryUnderTest::start(folder.path()).await;
        let mut run = Run { registry, folder, world: World::new(), models: Default::default(), dice: Dice(seed) };
        for step in 0..120 {
            run.step().await;
            if step % 8 == 0 {
                run.look().await;
            }
        }
        run.look().await;
    }
}
