//! `bedplate sign`: "this is released", said by the release key or identity of the settings about images wherever they are.

use std::sync::Arc;

use anyhow::{Context as _, ensure};
use blob::Digest;
use jiff::Timestamp;
use oci::{Descriptor, ManifestDocument};
use registry::{Client, Named, Place, Reader};
use serde::Serialize;
use worker::{Signers, attach};

use crate::arguments::Arguments;
use crate::commands::copy;
use crate::context::{Context, runtime};
use crate::image_subject::{self, Subject};
use crate::output::{self, Table};
use crate::sign_arguments::Sign;

const CREATED: &str = "org.opencontainers.image.created";

/// What is printed for programs.
#[derive(Serialize)]
struct Report {
    schema: &'static str,
    images: Vec<Signed>,
}

/// What was signed.
#[derive(Serialize)]
struct Signed {
    image: String,
    name: String,
    digest: Digest,
    /// The manifests that hold the signatures, those that were there before too.
    signatures: Vec<Digest>,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments, command: &Sign) -> anyhow::Result<u8> {
    ensure!(
        command.name.is_none() || command.images.len() == 1,
        "`--name` is the name of one image: expected one REF with it"
    );
    let context = Context::new(arguments)?;
    let client = Client::new(copy::settings(&command.reach))?;
    let find = |image: &String| image_subject::find(image, command.name.as_deref(), &context, &client);
    let subjects = command.images.iter().map(find).collect::<anyhow::Result<Vec<_>>>()?;
    let signers = Arc::new(context.signers()?);
    let images = runtime()?.block_on(async {
        let mut images = Vec::new();
        for (image, subject) in command.images.iter().zip(subjects) {
            let signed = sign(image, subject, &signers).await;
            images.push(signed.with_context(|| format!("`{image}` was not signed"))?);
        }
        Ok::<_, anyhow::Error>(images)
    })?;
    print(arguments, images)?;
    Ok(0)
}

async fn sign(image: &str, subject: Subject, signers: &Arc<Signers>) -> anyhow::Result<Signed> {
    let Subject { place, named, name } = subject;
    let name =
        name.context("what is it published as? Give `--name HOST/REPOSITORY`: a signature counts for one name")?;
    let subjects = manifests(&place, &named).await?;
    let digest =
        subjects.last().map(|subject| subject.descriptor.digest.clone()).context("there is nothing to sign")?;
    let signatures = attach(&place, &name, subjects, signers).await?;
    Ok(Signed { image: image.to_owned(), name, digest, signatures })
}

/// The manifests of an index that are there, and last the one that is named.
async fn manifests(place: &Place, named: &Named) -> anyhow::Result<Vec<worker::Subject>> {
    let reader = Reader::open(place).await?;
    let (descriptor, document) = read(&reader, named).await?.with_context(|| format!("there is no `{named}`"))?;
    let mut subjects = Vec::new();
    for child in document.manifests() {
        if let Some((descriptor, document)) = read(&reader, &Named::Digest(child.digest.clone())).await? {
            subjects.push(subject(descriptor, &document));
        }
    }
    subjects.push(subject(descriptor, &document));
    Ok(subjects)
}

async fn read(reader: &Reader, named: &Named) -> anyhow::Result<Option<(Descriptor, ManifestDocument)>> {
    let Some(found) = reader.manifest(named).await? else { return Ok(None) };
    let document = ManifestDocument::parse(&found.descriptor.media_type, &found.bytes)?;
    Ok(Some((found.descriptor, document)))
}

/// The time is the image's own, if it has one: what is signed again has the same bytes.
fn subject(descriptor: Descriptor, document: &ManifestDocument) -> worker::Subject {
    let created = document.annotations().get(CREATED).and_then(|text| text.parse().ok());
    let created = created.unwrap_or(Timestamp::UNIX_EPOCH);
    worker::Subject { descriptor, created, statements: Vec::new(), withdrawn: Vec::new() }
}

fn print(arguments: &Arguments, images: Vec<Signed>) -> anyhow::Result<()> {
    let mut table = Table::new(["IMAGE", "SIGNED AS", "DIGEST", "SIGNATURES"]);
    for one in &images {
        table.row([one.image.clone(), one.name.clone(), one.digest.to_string(), one.signatures.len().to_string()]);
    }
    output::print(arguments.format, &table, &Report { schema: "bedplate.sign/v1", images })
}
