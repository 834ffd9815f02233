//! `bedplate serve`: registry and status page of a state folder, and nothing else.
//!
//! Nothing is built and nothing is locked: it may run beside `bedplate up` on the same folder, several times over, and on a disk that is only read.

use std::sync::Arc;

use anyhow::Context as _;
use registry::Store;
use store::Ledger;
use worker::{Feeds, Publications};

use crate::arguments::{Arguments, Format, Serve};
use crate::context::{Context, runtime};
use crate::findings::Findings;
use crate::key_pages::KeyPages;
use crate::notices::Sources;
use crate::output;
use crate::serving::{Serving, stop_signal};
use crate::status_page::Status;

/// Runs the command.
pub(crate) fn run(arguments: &Arguments, command: &Serve) -> anyhow::Result<u8> {
    let context = Context::new(arguments)?;
    runtime()?.block_on(serve(arguments.format, &context, command))?;
    Ok(0)
}

async fn serve(format: Format, context: &Context, command: &Serve) -> anyhow::Result<()> {
    let settings = &context.settings;
    let serving = Serving::bind(command.listen.unwrap_or(settings.listen), &settings.registry)?;
    let catalogue = Arc::new(context.catalogue()?);
    let unusable =
        || format!("the state folder `{}` cannot be used: choose another with --state", context.state.display());
    let store = Arc::new(Store::open(context.state.join("registry")).with_context(unusable)?);
    let publications = Publications::of_state(&context.state)?;
    let url = settings.registry.url(serving.address()?);
    let feeds = Feeds::open(&settings.feeds, &context.state, &worker::silent())?;
    let findings = Findings::only_read(Ledger::path_of(&context.state), feeds);
    let status = Arc::new(Status::only_served(publications.clone(), Arc::clone(&catalogue), findings, &url));
    let name = settings.name(serving.address()?);
    let keys = KeyPages::new(settings, &context.state, &url, &name, publications.clone());
    tell(format, context, &url)?;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server =
        serving.run(status, keys, Sources { store, publications, catalogue }, async move { _ = stopped.await });
    let mut server = std::pin::pin!(server);
    tokio::select! {
        () = &mut server => anyhow::bail!("the server stopped by itself"),
        signal = stop_signal() => signal?,
    }
    drop(stop);
    // Whoever asks a second time does not want to wait for running requests.
    tokio::select! {
        () = server => Ok(()),
        signal = stop_signal() => signal,
    }
}

fn tell(format: Format, context: &Context, url: &str) -> anyhow::Result<()> {
    let state = context.state.display().to_string();
    if format == Format::Json {
        return output::print_text(&format!("{}\n", serde_json::json!({"state": state, "url": url})));
    }
    output::print_text(&format!("Serving `{state}` on {url}/\n"))
}
