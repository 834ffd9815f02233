//! What each month was like, as a signed file: how long fixes took from the archive to the tag, and what is still open.
//!
//! In: the ledger, the statement signers, a month. Out: `lags-2026-11.json` and beside it `lags-2026-11.sigstore.json`, an in-toto statement about
//! the file that holds the same figures. Anybody checks it with the statement key and no network, for example by cosign's
//! `verify-blob-attestation --bundle`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use blob::Digest;
use jiff::{SignedDuration, Timestamp};
use signing::{Document, LAG_SUMMARY, Statement, Subject, sign_statement};
use store::{Ledger, Month};

use crate::{Failure, Signers, Whose, blocking, write_atomically};

/// The summaries in one folder.
#[derive(Debug, Clone)]
pub struct Summaries {
    folder: PathBuf,
}

impl Summaries {
    /// Those of the state folder `state`.
    pub fn of_state(state: &Path) -> Self {
        Self::in_folder(&state.join("summaries"))
    }

    /// Those of any folder.
    pub fn in_folder(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// Writes a month as it is known now, in the place of what was written before; gives the summary's file.
    pub async fn write(&self, ledger: &Ledger, signers: &Arc<Signers>, month: Month) -> Result<PathBuf, Failure> {
        let summary = ledger.monthly_summary(month).await?;
        let text = serde_json::to_string_pretty(&summary).unwrap_or_default() + "\n";
        let (path, signers) = (self.path(month), Arc::clone(signers));
        blocking(move || {
            let bundle = signed(&path, &text, &signers)?;
            write_atomically(&path.with_extension("sigstore.json"), &bundle)?;
            write_atomically(&path, text.as_bytes())?;
            Ok(path)
        })
        .await
    }

    /// Writes the month before `now` where it is missing; gives its file if it was.
    pub async fn write_last(
        &self,
        ledger: &Ledger,
        signers: &Arc<Signers>,
        now: Timestamp,
    ) -> Result<Option<PathBuf>, Failure> {
        let (start, _) = Month::of(now).bounds();
        let last = Month::of(start - SignedDuration::from_secs(1));
        if self.path(last).exists() {
            return Ok(None);
        }
        self.write(ledger, signers, last).await.map(Some)
    }

    /// Where a month's summary is or would be.
    pub fn path(&self, month: Month) -> PathBuf {
        self.folder.join(format!("lags-{month}.json"))
    }
}

/// The statement about a file, by the first of the statement signers: while a key is replaced, both are believed.
fn signed(path: &Path, text: &str, signers: &Signers) -> Result<Vec<u8>, Failure> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let document = Document::new(text).map_err(|error| Failure::new(Whose::Defect, error))?;
    let subject = vec![Subject::named(name, &Digest::of(text))];
    let statement = Statement::of_document(LAG_SUMMARY, subject, document).to_bytes();
    let signer = signers.statement.first();
    let signer =
        signer.ok_or_else(|| Failure::new(Whose::Policy, "nobody signs statements: see `signing.statement`"))?;
    let bundle = sign_statement(signer.as_ref(), statement).map_err(|error| Failure::new(Whose::Policy, error))?;
    Ok(bundle.to_bytes())
}

#[cfg(test)]
mod tests {
    use signing::{Bundle, StatementHead};

    use super::*;
    use crate::SigningSettings;

    #[tokio::test]
    async fn a_month_is_summed_up_once_and_signed_by_the_statement_key() {
        let state = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(&Ledger::path_of(state.path())).await.unwrap();
        let signers = Arc::new(Signers::open(&SigningSettings::default(), state.path()).unwrap());
        let summaries = Summaries::of_state(state.path());
        let now: Timestamp = "2026-12-01T00:00:00Z".parse().unwrap();
        let path = summaries.write_last(&ledger, &signers, now).await.unwrap().unwrap();
        assert!(path.ends_with("summaries/lags-2026-11.json"), "{path:?}");
        let text = std::fs::read(&path).unwrap();
        let bundle = Bundle::parse(&std::fs::read(path.with_extension("sigstore.json")).unwrap()).unwrap();
        let signing::Content::Envelope(envelope) = bundle.content else { panic!("it is a statement") };
        let head = StatementHead::parse(&envelope.payload).unwrap();
        assert_eq!(head.predicate_type, LAG_SUMMARY);
        assert!(
            head.subject[0].has(&Digest::of(&text)) && head.subject[0].name.as_deref() == Some("lags-2026-11.json")
        );
        assert_eq!(summaries.write_last(&ledger, &signers, now).await.unwrap(), None);
    }
}
