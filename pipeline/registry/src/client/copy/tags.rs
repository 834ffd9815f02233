//! The tags of a copy: last, because what a tag points to must be there first.
//!
//! In: a plan whose manifests are in the target. Out: the tags point to them, those of signatures first.

use oci::{Descriptor, Tag};

use super::manifests::Plan;
use super::together::together;
use super::{CopyError, CopyEvent, CopySummary, Job};
use crate::client::error::During;
use crate::client::reader::End;
use crate::client::remote::Condition;
use crate::{Named, Remote};

impl Job<'_> {
    /// Those that do not point there yet.
    pub(super) async fn to_move(&self, tags: &[(Tag, Descriptor)]) -> Result<Vec<(Tag, Descriptor)>, CopyError> {
        let compared = tags.iter().map(|(tag, descriptor)| async move {
            let there = self.target.resolve(tag).await?;
            Ok::<_, CopyError>((there.as_ref() != Some(&descriptor.digest)).then(|| (tag.clone(), descriptor.clone())))
        });
        Ok(together(compared, self.parallel()).await?.into_iter().flatten().collect())
    }

    /// Moves tags.
    pub(super) async fn move_tags(
        &self,
        plan: &Plan,
        tags: &[(Tag, Descriptor)],
        summary: &mut CopySummary,
    ) -> Result<(), CopyError> {
        summary.tags += tags.len();
        if self.options.dry_run || tags.is_empty() {
            return Ok(());
        }
        match &self.target.end {
            End::Local(target) => target.tag(tags.to_vec()).await?,
            End::Remote(target) => {
                let moved = tags.iter().map(|(tag, descriptor)| point(target, plan, tag, descriptor));
                together(moved, self.parallel()).await?;
            }
        }
        for (tag, descriptor) in tags {
            self.reporter.event(CopyEvent::TagMoved { tag: tag.clone(), digest: descriptor.digest.clone() });
        }
        Ok(())
    }
}

/// A registry learns what a tag points to by being sent that again.
async fn point(target: &Remote, plan: &Plan, tag: &Tag, descriptor: &Descriptor) -> Result<(), CopyError> {
    let Some(node) = plan.node(&descriptor.digest) else { return Ok(()) };
    let what = Named::Tag(tag.clone());
    let put = target.put_manifest(&node.manifest.bytes, &descriptor.media_type, &what, &Condition::None).await;
    put.during(|| format!("point the tag `{tag}` of `{target}` to `{}`", descriptor.digest))?;
    Ok(())
}
