//! A private Sigstore on loopback, of the real servers: Fulcio, Rekor 2, a timestamp authority, and our own identity provider.
//!
//! In: the programs that `tests/tools.sh sigstore` builds, and cosign 3 for the files that describe an instance. Out: addresses, a trusted
//! root, a signing configuration. There is no log of certificates: Fulcio's own needs a database.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::issuer::Issuer;
use crate::harness::{free_port, run};
use crate::registry::{Tool, brought, text};

/// How long a server may take to answer.
const PATIENCE: Duration = Duration::from_mins(1);
/// Held by whoever starts an instance.
static STARTING: Mutex<()> = Mutex::new(());
const START: &str = "start-time=2020-01-01T00:00:00Z";

/// The running servers.
pub(super) struct Sigstore {
    folder: tempfile::TempDir,
    processes: Vec<Child>,
    pub(super) issuer: Issuer,
    pub(super) fulcio: String,
    pub(super) rekor: String,
    pub(super) timestamp: String,
}

impl Sigstore {
    /// Starts them; `None` where a program is not there.
    pub(super) fn start(cosign: &Tool) -> Option<Self> {
        let [fulcio, rekor, timestamp] = ["bin/fulcio", "bin/posix", "bin/timestamp-server"].map(brought);
        let (fulcio, rekor, timestamp) = (fulcio?, rekor?, timestamp?);
        // A free port is free until somebody else finds it too: instances start one after the other.
        let _turn = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
        let address = || format!("http://127.0.0.1:{}", free_port());
        let mut sigstore = Self {
            folder: tempfile::tempdir().unwrap(),
            processes: Vec::new(),
            issuer: Issuer::start(),
            fulcio: address(),
            rekor: address(),
            timestamp: address(),
        };
        sigstore.start_fulcio(&fulcio);
        sigstore.start_rekor(&rekor);
        sigstore.start_timestamp(&timestamp);
        sigstore.describe(cosign);
        Some(sigstore)
    }

    /// A file in its folder: `trusted_root.json`, `signing_config.json`.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a fresh token for somebody.
    pub(super) fn token_file(&self, email: &str) -> PathBuf {
        fs::write(self.path("token"), self.issuer.token(email)).unwrap();
        self.path("token")
    }

    /// Ends the servers: what is verified from now on is verified offline.
    pub(super) fn stop(&mut self) {
        for process in &mut self.processes {
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    fn start_fulcio(&mut self, program: &Path) {
        let issuer = self.issuer.url();
        let details = format!(
            "{{issuer-url: '{issuer}', client-id: sigstore, type: email, contact: a@images.example, description: peers}}"
        );
        fs::write(self.path("fulcio.yaml"), format!("oidc-issuers:\n  '{issuer}': {details}\n")).unwrap();
        let [port, more, metrics] = [port(&self.fulcio), free_port().to_string(), free_port().to_string()];
        let arguments = format!(
            "serve --ca ephemeralca --ct-log-url= --config-path fulcio.yaml --host 127.0.0.1 --port {port} --grpc-host 127.0.0.1 \
             --grpc-port {more} --metrics-port {metrics}"
        );
        self.launch(program, &arguments);
        let bundle = wait(&format!("{}/api/v2/trustBundle", self.fulcio));
        let bundle: Value = serde_json::from_str(&bundle).unwrap();
        let chain = bundle["chains"][0]["certificates"].as_array().unwrap();
        let chain: String = chain.iter().map(|one| one.as_str().unwrap()).collect();
        fs::write(self.path("fulcio.pem"), chain).unwrap();
    }

    fn start_rekor(&mut self, program: &Path) {
        let (key, public) = (text(&self.path("rekor.pem")), text(&self.path("rekor.pub")));
        run("openssl", &["genpkey", "-algorithm", "ed25519", "-out", &key]);
        run("openssl", &["pkey", "-in", &key, "-pubout", "-out", &public]);
        let [port, more, metrics] = [port(&self.rekor), free_port().to_string(), free_port().to_string()];
        let arguments = format!(
            "serve --signer-filepath rekor.pem --storage-dir log --hostname 127.0.0.1 --http-port {port} --grpc-port {more} \
             --http-metrics-port {metrics} --checkpoint-interval 1s"
        );
        self.launch(program, &arguments);
        wait(&format!("{}/healthz", self.rekor));
    }

    fn start_timestamp(&mut self, program: &Path) {
        let port = port(&self.timestamp);
        self.launch(program, &format!("serve --host 127.0.0.1 --port {port} --disable-ntp-monitoring"));
        let chain = wait(&format!("{}/api/v1/timestamp/certchain", self.timestamp));
        fs::write(self.path("timestamp.pem"), chain).unwrap();
        self.timestamp.push_str("/api/v1/timestamp");
    }

    fn launch(&mut self, program: &Path, arguments: &str) {
        let mut command = Command::new(program);
        command.args(arguments.split(' ')).current_dir(&self.folder).stdout(Stdio::null()).stderr(Stdio::null());
        self.processes.push(command.spawn().unwrap());
    }

    /// Has cosign write down what it and others must know of this instance.
    fn describe(&self, cosign: &Tool) {
        let (fulcio, rekor, timestamp, issuer) = (&self.fulcio, &self.rekor, &self.timestamp, self.issuer.url());
        let file = |name: &str| text(&self.path(name));
        let service = |kind: &str, url: &str, version: u8| {
            format!("--{kind}=url={url},api-version={version},{START},operator=peers")
        };
        cosign.run(&[
            "signing-config",
            "create",
            &service("fulcio", fulcio, 1),
            &service("rekor", rekor, 2),
            "--rekor-config=ANY",
            &service("tsa", timestamp, 1),
            "--tsa-config=ANY",
            &service("oidc-provider", issuer, 1),
            &format!("--out={}", file("signing_config.json")),
        ]);
        cosign.run(&[
            "trusted-root",
            "create",
            &format!("--fulcio=url={fulcio},certificate-chain={},{START}", file("fulcio.pem")),
            &format!("--rekor=url={rekor},public-key={},{START},origin=127.0.0.1", file("rekor.pub")),
            &format!("--tsa=url={timestamp},certificate-chain={},{START}", file("timestamp.pem")),
            &format!("--out={}", file("trusted_root.json")),
        ]);
    }
}

impl Drop for Sigstore {
    fn drop(&mut self) {
        self.stop();
    }
}

fn port(address: &str) -> String {
    address.rsplit(':').next().unwrap().to_owned()
}

/// What an address answers, once it does.
fn wait(url: &str) -> String {
    let begin = Instant::now();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    loop {
        let answer = runtime.block_on(async { reqwest::get(url).await?.error_for_status()?.text().await });
        match answer {
            Ok(text) => return text,
            Err(error) => assert!(begin.elapsed() < PATIENCE, "{url} does not answer: {error}"),
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}
