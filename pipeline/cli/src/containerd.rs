//! Answers containerd's image verifier plug-in: whether a node may use an image.
//!
//! In: a [`Call`], and the policy file. Out: exit code 0, or 1 with the reason in one line on standard output. Whatever cannot be judged is
//! refused: within the ten seconds that containerd waits.

use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use blob::Digest;
use jiff::Timestamp;
use oci::{Platform, Reference};
use registry::{Client, ClientSettings, Named, Patience, Place, Reader};
use signing::Others;
use worker::{Examiner, Verdict};

use crate::containerd_call::Call;
use crate::context::runtime;
use crate::registry_arguments::Reach;
use crate::verify_policy::Believing;
use crate::verify_text::reason;

/// Where the policy is looked for, since containerd passes no arguments of ours.
const POLICY: &str = "/etc/bedplate/verify.yaml";
/// Names another policy.
const POLICY_VARIABLE: &str = "BEDPLATE_VERIFY_POLICY";
/// Containerd gives a verifier ten seconds.
const PATIENCE: Duration = Duration::from_secs(9);

/// What is asked, understood.
struct Question {
    host: String,
    reference: Reference,
    digest: Digest,
}

/// Answers, and gives the exit code.
pub(crate) fn answer(call: &Call) -> ExitCode {
    drain();
    let refusal = match judge(call) {
        Ok(None) => return ExitCode::SUCCESS,
        Ok(Some(reason)) => reason,
        Err(error) => format!("it could not be judged: {error:#}"),
    };
    // Without a reader of the reason the code still says no.
    let _ = writeln!(std::io::stdout(), "{}", refusal.split_whitespace().collect::<Vec<_>>().join(" "));
    ExitCode::FAILURE
}

/// Containerd writes the descriptor, whose digest the flags say too: taken, so that it does not find a closed pipe.
fn drain() {
    std::thread::spawn(|| std::io::copy(&mut std::io::stdin().take(1024 * 1024), &mut std::io::sink()));
}

/// Why it is refused; nothing where it may be used.
fn judge(call: &Call) -> anyhow::Result<Option<String>> {
    let question = Question::of(call)?;
    let believing = Believing::of_file(&policy_path(call))?;
    let name = question.name();
    if believing.policy.rule(Some(&name)).is_none() && believing.policy.others() == Others::Accepted {
        return Ok(None);
    }
    let examination = async {
        let judged = tokio::time::timeout(PATIENCE, question.examine(believing, &name)).await;
        judged.unwrap_or_else(|_| Err(anyhow!("the registry did not answer in {} seconds", PATIENCE.as_secs())))
    };
    runtime()?.block_on(examination)
}

fn policy_path(call: &Call) -> PathBuf {
    let from_environment = || std::env::var_os(POLICY_VARIABLE).map(PathBuf::from);
    call.policy.clone().or_else(from_environment).unwrap_or_else(|| POLICY.into())
}

impl Question {
    fn of(call: &Call) -> anyhow::Result<Self> {
        let name = call.name.as_deref().context("`-name` is missing: expected the image's name")?;
        let digest = call.digest.as_deref().context("`-digest` is missing: expected the image's digest")?;
        let reference: Reference = name.parse()?;
        let host = reference.registry.clone().with_context(|| format!("`{name}` names no registry"))?;
        Ok(Self { host, reference, digest: digest.parse()? })
    }

    /// The name under which the image was asked for.
    fn name(&self) -> String {
        format!("{}/{}", self.host, self.reference.repository)
    }

    async fn examine(&self, believing: Believing, name: &str) -> anyhow::Result<Option<String>> {
        let client = Client::new(settings(&believing))?;
        let place = Place::Remote(client.repository(&self.host, self.reference.repository.clone()));
        let reader = Reader::open(&place).await?;
        let examiner = Examiner::new(believing.policy, believing.root, vec![own_platform()], Timestamp::now());
        let examination = examiner.examine(&reader, &Named::Digest(self.digest.clone()), Some(name)).await?;
        Ok((examination.verdict != Verdict::Accepted).then(|| reason(&examination.finding)))
    }
}

/// One attempt: who asks again is the kubelet.
fn settings(believing: &Believing) -> ClientSettings {
    let patience = Patience { stall: PATIENCE, ..Patience::default() };
    ClientSettings { parallel: 16, attempts: 2, patience, ..believing.registries.settings(&Reach::default()) }
}

/// A node runs one platform of an index, and is asked about the index.
fn own_platform() -> Platform {
    Platform::linux(match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "x86" => "386",
        "powerpc64" => "ppc64le",
        other => other,
    })
}
