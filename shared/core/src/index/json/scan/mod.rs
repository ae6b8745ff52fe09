//! Scanning an index in JSON: Chartdrop's own layout ([`lines`]) and the indented one
//! ([`indented`]).

mod indented;
mod lines;
mod separators;
mod value;

use crate::index::outline::Outline;

/// The outline of a text in a known layout.
pub(in crate::index) fn scan(text: &[u8]) -> Option<Outline> {
    match text {
        [b'{', b'\n', ..] => indented::scan(text),
        _ => lines::scan(text),
    }
}
