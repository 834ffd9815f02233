//! Our client at our own registry's door: with a token, with a password, with rights for some repositories and not for others.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use oci::Repository;
use registry::{
    Access, AccessSettings, Action, BlobSource, ChallengeKind, Client, Pushed, Remote, Rule, Service, Store,
};
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::fixture::{blob, name, quiet, settings, settings_with};

/// A registry where `ann` writes in `team`, and reads in `base`.
struct Guarded {
    folder: TempDir,
    store: Arc<Store>,
    host: String,
}

impl Guarded {
    async fn start(challenge: ChallengeKind) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let users = folder.path().join("users");
        std::fs::write(&users, format!("ann:{}\n", bcrypt::hash("secret", 4).unwrap())).unwrap();
        let rule = |repository: &str, actions: &[Action]| Rule {
            repository: repository.to_owned(),
            users: vec!["ann".to_owned()],
            actions: actions.iter().copied().collect(),
        };
        let access = AccessSettings {
            htpasswd: Some(users),
            anonymous: false,
            loopback_writes: false,
            challenge,
            rules: vec![rule("team/*", &[Action::Pull, Action::Push]), rule("base", &[Action::Pull])],
            ..AccessSettings::default()
        };
        let store = Arc::new(Store::open(folder.path().join("registry")).unwrap());
        let access = Arc::new(Access::new(&access).unwrap());
        let router = Service::new(Arc::clone(&store)).with_access(access).router();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { folder, store, host }
    }

    fn ann(&self, repository: &str) -> Remote {
        let auth = STANDARD.encode("ann:secret");
        let config = format!(r#"{{"auths":{{"{}":{{"auth":"{auth}"}}}}}}"#, self.host);
        Client::new(settings_with(self.folder.path(), &config)).unwrap().repository(&self.host, name(repository))
    }

    fn nobody(&self, repository: &str) -> Remote {
        let folder = self.folder.path().join("nobody");
        std::fs::create_dir_all(&folder).unwrap();
        Client::new(settings(&folder)).unwrap().repository(&self.host, name(repository))
    }
}

#[tokio::test]
async fn who_may_write_writes_and_mounts_from_where_it_may_read() {
    for challenge in [ChallengeKind::Bearer, ChallengeKind::Basic] {
        let guarded = Guarded::start(challenge).await;
        let base: Repository = name("base");
        let (layer, bytes) = blob(1000);
        guarded.store.put_bytes(&base, &bytes).unwrap();
        let source = BlobSource::Bytes(bytes.into());
        let mounted = guarded.ann("team/app").push_blob(&layer, &source, &[base], &quiet).await.unwrap();
        assert_eq!(mounted, Pushed::Mounted);
        let (layer, bytes) = blob(2000);
        let source = BlobSource::Bytes(bytes.into());
        let sent = guarded.ann("team/app").push_blob(&layer, &source, &[name("secret")], &quiet).await.unwrap();
        assert_eq!(sent, Pushed::Sent(2000), "{challenge:?}");
    }
}

#[tokio::test]
async fn who_may_not_is_told_so_with_the_place_of_the_credentials() {
    for challenge in [ChallengeKind::Bearer, ChallengeKind::Basic] {
        let guarded = Guarded::start(challenge).await;
        let (layer, bytes) = blob(1000);
        let source = BlobSource::Bytes(bytes.into());
        let error = guarded.ann("base").push_blob(&layer, &source, &[], &quiet).await.unwrap_err().to_string();
        assert!(error.contains("config.json` do not allow it") && !error.contains("secret"), "{challenge:?} {error}");
        let error = guarded.nobody("base").tags().await.unwrap_err().to_string();
        assert!(error.contains("there are no credentials for"), "{challenge:?} {error}");
    }
}
