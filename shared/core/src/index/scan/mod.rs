//! Finding one's way in an index without parsing it: the fast half of the engine.
//!
//! A scan goes once over the bytes and answers with the [`Outline`] of the text, or with `None` for
//! "not sure". It knows two layouts in JSON, ours and the indented one that
//! `helm repo index --json` and Python's `json.dumps` write, and block style in YAML: what Helm's
//! library writes, which is Helm 2's, 3's and 4's, helm-s3's, ChartMuseum's and chart-releaser's
//! too, and what go-yaml v3, yq, js-yaml, PyYAML and Ruby's Psych write.
//!
//! Nothing is guessed. Every line is held against the grammar of the layout, every known field
//! against its type, every scalar against the rules by which a reader could see an end of it
//! elsewhere: a text that passes is an index that Helm loads, and all places in the outline are
//! where a parser would find them. Whatever else may be fine (comments between the entries,
//! anchors, flow style, tabs, carriage returns, lines that are indented by turns) is "not sure",
//! and is parsed by [`document`](super::document), which either tells what is wrong with it or
//! writes it anew in a layout that is known here.
//!
//! The tests hold the two halves against each other: what a scan takes, the parser takes, and sees
//! the same in it.

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
