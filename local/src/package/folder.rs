//! The files of a chart's folder, in the order in which Helm meets them.

use std::fs;
use std::io;
use std::path::Path;

use super::file::{BOM, File};
use super::ignore::Rules;

/// Links that lead in a circle end here.
const MAX_DEPTH: usize = 32;

/// All files that belong to the chart, by their paths in it.
pub(super) fn files(folder: &Path, rules: &Rules) -> io::Result<Vec<File>> {
    let mut files = Vec::new();
    collect(folder, "", rules, &mut files, 0)?;
    Ok(files)
}

fn collect(folder: &Path, prefix: &str, rules: &Rules, files: &mut Vec<File>, depth: usize) -> io::Result<()> {
    if depth > MAX_DEPTH {
        return Err(io::Error::other(format!(
            "{} is nested too deeply; does a link lead in a circle?",
            folder.display()
        )));
    }
    for name in names(folder)? {
        let path = format!("{prefix}{name}");
        let place = folder.join(&name);
        // Helm follows links while it walks a folder.
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
            return Err(io::Error::other(format!("{path} is neither a file nor a folder")));
        }
    }
    Ok(())
}

/// What is in a folder, sorted.
fn names(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name().into_string().map_err(|name| {
            let problem = format!("the name {} is not UTF-8", name.display());
            io::Error::new(io::ErrorKind::InvalidData, problem)
        })?;
        names.push(name);
    }
    names.sort_unstable();
    Ok(names)
}
