//! Connects the rooms for one command: settings, catalogue, state folder, archive.
//!
//! In: the command line. Out: [`Context`] with what was read, and from it a [`Wave`] that can work.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use assemble::Catalogue;
use registry::Store;
use tokio::runtime::Runtime;
use worker::{
    Archive, Builder, Client, Debs, InReleases, Indexes, Judging, Layers, Observer, Publications, Publisher, Reporter,
    RetryPolicy, RulesCache, Scanner, Segments, Signers, State, Wave,
};

use crate::arguments::Arguments;
use crate::settings::Settings;

/// What every command starts from.
pub(crate) struct Context {
    /// The settings.
    pub settings: Settings,
    /// The state folder's path, not yet opened.
    pub state: PathBuf,
}

impl Context {
    /// Reads the settings that the command line names.
    pub(crate) fn new(arguments: &Arguments) -> anyhow::Result<Self> {
        let settings = Settings::read(arguments.config.as_deref())?;
        let state = arguments.state.clone().unwrap_or_else(|| settings.state.clone());
        Ok(Self { settings, state })
    }

    /// The catalogue: the folder of the settings, or the one built in; with the labels of the settings.
    pub(crate) fn catalogue(&self) -> anyhow::Result<Catalogue> {
        let files = self.files()?;
        let read = Catalogue::read(files.iter().map(|(path, text)| (path.as_str(), text.as_str())))?;
        Ok(Catalogue { labels: self.settings.labels.clone(), ..read })
    }

    /// What the catalogue says about findings: the gate, rules about parts, statements.
    pub(crate) fn judging(&self) -> anyhow::Result<Judging> {
        let files = self.files()?;
        Ok(Judging::read(files.iter().map(|(path, text)| (path.as_str(), text.as_str())))?)
    }

    /// The catalogue's files by path.
    fn files(&self) -> anyhow::Result<Vec<(String, String)>> {
        match &self.settings.catalog {
            None => Ok(catalog::files().into_iter().map(|(path, text)| (path.to_owned(), text.to_owned())).collect()),
            Some(folder) => read_folder(folder, folder),
        }
    }

    /// Opens the state folder and everything in it. The folder stays locked while the first value lives.
    pub(crate) fn open(&self, runtime: &Runtime, reporter: &Reporter) -> anyhow::Result<(State, Wave)> {
        let archive = Arc::new(Archive::find(&self.settings.archive, Path::new("/"))?);
        let state = State::open(&self.state)?;
        let root = state.root();
        let client = Client::new(RetryPolicy::default(), Arc::clone(reporter))?;
        let builder = self.builder(root, reporter)?;
        let scanner = runtime.block_on(self.scanner(root, &builder, reporter))?;
        let wave = Wave {
            builder,
            observer: Observer::new(client.clone(), Arc::clone(&archive), InReleases::of_state(root)),
            client,
            archive,
            indexes: Indexes::of_state(root)?,
            publications: Publications::of_state(root)?,
            store: Arc::new(Store::open(state.registry())?),
            scanner,
        };
        Ok((state, wave))
    }

    /// What signs and publishes: the keys are made here where there are none. `url` is where people reach the registry.
    pub(crate) fn publisher(&self, wave: &Wave, url: &str) -> anyhow::Result<Publisher> {
        let host = url.split_once("://").map_or(url, |(_, host)| host);
        let name = self.settings.signing.name.as_deref().unwrap_or(host);
        let (store, scanner) = (Arc::clone(&wave.store), wave.scanner.clone());
        Ok(Publisher { store, signers: Arc::new(self.signers()?), name: name.into(), scanner })
    }

    /// What scans in the state folder `root`.
    pub(crate) async fn scanner(&self, root: &Path, builder: &Builder, reporter: &Reporter) -> anyhow::Result<Scanner> {
        let catalogue = Arc::clone(&builder.catalogue);
        Ok(Scanner::open(root, catalogue, self.judging()?, &self.settings.feeds, reporter).await?)
    }

    /// Who signs, by the settings or with the state folder's own keys.
    pub(crate) fn signers(&self) -> anyhow::Result<Signers> {
        Ok(Signers::open(&self.settings.signing, &self.state)?)
    }

    /// What builds in the state folder `root`.
    pub(crate) fn builder(&self, root: &Path, reporter: &Reporter) -> anyhow::Result<Builder> {
        Ok(Builder {
            catalogue: Arc::new(self.catalogue()?),
            debs: Debs::of_state(root)?,
            segments: Segments::of_state(root)?,
            layers: Layers::of_state(root)?,
            rules: RulesCache::default(),
            reporter: Arc::clone(reporter),
        })
    }
}

/// A runtime for the commands that wait for the network.
pub(crate) fn runtime() -> anyhow::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start the async runtime")
}

/// The text files of a catalogue folder, by their paths below it.
fn read_folder(root: &Path, folder: &Path) -> anyhow::Result<Vec<(String, String)>> {
    let failed = || format!("cannot read the catalogue folder `{}`", folder.display());
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(failed)? {
        let path = entry.with_context(failed)?.path();
        if path.is_dir() {
            files.extend(read_folder(root, &path)?);
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
            let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
            files.push((name, text));
        }
    }
    files.sort();
    Ok(files)
}
