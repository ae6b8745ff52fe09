//! The lines in which somebody else wrote the versions of a YAML index, so that they can stay as they are.
//!
//! Lines are split by their indentation alone, which a quoted text over several lines can deceive. So a block of lines
//! counts only if, read alone, it says exactly what the whole document says at its place; [`keep`] checks each.

use super::document::Chart;
use crate::yaml::{self, Duplicates};

/// How Helm indents the versions below a chart's name, and we do.
const ITEM: &str = "  - ";

/// Gives each version of `charts` the lines that it came from, where they can be told for sure.
pub(super) fn keep(charts: &mut [Chart], index: &[u8]) {
    let Ok(text) = std::str::from_utf8(index) else { return };
    if text.contains('\r') {
        return;
    }
    let blocks = split(text);
    if blocks.len() != charts.len() {
        return;
    }
    for (chart, blocks) in charts.iter_mut().zip(blocks) {
        if chart.versions.len() != blocks.len() {
            continue;
        }
        let same = chart
            .versions
            .iter()
            .zip(&blocks)
            .all(|(listed, block)| says(block).as_ref() == Some(&listed.text));
        if same {
            for (listed, block) in chart.versions.iter_mut().zip(blocks) {
                listed.source = Some(block.to_owned());
            }
        }
    }
}

/// The blocks of lines below each chart's name, in the order of the text; each ends with a line break.
fn split(text: &str) -> Vec<Vec<&str>> {
    let mut charts: Vec<Vec<&str>> = Vec::new();
    let mut in_entries = false;
    let mut block_start = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let is_item = line.starts_with(ITEM);
        let is_name = line.starts_with("  ") && !is_item && !line.starts_with("   ") && !line.starts_with("  #");
        let is_top = !line.starts_with([' ', '#', '\n']);
        if in_entries && (is_item || is_name || is_top) {
            close(&mut charts, text, block_start.take(), at);
        }
        if is_top {
            in_entries = line.trim_end() == "entries:";
        } else if in_entries && is_name {
            charts.push(Vec::new());
        } else if in_entries && is_item {
            block_start = Some(at);
        }
        at += line.len();
    }
    close(&mut charts, text, block_start, at);
    charts
}

fn close<'a>(charts: &mut [Vec<&'a str>], text: &'a str, start: Option<usize>, end: usize) {
    let block = start
        .and_then(|start| text.get(start..end))
        .filter(|block| block.ends_with('\n'));
    if let (Some(chart), Some(block)) = (charts.last_mut(), block) {
        chart.push(block);
    }
}

/// What a block says if it is read alone, as compact JSON text.
fn says(block: &str) -> Option<String> {
    let limits = yaml::Limits::for_index(block.len());
    let document = yaml::parse(block.as_bytes(), &limits, Duplicates::Refuse).ok()?;
    match document.value.as_sequence()? {
        [one] => super::json_text::to_string(&one.to_json()).ok(),
        _ => None,
    }
}
