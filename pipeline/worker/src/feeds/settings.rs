//! Where vulnerability data come from: the key `feeds` of the settings file.
//!
//! In: that part of the file. Out: [`FeedSettings`]. Nothing need be set: then the public addresses are read.
//!
//! ```yaml
//! feeds:
//!   stale-after: 24h
//!   tracker: https://tracker.example/data.json     # or `file:/srv/data/tracker.json`, or `off`
//!   support: { "13": "file:/srv/data/security-support.deb13" }
//! ```
//!
//! A closed network names one folder instead, `feeds: { folder: /srv/feeds }`, with the files `tracker.json`, `dsa-list`, `dla-list`,
//! `support-13`, `kev.json`, `epss.csv` and `osv.jsonl`, each plain or with `.gz` or `.zst`. What is not there is not known.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::Url;
use serde::Deserialize;

const TRACKER: &str = "https://security-tracker.debian.org/tracker/data/json";
const DSA: &str = "https://salsa.debian.org/security-tracker-team/security-tracker/-/raw/master/data/DSA/list";
const DLA: &str = "https://salsa.debian.org/security-tracker-team/security-tracker/-/raw/master/data/DLA/list";
const SUPPORT: [(&str, &str); 2] = [
    ("12", "https://salsa.debian.org/debian/debian-security-support/-/raw/master/security-support.deb12"),
    ("13", "https://salsa.debian.org/debian/debian-security-support/-/raw/master/security-support.deb13"),
];
const KEV: &str = "https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json";
const EPSS: &str = "https://epss.empiricalsecurity.com/epss_scores-current.csv.gz";

/// Everything about feeds.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct FeedSettings {
    /// `enabled`: whether feeds are read at all. Without them every grade is unknown. Default: yes.
    pub enabled: bool,
    /// `folder`: a folder that has all files by fixed names; then no address is asked.
    pub folder: Option<PathBuf>,
    /// `stale-after`: how old the tracker's data may be before nothing is called clean any more. Default: `24h`.
    #[serde(deserialize_with = "crate::deserialize_age")]
    pub stale_after: Duration,
    /// `timeout`: how long one feed may take, all its attempts together. Default: `5m`.
    #[serde(deserialize_with = "crate::deserialize_age")]
    pub timeout: Duration,
    /// `interval`: how long the feeds that change once a day (support, KEV, EPSS, OSV) are left alone after they were read. The tracker
    /// and the lists of advisories are asked each time. Default: `1h`.
    #[serde(deserialize_with = "crate::deserialize_age")]
    pub interval: Duration,
    /// `tracker`: Debian's security tracker as JSON. Without it nothing is known.
    pub tracker: FeedAddress,
    /// `dsa`: Debian's list of security advisories: their ids and dates.
    pub dsa: FeedAddress,
    /// `dla`: the same of long-term support.
    pub dla: FeedAddress,
    /// `support`: Debian's lists of sources whose security support is limited or has ended, by release version. What is set here takes the
    /// place of all defaults.
    pub support: BTreeMap<String, FeedAddress>,
    /// `kev`: CISA's catalogue of exploited vulnerabilities.
    pub kev: FeedAddress,
    /// `epss`: FIRST's scores of how likely exploitation is.
    pub epss: FeedAddress,
    /// `osv`: records in the OSV format, one a line: CVSS vectors, and advisories where the tracker cannot be had. Default: `off`.
    pub osv: FeedAddress,
}

/// Where a feed is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum FeedAddress {
    /// `off`: it is not read.
    Off,
    /// `https:` or `http:`.
    Url(Url),
    /// `file:` and the path of a file.
    File(PathBuf),
}

impl Default for FeedSettings {
    fn default() -> Self {
        let support = SUPPORT.map(|(version, address)| (version.to_owned(), public(address)));
        Self {
            enabled: true,
            folder: None,
            stale_after: Duration::from_hours(24),
            timeout: Duration::from_mins(5),
            interval: Duration::from_hours(1),
            tracker: public(TRACKER),
            dsa: public(DSA),
            dla: public(DLA),
            support: BTreeMap::from(support),
            kev: public(KEV),
            epss: public(EPSS),
            osv: FeedAddress::Off,
        }
    }
}

fn public(address: &str) -> FeedAddress {
    Url::parse(address).map_or(FeedAddress::Off, FeedAddress::Url)
}

impl TryFrom<String> for FeedAddress {
    type Error = String;

    /// The text itself is not in the error: it may hold a password.
    fn try_from(text: String) -> Result<Self, String> {
        let expected = "expected `off`, or an address that begins with `https://`, `http://` or `file:/`";
        if text == "off" {
            return Ok(Self::Off);
        }
        let url = Url::parse(&text).map_err(|error| format!("a feed's address is none ({error}): {expected}"))?;
        match url.scheme() {
            "http" | "https" if url.has_host() => Ok(Self::Url(url)),
            "file" => url.to_file_path().map(Self::File).map_err(|()| format!("a feed's path is none: {expected}")),
            scheme => Err(format!("a feed's address begins with `{scheme}:`: {expected}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<FeedSettings, String> {
        assemble::read_yaml("x", text).map_err(|error| error.to_string())
    }

    #[test]
    fn nothing_need_be_set() {
        let settings = read("{}").unwrap();
        assert_eq!(settings, FeedSettings::default());
        assert!(matches!(&settings.tracker, FeedAddress::Url(url) if url.as_str() == TRACKER));
        assert_eq!(settings.support.keys().collect::<Vec<_>>(), ["12", "13"]);
        assert!(settings.support.values().all(|address| *address != FeedAddress::Off));
        assert_eq!(settings.osv, FeedAddress::Off);
    }

    #[test]
    fn reads_every_key() {
        let text = "enabled: false\nfolder: /srv/feeds\nstale-after: 2d\ntimeout: 10s\ninterval: 0s\ntracker: off\ndsa: 'file:/srv/dsa'\n\
                    dla: \"off\"\nsupport: {13: 'http://a.example/x'}\nkev: off\nepss: https://a.example/e.gz\nosv: 'file:///srv/osv.zst'\n";
        let settings = read(text).unwrap();
        assert_eq!((settings.enabled, settings.stale_after), (false, Duration::from_hours(48)));
        assert_eq!(settings.dsa, FeedAddress::File("/srv/dsa".into()));
        assert_eq!(settings.osv, FeedAddress::File("/srv/osv.zst".into()));
        assert_eq!([&settings.tracker, &settings.dla, &settings.kev], [&FeedAddress::Off; 3]);
        assert!(matches!(&settings.support["13"], FeedAddress::Url(_)));
    }

    #[test]
    fn refuses_what_is_no_address_and_never_shows_a_password() {
        for (text, part) in [
            ("tracker: ftp://a.example/x", "begins with `ftp:`: expected `off`, or an address"),
            ("tracker: security.json", "is none (relative URL without a base)"),
            ("trackers: off", "unknown key `trackers`"),
            ("stale-after: soon", "`soon` is no age"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
        let error = read("kev: gopher://user:secret@a.example/").unwrap_err();
        assert!(!error.contains("secret"), "{error}");
    }
}
