//! Scans an index without parsing it: the fast path.
//!
//! A scan reads the bytes once and returns the [`Outline`] of the text, or `None` for "not sure".
//! It knows two layouts in JSON, Chartdrop's own and the indented one that `helm repo index --json`
//! and Python's `json.dumps` write, and block style in YAML: what Helm's library writes (Helm 2, 3
//! and 4, helm-s3, ChartMuseum, chart-releaser), and what go-yaml v3, yq, js-yaml, PyYAML and
//! Ruby's Psych write.
//!
//! Nothing is guessed. Every line is checked against the grammar of the layout, every known field
//! against its type, and every scalar against the rules by which a reader could end it elsewhere. A
//! text that passes is an index that Helm loads, and all positions in the outline are where a
//! parser would find them. Anything else that may be valid (comments between the entries, anchors,
//! flow style, tabs, carriage returns, alternating indentation) is "not sure" and is parsed by
//! [`document`](super::document), which either reports what is wrong or rewrites the text in a
//! known layout.
//!
//! The tests compare both paths: the parser accepts whatever a scan accepts, and reads the same
//! from it.

pub(super) mod before;
mod characters;
pub(super) mod cursor;

use super::outline::Outline;
use super::{json, yaml};

/// The outline of a text in a known layout.
pub(super) fn scan(text: &[u8]) -> Option<Outline> {
    if !characters::are_plain(text) {
        return None;
    }
    let outline = match text {
        [b'{', ..] => json::scan(text)?,
        _ => yaml::scan(text)?,
    };
    outline.chart_twice(text).is_none().then_some(outline)
}
