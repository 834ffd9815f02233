//! Whether the layers hold exactly the files that the SBOM names: `verify --contents`.
//!
//! In: the place, and the images of an examination. Out: a finding for each. Every layer is read and checked against its digest; of its
//! bytes nothing is kept but digests.

use std::collections::BTreeMap;
use std::sync::Arc;

use blob::Digest;
use futures_util::{StreamExt, TryStreamExt, stream};
use oci::Descriptor;
use registry::Reader;
use signing::{Finding, Outcome};
use worker::{ExaminedImage, SbomFile, blocking};

use crate::file_tree::FileTree;
use crate::layer_budget::Budget;
use crate::layer_files::{LayerContent, LayerError, read_layer_file};

/// So many differences are told; the rest is counted.
const MOST_TOLD: usize = 5;
/// So many layers are read at a time.
const TOGETHER: usize = 4;

/// Looks into the layers of images, one image after the other.
pub(crate) async fn look_into(reader: &Reader, images: &[ExaminedImage]) -> anyhow::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for image in images {
        findings.push(if let Some(files) = &image.files {
            one(reader, image, files).await?
        } else {
            let text = format!("contents of {}: no SBOM that is believed says what should be in it", image.name);
            Finding::new(Outcome::Bad, "contents-unknown", text)
        });
    }
    Ok(findings)
}

async fn one(reader: &Reader, image: &ExaminedImage, files: &[SbomFile]) -> anyhow::Result<Finding> {
    let budget = Arc::new(Budget::default());
    let work: Vec<_> = image.manifest.layers.iter().map(|layer| read(reader, layer, Arc::clone(&budget))).collect();
    let layers: Vec<_> = stream::iter(work).buffered(TOGETHER).try_collect().await?;
    let layers: Result<Vec<LayerContent>, LayerError> = layers.into_iter().collect();
    Ok(match layers {
        Ok(layers) => compared(image, &layers, files),
        Err(error) => Finding::new(Outcome::Bad, "layer-damaged", format!("contents of {}: {error}", image.name)),
    })
}

async fn read(
    reader: &Reader,
    layer: &Descriptor,
    budget: Arc<Budget>,
) -> anyhow::Result<Result<LayerContent, LayerError>> {
    let (file, layer) = (reader.open_blob(layer).await?, layer.clone());
    Ok(blocking(move || read_layer_file(file, &layer, &budget)).await)
}

fn compared(image: &ExaminedImage, layers: &[LayerContent], files: &[SbomFile]) -> Finding {
    let found = FileTree::of(layers).into_files();
    let found = found.into_iter().filter_map(|(path, fact)| Some((path.to_string(), fact.digest?)));
    let found: BTreeMap<String, Digest> = found.collect();
    let differences = differences(&found, files);
    let (name, count) = (&image.name, found.len());
    if differences.is_empty() {
        let text = format!("contents of {name}: {count} files, each with the digest that the SBOM says, and no others");
        return Finding::new(Outcome::Good, "contents", text);
    }
    let text = format!("contents of {name}: they are not what the SBOM says");
    let more = differences.len().saturating_sub(MOST_TOLD);
    let told = differences.into_iter().take(MOST_TOLD).chain((more > 0).then(|| format!("and {more} more")));
    Finding::new(Outcome::Bad, "contents-differ", text)
        .because(told.map(|text| Finding::new(Outcome::Bad, "file", text)))
}

/// What is in the one and not, or otherwise, in the other.
fn differences(found: &BTreeMap<String, Digest>, files: &[SbomFile]) -> Vec<String> {
    let said: BTreeMap<&str, Option<&Digest>> =
        files.iter().map(|file| (file.path.as_str(), file.sha256.as_ref())).collect();
    let wrong = found.iter().filter_map(|(path, digest)| match said.get(path.as_str()) {
        None => Some(format!("`{path}` is in the layers and not in the SBOM")),
        Some(said) if *said != Some(digest) => Some(format!("`{path}` has other bytes than the SBOM says")),
        Some(_) => None,
    });
    let gone = said.keys().filter(|path| !found.contains_key(**path));
    wrong.chain(gone.map(|path| format!("`{path}` is in the SBOM and not in the layers"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_what_is_missing_more_or_other() {
        let digest = |text: &str| Digest::of(text);
        let file = |path: &str, text: &str| SbomFile { path: path.to_owned(), sha256: Some(digest(text)) };
        let found = BTreeMap::from([("/a".to_owned(), digest("a")), ("/b".to_owned(), digest("b"))]);
        assert!(differences(&found, &[file("/a", "a"), file("/b", "b")]).is_empty());
        let expected = [
            "`/a` has other bytes than the SBOM says",
            "`/b` is in the layers and not in the SBOM",
            "`/c` is in the SBOM and not in the layers",
        ];
        assert_eq!(differences(&found, &[file("/a", "x"), file("/c", "c")]), expected);
        let bare = SbomFile { path: "/a".to_owned(), sha256: None };
        assert_eq!(differences(&found, &[bare, file("/b", "b")]), [expected[0]]);
    }
}
