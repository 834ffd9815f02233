//! Packages of an old lock: from the content store, the archive, or a service that keeps what the archive dropped.
//!
//! In: locks, and perhaps the address of a snapshot service. Out: all .debs at hand, or an error that names each
//! package that is nowhere and says where it could still come from. Debian's pool forgets versions within days.

use assemble::ImageLock;
use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use reqwest::Url;

use crate::wave::Wave;
use crate::{ClientError, Failure, SegmentWork, WantedDeb, Whose};

/// Transfers at one time.
const CONNECTIONS: usize = 8;

/// Packages that are nowhere any more.
#[derive(Debug, thiserror::Error)]
#[error(
    "the archive no longer has {} of the lock's packages:\n{}\nput each .deb under the name of its digest into `{store}`, or set `snapshots:` to a service that keeps them{tried}",
    .packages.len(), .packages.join("\n")
)]
pub struct GoneError {
    packages: Vec<String>,
    store: String,
    tried: String,
}

/// How many packages came from where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PackageSources {
    /// Those that the content store had.
    pub kept: usize,
    /// Those that the archive gave.
    pub archive: usize,
    /// Those that the snapshot service gave.
    pub snapshots: usize,
}

impl PackageSources {
    /// Where packages came from, in words; what gave none is not among them.
    pub fn words(&self) -> Vec<String> {
        let all = [("archive", self.archive), ("content store", self.kept), ("snapshot service", self.snapshots)];
        all.into_iter().filter(|(_, count)| *count > 0).map(|(name, _)| name.to_owned()).collect()
    }
}

impl Wave {
    /// Brings the .debs of locks that may be older than the archive.
    pub async fn fetch_locked(&self, locks: &[ImageLock], snapshots: Option<&str>) -> Result<PackageSources, Failure> {
        let missing = self.builder.missing_packages(locks)?;
        let from_archive: Vec<WantedDeb> = missing.iter().map(|work| self.wanted_deb(work)).collect();
        let kept = from_archive.iter().filter(|deb| self.builder.debs.has(&deb.digest, deb.size)).count();
        let mut gone = self.try_each(from_archive).await?;
        let (archive, moved) = (missing.len() - kept - gone.len(), gone.len());
        if let Some(service) = snapshots.filter(|_| !gone.is_empty()) {
            let time = locks.iter().filter_map(ImageLock::snapshot_time).max().unwrap_or_default();
            let elsewhere = gone.into_iter().map(|deb| snapshot_deb(deb, &missing, service, time));
            gone = self.try_each(elsewhere.collect::<Result<_, _>>()?).await?;
        }
        if gone.is_empty() {
            return Ok(PackageSources { kept, archive, snapshots: moved });
        }
        let line = |deb: &WantedDeb| format!("  {} {} ({})", deb.name, deb.version, deb.digest);
        let store = gone
            .first()
            .and_then(|deb| self.builder.debs.path(&deb.digest).parent().map(|it| it.display().to_string()));
        let error = GoneError {
            packages: gone.iter().map(line).collect(),
            store: store.unwrap_or_default(),
            tried: snapshots.map(|service| format!(" (`{service}` has them neither)")).unwrap_or_default(),
        };
        Err(Failure::new(Whose::Policy, error))
    }

    /// Fetches each; returns those that the server does not have. Any other failure ends it.
    async fn try_each(&self, wanted: Vec<WantedDeb>) -> Result<Vec<WantedDeb>, Failure> {
        let fetch = |deb: WantedDeb| async move {
            let result = self.builder.debs.fetch_all(&self.client, std::slice::from_ref(&deb)).await;
            match result {
                Ok(_) => Ok(None),
                Err(error) if matches!(error.source, ClientError::NotFound { .. }) => Ok(Some(deb)),
                Err(error) => Err(Failure::from(error)),
            }
        };
        let results: Vec<_> = stream::iter(wanted).map(fetch).buffer_unordered(CONNECTIONS).collect().await;
        results.into_iter().filter_map(Result::transpose).collect()
    }
}

/// The same package below `SERVICE/debian/TIME/` or `SERVICE/debian-security/TIME/`, as snapshot services lay it out.
fn snapshot_deb(deb: WantedDeb, missing: &[SegmentWork], service: &str, time: Timestamp) -> Result<WantedDeb, Failure> {
    let secure = missing
        .iter()
        .any(|work| work.package.sha256 == deb.digest && work.package.suite.to_string().ends_with("-security"));
    let archive = if secure { "debian-security" } else { "debian" };
    let stamp = time.to_zoned(TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ");
    let address = format!("{}/{archive}/{stamp}/", service.trim_end_matches('/'));
    let base = Url::parse(&address)
        .map_err(|error| Failure::new(Whose::Policy, format!("settings key `snapshots` is no address: {error}")))?;
    Ok(WantedDeb { base, ..deb })
}
