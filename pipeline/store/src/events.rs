//! What happened, one line each.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::{Sqlite, Transaction};

use crate::value::{json, maybe_millis, millis, of_json, time};
use crate::{Ledger, StoreError};

const RECORD: &str = "record an event";

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// The image that it is about; none where it is about all.
    pub image: Option<String>,
    /// The platform that it is about.
    pub platform: Option<String>,
    /// Its kind.
    pub kind: EventKind,
    /// What happened, in one line for people.
    pub line: String,
    /// What programs may want to know.
    pub detail: Option<serde_json::Value>,
}

/// A kind of event.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventKind {
    /// A vulnerability is new in what is under the tags.
    FindingAppeared,
    /// One is there no more.
    FindingGone,
    /// One has another status.
    FindingChanged,
    /// The tags moved.
    Published,
    /// A rule, or a build that failed, kept an image from being published.
    Blocked,
    /// An emergency override let something through.
    OverrideUsed,
    /// A feed's new file was not taken.
    FeedRefused,
    /// Published images were scanned again.
    Rescan,
    /// Another kind, by its word.
    #[serde(untagged)]
    Other(String),
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::FindingAppeared => "finding-appeared",
            Self::FindingGone => "finding-gone",
            Self::FindingChanged => "finding-changed",
            Self::Published => "published",
            Self::Blocked => "blocked",
            Self::OverrideUsed => "override-used",
            Self::FeedRefused => "feed-refused",
            Self::Rescan => "rescan",
            Self::Other(word) => word,
        })
    }
}

impl EventKind {
    fn of(word: String) -> Self {
        let known = [
            Self::FindingAppeared,
            Self::FindingGone,
            Self::FindingChanged,
            Self::Published,
            Self::Blocked,
            Self::OverrideUsed,
            Self::FeedRefused,
            Self::Rescan,
        ];
        known.into_iter().find(|kind| kind.to_string() == word).unwrap_or(Self::Other(word))
    }
}

type Row = (i64, Option<String>, Option<String>, String, String, Option<String>);

impl Ledger {
    /// Remembers that something happened.
    pub async fn record_event(&self, event: &Event) -> Result<(), StoreError> {
        let mut transaction = self.begin(RECORD).await?;
        self.write_event(&mut transaction, event).await?;
        self.commit(transaction, RECORD).await
    }

    /// The same, as part of a write.
    pub(crate) async fn write_event(
        &self,
        transaction: &mut Transaction<'static, Sqlite>,
        event: &Event,
    ) -> Result<(), StoreError> {
        let query = "INSERT INTO events (id, happened_at, image, platform, kind, line, detail_json) \
                     SELECT COALESCE(MAX(id), 0) + 1, $1, $2, $3, $4, $5, $6 FROM events";
        let query = sqlx::query(query).bind(millis(event.at)).bind(&event.image).bind(&event.platform);
        let query = query.bind(event.kind.to_string()).bind(&event.line);
        let query = query.bind(event.detail.as_ref().map(json).transpose()?);
        query.execute(&mut **transaction).await.map(drop).map_err(self.failed(RECORD))
    }

    /// What happened at or after `since`, the newest first, at most `limit` of them.
    pub async fn events(&self, since: Option<Timestamp>, limit: u32) -> Result<Vec<Event>, StoreError> {
        let query = "SELECT happened_at, image, platform, kind, line, detail_json FROM events \
                     WHERE happened_at >= COALESCE($1, happened_at) ORDER BY happened_at DESC, id DESC LIMIT $2";
        let query = sqlx::query_as(query).bind(maybe_millis(since)).bind(i64::from(limit));
        let rows: Vec<Row> = query.fetch_all(self.readers()).await.map_err(self.failed("read the events"))?;
        let event = |(at, image, platform, kind, line, detail): Row| {
            let detail = detail.map(|text| of_json("detail of an event", &text)).transpose()?;
            Ok(Event { at: time(at)?, image, platform, kind: EventKind::of(kind), line, detail })
        };
        rows.into_iter().map(event).collect()
    }
}
