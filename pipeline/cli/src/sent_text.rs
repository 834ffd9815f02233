//! What became of images at other registries, for people: a line while it happens, a table and a sentence at the end.
//!
//! In: [`Sent`]s. Out: text. Programs read the same values as JSON.

use serde::Serialize;
use worker::{Amount, Amounts, How, SendResult, Sent};

use crate::output::{Table, bytes};
use crate::progress_lines::{Line, lasting, passing};

const BLOB_HEADINGS: [&str; 4] = ["TO", "BLOB", "SIZE", "HOW"];

/// What programs read.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Report<'s> {
    schema: &'static str,
    dry_run: bool,
    images: &'s [Sent],
}

impl<'s> Report<'s> {
    /// Everything of one run.
    pub(crate) fn new(images: &'s [Sent], dry_run: bool) -> Self {
        Self { schema: "bedplate.publish/v1", dry_run, images }
    }
}

/// While it happens; that nothing was to be done is not worth keeping.
pub(crate) fn line(sent: &Sent) -> Line {
    let what = format!("{} to {}", sent.image, sent.target);
    match &sent.result {
        SendResult::Failed { whose, message } => lasting("failed", &format!("{what} [{whose}]: {message}")),
        SendResult::Published { amounts } if is_nothing(amounts) => passing("sent", &format!("{what}: all was there")),
        SendResult::Published { amounts } => lasting("sent", &format!("{what}: {}", short(amounts))),
    }
}

fn is_nothing(amounts: &Amounts) -> bool {
    amounts.manifests == 0 && amounts.tags == 0 && amounts.sent.blobs == 0
}

fn short(amounts: &Amounts) -> String {
    let [sent, mounted, reused] = [amounts.sent, amounts.mounted, amounts.reused].map(|amount| bytes(amount.bytes));
    format!("{sent} sent, {mounted} mounted, {reused} reused, {}", counted(amounts.tags, "tag"))
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// A row an image and target.
pub(crate) fn table(images: &[Sent], dry_run: bool) -> Table {
    let mut table = Table::new(["IMAGE", "TO", "TAGS", "SENT", "MOUNTED", "REUSED", "OUTCOME"]);
    for one in images {
        let tags: Vec<&str> = one.tags.iter().map(oci::Tag::as_str).collect();
        let amounts = one.amounts();
        let size = |amount: fn(&Amounts) -> Amount| amounts.map_or(String::new(), |it| bytes(amount(it).bytes));
        table.row([
            one.image.clone(),
            one.name.clone(),
            tags.join(" "),
            size(|it| it.sent),
            size(|it| it.mounted),
            size(|it| it.reused),
            outcome(&one.result, dry_run),
        ]);
    }
    table
}

fn outcome(result: &SendResult, dry_run: bool) -> String {
    match result {
        SendResult::Failed { whose, .. } => format!("failed [{whose}]"),
        SendResult::Published { amounts } if is_nothing(amounts) => "was there".to_owned(),
        SendResult::Published { amounts } if dry_run => {
            let (manifests, tags) = (counted(amounts.manifests, "manifest"), counted(amounts.tags, "tag"));
            format!("would send {manifests}, move {tags}")
        }
        SendResult::Published { .. } => "published".to_owned(),
    }
}

/// Of a dry run: a row a blob.
pub(crate) fn blob_table(images: &[Sent]) -> Table {
    let mut table = Table::new(BLOB_HEADINGS);
    for one in images {
        one.amounts().iter().for_each(|amounts| add_blobs(&mut table, &one.name, amounts));
    }
    table
}

/// The same for one copy.
pub(crate) fn blobs_of(name: &str, amounts: &Amounts) -> Table {
    let mut table = Table::new(BLOB_HEADINGS);
    add_blobs(&mut table, name, amounts);
    table
}

fn add_blobs(table: &mut Table, name: &str, amounts: &Amounts) {
    for (digest, blob) in &amounts.blobs {
        let how = match blob.how {
            How::Send => "send",
            How::Mount => "mount",
            How::Present => "present",
        };
        table.row([name, &digest.to_string(), &bytes(blob.bytes), how]);
    }
}

/// The sums as people read them.
pub(crate) fn figures(sum: &Amounts) -> String {
    let amount = |amount: Amount, how| format!("{} {how} ({})", counted(amount.blobs, "blob"), bytes(amount.bytes));
    let amounts = [amount(sum.sent, "sent"), amount(sum.mounted, "mounted"), amount(sum.reused, "reused")];
    let about = if sum.referrers > 0 { format!(" ({} of them about others)", sum.referrers) } else { String::new() };
    let (manifests, tags) = (counted(sum.manifests, "manifest"), counted(sum.tags, "tag"));
    format!("{}, {manifests}{about}, {tags}", amounts.join(", "))
}

/// The sums, and why something failed.
pub(crate) fn summary(images: &[Sent]) -> String {
    let mut sum = Amounts::default();
    images.iter().filter_map(Sent::amounts).for_each(|amounts| sum += amounts);
    let failed = images.iter().filter(|one| !one.is_good()).count();
    let mut lines = vec![format!("{}; {failed} failed", figures(&sum))];
    for one in images {
        if let SendResult::Failed { whose, message } = &one.result {
            lines.push(format!("  {} to {} failed [{whose}]: {message}", one.image, one.name));
        }
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use blob::Digest;
    use worker::{PlannedBlob, Whose};

    use super::*;

    fn sent(result: SendResult) -> Sent {
        Sent {
            target: "registry.example/team".parse().unwrap(),
            image: "python".to_owned(),
            name: "registry.example/team/python".to_owned(),
            index: Digest::of("index"),
            tags: ["3.13", "latest"].map(|tag| tag.parse().unwrap()).into(),
            result,
        }
    }

    fn good() -> Sent {
        let amount = |blobs, bytes| Amount { blobs, bytes };
        let blobs = [(Digest::of("x"), PlannedBlob { bytes: 1_000, how: How::Mount })].into();
        let (sent_blobs, mounted, reused) = (amount(2, 1_500), amount(1, 1_000), amount(0, 0));
        let rest = Amounts { manifests: 3, tags: 2, blobs, ..Amounts::default() };
        sent(SendResult::Published { amounts: Amounts { sent: sent_blobs, mounted, reused, ..rest } })
    }

    fn bad() -> Sent {
        sent(SendResult::Failed { whose: Whose::Upstream, message: "away".to_owned() })
    }

    #[test]
    fn a_line_says_what_went_or_why_not() {
        let text = |sent: &Sent| match line(sent) {
            Line::Passing(text) => format!("passing {text}"),
            Line::Lasting(text) => text,
        };
        assert_eq!(
            text(&good()),
            "sent     python to registry.example/team: 1.5 kB sent, 1.0 kB mounted, 0 B reused, 2 tags"
        );
        assert_eq!(text(&bad()), "failed   python to registry.example/team [upstream]: away");
        let nothing = sent(SendResult::Published { amounts: Amounts::default() });
        assert_eq!(text(&nothing), "passing sent     python to registry.example/team: all was there");
    }

    #[test]
    fn the_end_has_a_row_an_image_the_sums_and_the_reasons() {
        let images = [good(), bad()];
        let text = table(&images, false).to_text();
        assert!(
            text.contains("3.13 latest") && text.contains("published") && text.contains("failed [upstream]"),
            "{text}"
        );
        let expected = "2 blobs sent (1.5 kB), 1 blob mounted (1.0 kB), 0 blobs reused (0 B), 3 manifests, 2 tags; 1 failed\n  \
            python to registry.example/team/python failed [upstream]: away\n";
        assert_eq!(summary(&images), expected);
    }

    #[test]
    fn a_dry_run_names_every_blob_and_what_would_be_done() {
        assert!(table(&[good()], true).to_text().contains("would send 3 manifests, move 2 tags"));
        let text = blob_table(&[good()]).to_text();
        assert!(text.contains(&format!("{}  1.0 kB  mount", Digest::of("x"))), "{text}");
    }
}
