//! The gate: what may be published. A policy, reports and the time go in; a verdict with its reasons comes out.
//!
//! The policy is a file of the catalogue, `gate.yaml`. All of its keys:
//!
//! ```yaml
//! rules:                        # the first rule that matches a finding decides; what no rule matches passes
//!   - name: exploited           # said in the reason
//!     when:                     # all that is given must hold; a finding that is not vulnerable needs its `status` named
//!       status: [fixable]       # words of the report: fixable, fix-announced, fix-pending, affected, no-dsa, postponed, ignored,
//!                               # end-of-life, under-investigation, negligible, unknown, not-affected
//!       severity:               # one of the two is enough; a score that nobody gave matches nothing
//!         cvss-at-least: 9.0
//!         urgency: [high]       # Debian's
//!       kev: true               # is it in the catalogue of exploited vulnerabilities?
//!       epss-at-least: 0.5      # probability, 0 to 1
//!       fixable: true           # does the archive have the fix?
//!       ids: [CVE-2026-1]
//!       sources: [openssl]
//!     then: block               # or: warn, or: {tolerate-for: 14d} with h, d, w
//! unknown-data: allow           # or: block. Data that are stale or absent: the grade is unknown, and shown
//! more-fixable-than-published: block   # or: warn, allow
//! overrides:                    # an emergency: each needs a name, a reason, a last day, and what it is about
//!   - name: Ann Example
//!     reason: the fix breaks TLS, see incident 42
//!     expires: 2026-12-24
//!     ids: [CVE-2026-1]         # none: every reason
//!     images: [python]          # none: every image; then `ids` must be given. `*` is every image
//! ```
//!
//! A file may leave out any of the four; then its default holds. The default rules: what is exploited and fixable blocks; what is fixable is
//! tolerated for 30 days, because the image under the tag is seldom better than a new one.

mod judge;
mod policy;
mod policy_values;
mod verdict;

pub use judge::{GateInput, judge};
pub use policy::{Condition, Gate, GateRule, Override, SeverityAtLeast};
pub use policy_values::{Answer, Consequence, Tolerance, UnknownData};
pub use verdict::{GateReason, Overridden, ReasonKind, Tolerated, Verdict};
