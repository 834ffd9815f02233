//! `bedplate verify`: whether images may be used, and why: several at a time, in a tree each.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use registry::{Client, ClientSettings, Reader};
use serde::Serialize;
use signing::{Finding, Outcome, Provenance};
use worker::{ArchiveEvidence, Examination, Examiner, KnownKeys, Verdict, blocking, check_archive};

use crate::arguments::{Arguments, Format, Verify};
use crate::context::{Context, runtime};
use crate::copy_place::{self, Where};
use crate::image_subject::{self, Subject, own_name};
use crate::output;
use crate::verify_contents::look_into;
use crate::verify_policy::Believing;
use crate::verify_text::markdown;

/// So many images are verified at a time.
const TOGETHER: usize = 32;
/// So many requests and transfers run at a time, all images together.
const PARALLEL: usize = 32;

/// What is printed for programs.
#[derive(Serialize)]
struct Report<'r> {
    schema: &'static str,
    images: &'r [Answer],
}

/// What came of one image.
#[derive(Serialize)]
struct Answer {
    image: String,
    verdict: Verdict,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<blob::Digest>,
    finding: Finding,
}

/// What is looked at beyond signatures and statements.
#[derive(Clone)]
struct Beyond {
    contents: bool,
    archive: Option<Arc<ArchiveEvidence>>,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments, command: &Verify) -> anyhow::Result<u8> {
    ensure!(
        command.name.is_none() || command.images.len() == 1,
        "`--name` is the name of one image: expected one REF with it"
    );
    let context = Context::new(arguments)?;
    let believing = believing(command, &context)?.with_root(command.trusted_root.as_deref())?;
    let client = Client::new(ClientSettings { parallel: PARALLEL, ..believing.registries.settings(&command.reach) })?;
    let examiner = Examiner::new(believing.policy, believing.root, command.platforms.clone(), Timestamp::now());
    let find = |image: &String| image_subject::find(image, command.name.as_deref(), &context, &client);
    let subjects: Vec<_> = command.images.iter().map(find).collect();
    let beyond = Beyond { contents: command.contents, archive: archive(command, &context)? };
    let answers = runtime()?.block_on(async {
        let work = command.images.iter().zip(subjects).map(|(image, subject)| {
            let (examiner, beyond, image) = (examiner.clone(), beyond.clone(), image.clone());
            async move { tokio::spawn(answer(examiner, image, subject, beyond)).await }
        });
        let work: Vec<_> = work.collect();
        stream::iter(work).buffered(TOGETHER).collect::<Vec<_>>().await
    });
    let answers: Vec<Answer> = answers.into_iter().collect::<Result<Vec<_>, _>>().context("a verification was lost")?;
    print(arguments.format, &answers)?;
    Ok(code(&answers))
}

/// One image that is refused is a no; one that could not be judged is none.
fn code(answers: &[Answer]) -> u8 {
    let any = |verdict| answers.iter().any(|answer| answer.verdict == verdict);
    match (any(Verdict::Refused), any(Verdict::Undecided)) {
        (true, _) => 1,
        (false, true) => 2,
        (false, false) => 0,
    }
}

/// The command line's keys or policy; without them the state folder's own keys.
fn believing(command: &Verify, context: &Context) -> anyhow::Result<Believing> {
    if let Some(path) = &command.policy {
        return Believing::of_file(path);
    }
    if !command.keys.is_empty() {
        return Believing::of_keys(&command.keys, &command.statement_keys);
    }
    let known = KnownKeys::read(&context.settings.signing, &context.state)?;
    let own = own_name(context);
    for image in &command.images {
        let place = copy_place::parse(image)?.place;
        let is_own = match &place {
            Where::Own(_) => true,
            Where::Registry(host, repository) => format!("{host}/{repository}").starts_with(&format!("{own}/")),
            Where::Layout(_) => command.name.as_ref().is_some_and(|name| name.starts_with(&format!("{own}/"))),
        };
        ensure!(
            is_own,
            "whose signatures count for `{image}`? It is no image of `{}`: give `--key FILE` or `--policy FILE`",
            context.state.display()
        );
    }
    ensure!(!known.is_empty(), "`{}` has no keys: run `bedplate up`, or give `--key FILE`", context.state.display());
    Believing::of_known(&known, &own)
}

async fn answer(examiner: Examiner, image: String, subject: anyhow::Result<Subject>, beyond: Beyond) -> Answer {
    let work = async {
        let subject = subject?;
        let reader = Reader::open(&subject.place).await?;
        let mut examination = examiner.examine(&reader, &subject.named, subject.name.as_deref()).await?;
        if beyond.contents {
            let findings = look_into(&reader, &examination.images).await?;
            examination.add(findings);
        }
        if let Some(archive) = beyond.archive {
            let provenance = examination.provenances.first().cloned();
            let finding = blocking(move || vouched(provenance.as_ref(), &archive)).await;
            examination.add(vec![finding]);
        }
        Ok::<Examination, anyhow::Error>(examination)
    };
    match work.await {
        Ok(Examination { verdict, digest, finding, .. }) => Answer { image, verdict, digest: Some(digest), finding },
        Err(error) => {
            let text = format!("{image} could not be judged: {error:#}");
            let finding = Finding::new(Outcome::Bad, "undecided", text);
            Answer { image, verdict: Verdict::Undecided, digest: None, finding }
        }
    }
}

/// The kept files of the archive, where they are given.
fn archive(command: &Verify, context: &Context) -> anyhow::Result<Option<Arc<ArchiveEvidence>>> {
    let Some(folder) = &command.archive else { return Ok(None) };
    let keyring = context.settings.archive.keyring(Path::new("/"))?;
    Ok(Some(Arc::new(ArchiveEvidence::open(folder, keyring)?)))
}

fn vouched(provenance: Option<&Provenance>, archive: &ArchiveEvidence) -> Finding {
    let none = || {
        let text = "archive: no provenance that is believed says what the image was made of";
        Finding::new(Outcome::Bad, "archive-unknown", text)
    };
    provenance.map_or_else(none, |provenance| check_archive(provenance, archive))
}

fn print(format: Format, answers: &[Answer]) -> anyhow::Result<()> {
    let trees = |text: fn(&Finding) -> String| answers.iter().map(|answer| text(&answer.finding)).collect::<String>();
    match format {
        Format::Table => output::print_text(&trees(Finding::to_string)),
        Format::Md => output::print_text(&trees(markdown)),
        _ => {
            let report = Report { schema: "bedplate.verify/v1", images: answers };
            output::print_text(&(serde_json::to_string_pretty(&report)? + "\n"))
        }
    }
}
