//! The files of a chart's folder, in the order in which Helm reads them.

use std::fs;
use std::io;
use std::path::Path;

use super::file::{BOM, File};
use super::ignore::Rules;

/// The deepest nesting that is read: it ends a cycle of symbolic links.
const MAX_DEPTH: usize = 32;

/// All files of the chart that `rules` don't ignore, with their paths in the chart.
pub(super) fn files(folder: &Path, rules: &Rules) -> io::Result<Vec<File>> {
    let mut files = Vec::new();
    collect(folder, "", rules, &mut files, 0)?;
    Ok(files)
}

fn collect(folder: &Path, prefix: &str, rules: &Rules, files: &mut Vec<File>, depth: usize) -> io::Result<()> {
    if depth > MAX_DEPTH {
        return Err(io::Error::other(format!(
            "{} is nested more than {MAX_DEPTH} folders deep; a symbolic link may point to a folder above it",
            folder.display()
        )));
    }
    for name in names(folder)? {
        let path = format!("{prefix}{name}");
        let place = folder.join(&name);
        // Follows symbolic links, as Helm does.
        let kind = fs::metadata(&place)?;
        if rules.ignore(&path, kind.is_dir()) {
            continue;
        }
        if kind.is_dir() {
            collect(&place, &format!("{path}/"), rules, files, depth + 1)?;
        } else if kind.is_file() {
            let bytes = fs::read(&place)?;
            let bytes = bytes.strip_prefix(BOM).map(<[u8]>::to_vec).unwrap_or(bytes);
            files.push(File { path, bytes });
        } else {
            return Err(io::Error::other(format!(
                "{path} is neither a file nor a folder; remove it or list it in .helmignore"
            )));
        }
    }
    Ok(())
}

/// The sorted names in a folder.
fn names(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name().into_string().map_err(|name| {
            let problem = format!("the file name {} is not valid UTF-8; rename the file", name.display());
            io::Error::new(io::ErrorKind::InvalidData, problem)
        })?;
        names.push(name);
    }
    names.sort_unstable();
    Ok(names)
}
