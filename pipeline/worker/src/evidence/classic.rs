//! Classic signatures: those under the tag `sha256-….sig` of a digest.
//!
//! In: a place and a digest. Out: signatures with their payloads, a bounded number of them, and what was left out.

use std::collections::BTreeMap;

use blob::Digest;
use oci::{Descriptor, Tag};
use registry::{Named, Reader};
use signing::{ClassicSignature, FoundClassic, LARGEST_PAYLOAD, Overlooked, read_classic};

use super::{Found, sorted, together, unread};

/// So many of one digest are read.
const MOST_SIGNATURES: usize = 100;

/// All of them with their payloads; nothing that goes wrong here hides a bundle.
pub(super) async fn signatures(reader: &Reader, digest: &Digest) -> Found<FoundClassic> {
    match listed(reader, digest).await {
        Ok((signatures, mut overlooked)) => {
            let (found, unread) = with_payloads(reader, signatures).await;
            overlooked.extend(unread);
            (found, overlooked)
        }
        Err(overlooked) => (Vec::new(), vec![overlooked]),
    }
}

async fn listed(reader: &Reader, digest: &Digest) -> Result<Found<ClassicSignature>, Overlooked> {
    let Some(tag) = Tag::attached(digest, "sig") else { return Ok((Vec::new(), Vec::new())) };
    let name = format!("the classic signatures under `{tag}`");
    let manifest = reader.manifest(&Named::Tag(tag)).await;
    let manifest = manifest.map_err(|error| unread("classic-unread", &name, &error))?;
    let Some(manifest) = manifest else { return Ok((Vec::new(), Vec::new())) };
    let mut signatures = read_classic(&manifest.bytes).map_err(|reason| Overlooked {
        code: "classic-unreadable",
        text: format!("{name} were not looked at: {reason}"),
        may_pass: false,
    })?;
    let all = signatures.len();
    signatures.truncate(MOST_SIGNATURES);
    let text = format!("of {all} classic signatures {MOST_SIGNATURES} were read, no more");
    let beyond = Overlooked { code: "too-many-signatures", text, may_pass: false };
    Ok((signatures, (all > MOST_SIGNATURES).then_some(beyond).into_iter().collect()))
}

/// Several signatures may be over one payload, which is read once.
async fn with_payloads(reader: &Reader, signatures: Vec<ClassicSignature>) -> Found<FoundClassic> {
    let payloads: BTreeMap<&Digest, &Descriptor> =
        signatures.iter().map(|signature| (&signature.layer.digest, &signature.layer)).collect();
    let read = payloads.values().map(|layer| async move {
        let bytes = reader.blob(layer, LARGEST_PAYLOAD as u64).await;
        let name = || format!("the payload {} of a classic signature", layer.digest.short());
        let bytes = bytes.map_err(|error| unread("classic-unread", &name(), &error))?;
        Ok((layer.digest.clone(), bytes))
    });
    let (read, overlooked) = sorted(together(reader, read).await);
    let read: BTreeMap<Digest, Vec<u8>> = read.into_iter().collect();
    let found = signatures.into_iter().filter_map(|signature| {
        let payload = read.get(&signature.layer.digest)?.clone();
        Some(FoundClassic { signature, payload })
    });
    (found.collect(), overlooked)
}
