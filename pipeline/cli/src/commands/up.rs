//! `bedplate up`: the whole factory in one process, registry and status page on one address.
//!
//! The address is bound before anything else is done, and what was published before is served at once. Then a wave
//! runs, and another at each tick of the schedule; two never run at a time. What to do is decided from state, so a
//! missed tick costs nothing.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use jiff::Timestamp;
use plan::WaveSummary;
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio_cron_scheduler::{Job, JobScheduler};
use worker::{Wave, WaveRequest};

use crate::arguments::{Arguments, Up};
use crate::cleaning::Cleaning;
use crate::context::{Context, runtime};
use crate::delivery::{self, Delivery};
use crate::progress;
use crate::pull_table;
use crate::status_page::{self, Status};

/// Runs the command.
pub(crate) fn run(arguments: &Arguments, command: &Up) -> anyhow::Result<u8> {
    let context = Context::new(arguments)?;
    let address = command.listen.unwrap_or(context.settings.listen);
    let runtime = runtime()?;
    let listener = (!command.once).then(|| runtime.block_on(listen(address))).transpose()?;
    let (_state, wave) = context.open(&progress::reporter(arguments.progress))?;
    let request = WaveRequest { images: command.narrow.images.clone(), platforms: command.narrow.platforms.clone() };
    let delivery = Delivery::new(&context.settings.publish, &command.narrow.images, &wave)?;
    let factory = Factory {
        status: Arc::new(Status::new(wave.publications.clone(), Arc::clone(&wave.builder.catalogue))),
        wave: Arc::new(wave),
        request,
        busy: Arc::new(Mutex::new(())),
        cleaning: Arc::new(Cleaning::new(context.settings.retention)),
        delivery: Arc::new(delivery),
        arguments: Printing { format: arguments.format, address },
    };
    match listener {
        None => runtime.block_on(factory.once()),
        Some(listener) => runtime.block_on(factory.forever(listener, &context.settings.schedule)),
    }
}

async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| {
        format!("cannot listen on {address}: stop what uses it, or choose another address with --listen")
    })
}

/// How results are printed.
#[derive(Debug, Clone, Copy)]
struct Printing {
    format: crate::arguments::Format,
    address: SocketAddr,
}

#[derive(Clone)]
struct Factory {
    wave: Arc<Wave>,
    request: WaveRequest,
    status: Arc<Status>,
    busy: Arc<Mutex<()>>,
    cleaning: Arc<Cleaning>,
    delivery: Arc<Delivery>,
    arguments: Printing,
}

impl Factory {
    async fn once(&self) -> anyhow::Result<u8> {
        let summary = self.evaluate().await?;
        let sent = self.delivery.run(&self.wave).await;
        pull_table::print(self.arguments.format, self.arguments.address, &self.wave, &summary, &sent)?;
        Ok(summary.exit_code().max(delivery::exit_code(&sent)))
    }

    async fn forever(&self, listener: TcpListener, schedule: &str) -> anyhow::Result<u8> {
        let application: Router = status_page::router(Arc::clone(&self.status))
            .merge(registry::Service::new(Arc::clone(&self.wave.store)).router());
        let server = tokio::spawn(async move { axum::serve(listener, application).await });
        let mut scheduler = self.schedule(schedule).await?;
        match self.evaluate().await {
            Ok(summary) => {
                pull_table::print(self.arguments.format, self.arguments.address, &self.wave, &summary, &[])?;
                self.deliver();
            }
            Err(failure) => tracing::error!("evaluation failed, the next one is on schedule: {failure:#}"),
        }
        scheduler.start().await.context("cannot start the schedule")?;
        self.tell_next(&mut scheduler).await;
        tokio::select! {
            ended = server => ended.context("the server panicked")?.context("the server stopped")?,
            signal = stop_signal() => signal?,
        }
        scheduler.shutdown().await.context("cannot stop the schedule")?;
        Ok(0)
    }

    /// One wave; whoever comes while one runs is turned away.
    async fn evaluate(&self) -> anyhow::Result<WaveSummary> {
        let Ok(_busy) = self.busy.try_lock() else { anyhow::bail!("an evaluation is still running") };
        let finished = self.wave.run(&self.request).await;
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
        let (delivery, wave) = (Arc::clone(&self.delivery), Arc::clone(&self.wave));
        tokio::spawn(async move { delivery.run(&wave).await });
    }

    async fn tell_next(&self, scheduler: &mut JobScheduler) {
        let until = scheduler.time_till_next_job().await.ok().flatten();
        if let Some(next) = until.and_then(|until| Timestamp::now().checked_add(until).ok()) {
            self.status.set_next(next);
        }
    }
}

/// Waits for Ctrl-C or for what a service manager sends.
async fn stop_signal() -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).context("cannot wait for signals")?;
    tokio::select! {
        result = tokio::signal::ctrl_c() => result.context("cannot wait for Ctrl-C"),
        _ = terminate.recv() => Ok(()),
    }
}
