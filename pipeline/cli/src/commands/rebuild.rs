//! `bedplate rebuild`: an image once more from its provenance alone, and whether the same came out. Nothing is published.

use anyhow::{Context as _, ensure};
use jiff::Timestamp;
use oci::Descriptor;
use registry::{Client, Place, Reader};
use serde::Serialize;
use signing::{Artifact, Evidence, Policy, PublicKey};
use worker::{
    Announced, BelievedProvenance, Compared, KnownKeys, RebuildComparison, Rebuilt, Recipe, Signers, attest_rebuild,
    believed_provenance, compare_rebuild, gather_evidence, read_published,
};

use crate::arguments::Arguments;
use crate::commands::copy;
use crate::context::{Context, runtime};
use crate::image_subject::{self, own_name};
use crate::output::{self, Table};
use crate::progress;
use crate::rebuild_arguments::Rebuild;
use crate::verify_policy::Believing;

/// What is printed for programs.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Report<'r> {
    schema: &'static str,
    image: &'r str,
    provenance_signed_by: &'r str,
    sources: &'r [String],
    comparison: &'r RebuildComparison,
    attested: usize,
}

/// An image index, and everything beside it.
struct Subject {
    place: Place,
    artifact: Artifact,
    descriptor: Descriptor,
    published: worker::PublishedImage,
    evidence: Evidence,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments, command: &Rebuild) -> anyhow::Result<u8> {
    let context = Context::new(arguments)?;
    let Believing { policy, root, .. } = believing(command, &context)?;
    let runtime = runtime()?;
    let subject = runtime.block_on(subject(command, &context))?;
    let found = believed_provenance(&subject.artifact, &subject.evidence, &policy, root.as_ref(), Timestamp::now())?;
    let recipe = Recipe::read(&found.provenance)?;
    let (state, wave) = context.open(&runtime, &progress::reporter(arguments.progress))?;
    let snapshots = context.settings.snapshots.as_deref();
    let rebuilt = runtime.block_on(wave.rebuild(&recipe, snapshots, state.root()))?;
    let comparison = compare_rebuild(&subject.published, &rebuilt.image);
    let attested = if command.attest && comparison.same {
        runtime.block_on(attest(&context, &subject, &rebuilt, &found))?
    } else {
        Vec::new()
    };
    print(arguments, command, &found, &rebuilt, &comparison, &attested)?;
    Ok(u8::from(!comparison.same))
}

/// The command line's keys or policy; without them the state folder's own keys.
fn believing(command: &Rebuild, context: &Context) -> anyhow::Result<Believing> {
    if let Some(path) = &command.policy {
        return Believing::of_file(path);
    }
    if command.keys.is_empty() {
        let known = KnownKeys::read(&context.settings.signing, &context.state)?;
        let folder = context.state.display();
        ensure!(!known.is_empty(), "`{folder}` has no keys: give the key of the provenance with --key FILE");
        return Believing::of_known(&known, &own_name(context));
    }
    let mut keys = Vec::new();
    for path in &command.keys {
        let failed = || format!("cannot read the key `{}`", path.display());
        keys.extend(PublicKey::all_from_pem(&std::fs::read(path).with_context(failed)?).with_context(failed)?);
    }
    Ok(Believing::of_policy(Policy::of_keys(&[], &keys)))
}

async fn subject(command: &Rebuild, context: &Context) -> anyhow::Result<Subject> {
    let client = Client::new(copy::settings(&command.reach))?;
    let found = image_subject::find(&command.image, command.name.as_deref(), context, &client)?;
    let image_subject::Subject { place, named, name } = found;
    let reader = Reader::open(&place).await?;
    let (published, descriptor) = read_published(&reader, &named).await?;
    let evidence = gather_evidence(&reader, &published.digest).await?;
    let artifact = Artifact { digest: published.digest.clone(), name, tag: None };
    Ok(Subject { place, artifact, descriptor, published, evidence })
}

async fn attest(
    context: &Context,
    subject: &Subject,
    rebuilt: &Rebuilt,
    found: &BelievedProvenance,
) -> anyhow::Result<Vec<Announced>> {
    let signers = Signers::open(&context.settings.signing, &context.state)?;
    let report = rebuilt.report(&found.payload);
    let Subject { place, artifact, descriptor, evidence, .. } = subject;
    let (signers, root) = (&signers.statement, signers.trusted_root());
    Ok(attest_rebuild(place, descriptor, artifact, evidence, &report, signers, root).await?)
}

fn print(
    arguments: &Arguments,
    command: &Rebuild,
    found: &BelievedProvenance,
    rebuilt: &Rebuilt,
    comparison: &RebuildComparison,
    attested: &[Announced],
) -> anyhow::Result<()> {
    let report = Report {
        schema: "bedplate.rebuild/v1",
        image: &command.image,
        provenance_signed_by: &found.signed_by,
        sources: &rebuilt.sources,
        comparison,
        attested: attested.len(),
    };
    output::print(arguments.format, &table(comparison), &report)
}

fn table(comparison: &RebuildComparison) -> Table {
    let mut table = Table::new(["PART", "SAME", "PUBLISHED", "BUILT AGAIN"]);
    let mut row = |part: String, compared: &Compared| {
        let digest = |digest: &Option<blob::Digest>| digest.as_ref().map(ToString::to_string).unwrap_or_default();
        let same = if compared.same() { "yes" } else { "NO" };
        table.row([part, same.to_owned(), digest(&compared.published), digest(&compared.rebuilt)]);
    };
    row("index".to_owned(), &comparison.index);
    for platform in &comparison.platforms {
        row(platform.platform.clone(), &platform.manifest);
        for part in &platform.parts {
            row(format!("{} {}", platform.platform, part.part), &part.compared);
        }
    }
    table
}
