//! `bedplate site export`: the registry as files, for a plain web server or an object store.

use std::path::Path;

use registry::{SitePage, SitePart, SiteReport, export_site};
use worker::KnownKeys;

use crate::arguments::{Arguments, Format, Site, SiteExport};
use crate::context::Context;
use crate::image_subject::own_name;
use crate::key_texts::Handout;
use crate::output::{self, Table, bytes};
use crate::{key_index, published, status_page};

/// Runs the command.
pub(crate) fn run(arguments: &Arguments, command: &Site) -> anyhow::Result<u8> {
    let Site::Export(command) = command;
    let context = Context::new(arguments)?;
    let store = published::store(&context.state)?;
    let parts = match command.images.as_slice() {
        [] => store.repositories()?.into_iter().map(|repository| SitePart { repository, tags: None }).collect(),
        names => parts(&context.state, names)?,
    };
    let report = export_site(&store, &parts, &pages(&context)?, &command.output)?;
    print(arguments.format, command, &report)?;
    Ok(0)
}

fn parts(state: &Path, names: &[String]) -> anyhow::Result<Vec<SitePart>> {
    let parts = published::by_repository(published::images(state, names)?).into_iter();
    Ok(parts.map(|(repository, tags)| SitePart { repository, tags: Some(tags) }).collect())
}

/// What others verify with; nothing while there is no key.
fn pages(context: &Context) -> anyhow::Result<Vec<SitePage>> {
    let settings = &context.settings;
    let known = KnownKeys::read(&settings.signing, &context.state)?;
    let handout = Handout::new(known, &own_name(context), settings);
    let page = |name, content_type, text: String| SitePage { name, content_type, bytes: text.into_bytes() };
    let mut pages: Vec<_> =
        handout.texts().into_iter().map(|text| page(text.name, text.content_type, text.text)).collect();
    if !pages.is_empty() {
        let index = key_index::file(&settings.registry.url(settings.listen), &handout, None).into_string();
        pages.push(page("index.html", "text/html; charset=utf-8", index));
        pages.push(page("style.css", "text/css; charset=utf-8", status_page::STYLE.to_owned()));
    }
    Ok(pages)
}

fn print(format: Format, command: &SiteExport, report: &SiteReport) -> anyhow::Result<()> {
    let mut table = Table::new(["REPOSITORY", "TAGS", "MANIFESTS", "BLOBS", "SIZE"]);
    for one in &report.repositories {
        let counts = [one.tags, one.manifests, one.blobs].map(|count| count.to_string());
        let [tags, manifests, blobs] = counts;
        table.row([one.repository.to_string(), tags, manifests, blobs, bytes(one.bytes)]);
    }
    output::print(format, &table, report)?;
    if format == Format::Json {
        return Ok(());
    }
    output::print_text(&format!(
        "\n{} files written, {} unchanged, {} removed\n\n{}",
        report.written,
        report.unchanged,
        report.removed,
        advice(&command.output.canonicalize()?)
    ))
}

fn advice(folder: &Path) -> String {
    let folder = folder.display();
    format!(
        "nginx: root {folder}; include {folder}/nginx.conf;\n\
         object stores: upload the files that {folder}/headers.json lists, in its order, each with its headers\n\
         hosts of static sites: {folder}/_headers\n"
    )
}
