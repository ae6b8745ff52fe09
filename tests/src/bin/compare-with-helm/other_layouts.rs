//! Indexes in layouts of other tools, which Chartdrop also has to edit in place.

use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use crate::Result;
use crate::indexes::Indexes;
use crate::merges::Merge;

/// An index in Helm's pretty-printed JSON.
pub(crate) fn json(indexes: &Indexes, rounds: usize) -> Merge<'_> {
    Merge {
        form: "pretty-printed JSON",
        ours: &indexes.helm_json,
        ..Merge::json(indexes, rounds)
    }
}

/// An index in YAML with indented lists, as many other tools write it.
pub(crate) fn yaml<'a>(indexes: &'a Indexes, indented: &'a Path, rounds: usize) -> Merge<'a> {
    Merge {
        form: "YAML indented otherwise",
        theirs: indented,
        ours: indented,
        ..Merge::yaml(indexes, rounds)
    }
}

/// Writes Helm's YAML with everything below the chart names indented by two more columns. A parser
/// reads the same.
pub(crate) fn indent(indexes: &Indexes) -> Result<PathBuf> {
    let path = indexes.path("indented.yaml");
    let mut indented = BufWriter::new(File::create(&path)?);
    for line in BufReader::new(File::open(&indexes.yaml)?).split(b'\n') {
        let mut line = line?;
        if line.starts_with(b"  - ") || line.starts_with(b"    ") {
            indented.write_all(b"  ")?;
        }
        line.push(b'\n');
        indented.write_all(&line)?;
    }
    indented.flush()?;
    Ok(path)
}
