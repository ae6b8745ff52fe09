//! Layouts of others in both forms, which a scan has to know too.

use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use crate::Result;
use crate::indexes::Indexes;
use crate::merges::Merge;

/// Helm's pretty-printed JSON.
pub(crate) fn json(indexes: &Indexes, rounds: usize) -> Merge<'_> {
    Merge {
        form: "pretty-printed JSON",
        ours: &indexes.helm_json,
        ..Merge::json(indexes, rounds)
    }
}

/// YAML with lists indented, as many other writers do it.
pub(crate) fn yaml<'a>(indexes: &'a Indexes, indented: &'a Path, rounds: usize) -> Merge<'a> {
    Merge {
        form: "YAML indented otherwise",
        theirs: indented,
        ours: indented,
        ..Merge::yaml(indexes, rounds)
    }
}

/// Writes Helm's YAML with all below the charts' names two columns further right, which changes
/// nothing for a parser.
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
