//! `bedplate up`: the whole factory in one process, registry and status page on one address.
//!
//! The address is bound before anything else is done, and what was published before is served at once. Then a wave
//! runs, and another at each tick of the schedule; two never run at a time. What to do is decided from state, so a
//! missed tick costs nothing.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use jiff::Timestamp;
use plan::WaveSummary;
use tokio::sync::Mutex;
use tokio_cron_scheduler::{Job, JobScheduler};
use worker::{Publisher, Sent, Signers, SigningSettings, Summaries, Wave, WaveRequest};

use crate::arguments::{Arguments, Up};
use crate::cleaning::Cleaning;
use crate::context::{Context, runtime};
use crate::delivery::{self, Delivery};
use crate::findings::Findings;
use crate::key_pages::KeyPages;
use crate::knowing::Knowing;
use crate::notices::Sources;
use crate::progress;
use crate::pull_table;
use crate::serving::{Serving, stop_signal};
use crate::status_page::Status;

/// Runs the command.
pub(crate) fn run(arguments: &Arguments, command: &Up) -> anyhow::Result<u8> {
    let context = Context::new(arguments)?;
    let address = command.listen.unwrap_or(context.settings.listen);
    let runtime = runtime()?;
    let settings = &context.settings.registry;
    let serving = (!command.once).then(|| runtime.block_on(async { Serving::bind(address, settings) })).transpose()?;
    let address = serving.as_ref().map_or(Ok(address), Serving::address)?;
    let (_state, wave) = context.open(&runtime, &progress::reporter(arguments.progress))?;
    let request = WaveRequest { images: command.narrow.images.clone(), platforms: command.narrow.platforms.clone() };
    let url = settings.url(address);
    let publisher = context.publisher(&wave, &url)?;
    let delivery = Delivery::new(&context.settings.publish, &command.narrow.images, &wave)?;
    let factory = Factory {
        status: Arc::new(status(&wave, &url)),
        knowing: Knowing::new(wave.scanner.clone(), Summaries::of_state(&context.state)),
        wave: Arc::new(wave),
        keys: Keys { settings: context.settings.signing.clone(), state: context.state.clone() }.into(),
        publisher,
        request,
        busy: Arc::new(Mutex::new(())),
        cleaning: Arc::new(Cleaning::new(context.settings.retention)),
        delivery: Arc::new(delivery),
        printing: Printing { format: arguments.format, url: url.into() },
    };
    match serving {
        None => runtime.block_on(factory.once()),
        Some(serving) => {
            let (url, name) = (settings.url(address), context.settings.name(address));
            let publications = factory.wave.publications.clone();
            let keys = KeyPages::new(&context.settings, &context.state, &url, &name, publications);
            runtime.block_on(factory.forever(serving, keys, &context.settings.schedule))
        }
    }
}

/// What the pages are made of.
fn status(wave: &Wave, url: &str) -> Status {
    let findings = Findings::new(wave.scanner.ledger.clone(), wave.scanner.feeds.clone());
    Status::new(wave.publications.clone(), Arc::clone(&wave.builder.catalogue), findings, url)
}

/// How results are printed.
#[derive(Debug, Clone)]
struct Printing {
    format: crate::arguments::Format,
    url: Arc<str>,
}

impl Printing {
    async fn print(&self, status: &Arc<Status>, summary: &WaveSummary, sent: &[Sent]) -> anyhow::Result<()> {
        let view = status.view(Timestamp::now()).await;
        pull_table::print(self.format, &self.url, &view, summary, sent)
    }
}

/// Where the signers are: they are opened for each wave anew, so that a key that was replaced meanwhile is the new one.
struct Keys {
    settings: SigningSettings,
    state: PathBuf,
}

impl Keys {
    fn open(&self) -> anyhow::Result<Arc<Signers>> {
        Ok(Arc::new(Signers::open(&self.settings, &self.state)?))
    }
}

#[derive(Clone)]
struct Factory {
    wave: Arc<Wave>,
    keys: Arc<Keys>,
    knowing: Knowing,
    publisher: Publisher,
    request: WaveRequest,
    status: Arc<Status>,
    busy: Arc<Mutex<()>>,
    cleaning: Arc<Cleaning>,
    delivery: Arc<Delivery>,
    printing: Printing,
}

impl Factory {
    async fn once(&self) -> anyhow::Result<u8> {
        let summary = self.evaluate().await?;
        let sent = self.delivery.run(&self.wave, &*self.keys.open()?).await;
        self.printing.print(&self.status, &summary, &sent).await?;
        Ok(summary.exit_code().max(delivery::exit_code(&sent)))
    }

    async fn forever(&self, serving: Serving, keys: KeyPages, schedule: &str) -> anyhow::Result<u8> {
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let server = serving.run(Arc::clone(&self.status), keys, self.sources(), async move { _ = stopped.await });
        let mut server = tokio::spawn(server);
        let mut scheduler = self.schedule(schedule).await?;
        match self.evaluate().await {
            Ok(summary) => {
                self.printing.print(&self.status, &summary, &[]).await?;
                self.deliver();
            }
            Err(failure) => tracing::error!("evaluation failed, the next one is on schedule: {failure:#}"),
        }
        scheduler.start().await.context("cannot start the schedule")?;
        self.tell_next(&mut scheduler).await;
        tokio::select! {
            ended = &mut server => anyhow::bail!("the server stopped by itself: {ended:?}"),
            signal = stop_signal() => signal?,
        }
        drop(stop);
        scheduler.shutdown().await.context("cannot stop the schedule")?;
        // Whoever asks a second time does not want to wait for running requests.
        tokio::select! {
            ended = server => ended.context("the server panicked")?,
            signal = stop_signal() => signal?,
        }
        Ok(0)
    }

    /// What clients are told about images is made of these.
    fn sources(&self) -> Sources {
        Sources {
            store: Arc::clone(&self.wave.store),
            publications: self.wave.publications.clone(),
            catalogue: Arc::clone(&self.wave.builder.catalogue),
        }
    }

    /// One wave; whoever comes while one runs is turned away.
    async fn evaluate(&self) -> anyhow::Result<WaveSummary> {
        let Ok(_busy) = self.busy.try_lock() else { anyhow::bail!("an evaluation is still running") };
        let publisher = Publisher { signers: self.keys.open()?, ..self.publisher.clone() };
        self.knowing.refresh().await;
        let finished = self.wave.run(&self.request, &publisher).await;
        self.knowing.rescan(&publisher, &self.wave.publications).await;
        self.knowing.sum_up(&publisher).await;
        progress::rest();
        match finished {
            Ok(summary) => {
                self.status.set_wave(Timestamp::now(), summary.clone());
                Ok(summary)
            }
            Err(failure) => {
                self.status.set_error(Timestamp::now(), format!("{} [{}]", failure.chain(), failure.whose()));
                Err(failure.into())
            }
        }
    }

    async fn schedule(&self, cron: &str) -> anyhow::Result<JobScheduler> {
        let scheduler = JobScheduler::new().await.context("cannot make the schedule")?;
        let factory = self.clone();
        let job = Job::new_async(cron, move |_, mut scheduler| {
            let factory = factory.clone();
            Box::pin(async move {
                factory.tick().await;
                factory.tell_next(&mut scheduler).await;
            })
        });
        let wrong =
            || format!("settings key `schedule`: `{cron}` is no cron line of six fields, such as `0 */5 * * * *`");
        scheduler.add(job.with_context(wrong)?).await.context("cannot fill the schedule")?;
        Ok(scheduler)
    }

    async fn tick(&self) {
        if let Err(failure) = self.evaluate().await {
            tracing::error!("evaluation failed, the next one is on schedule: {failure:#}");
        }
        self.deliver();
        if let Ok(_busy) = self.busy.try_lock() {
            self.cleaning.run(&self.wave).await;
        }
    }

    /// To other registries, beside whatever else goes on.
    fn deliver(&self) {
        let factory = self.clone();
        tokio::spawn(async move {
            let sent = match factory.keys.open() {
                Ok(signers) => factory.delivery.run(&factory.wave, &signers).await,
                Err(error) => return tracing::error!("nothing is published to other registries: {error:#}"),
            };
            factory.status.set_sent(Timestamp::now(), &sent);
        });
    }

    async fn tell_next(&self, scheduler: &mut JobScheduler) {
        let until = scheduler.time_till_next_job().await.ok().flatten();
        if let Some(next) = until.and_then(|until| Timestamp::now().checked_add(until).ok()) {
            self.status.set_next(next);
        }
    }
}
