//! Which paths an archive may hold.

use super::ArchiveError;

/// A path of an archive, split as Helm splits it: the chart's folder, and the path within it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ChartPath {
    /// The top-level folder.
    pub(super) folder: String,
    /// The path below it with `/` between its parts; empty for the folder itself.
    pub(super) within: String,
}

/// Checks a path and splits it.
pub(super) fn check(raw: &[u8], max_bytes: usize) -> Result<ChartPath, ArchiveError> {
    let Ok(path) = std::str::from_utf8(raw) else {
        return Err(problem(&String::from_utf8_lossy(raw), "which is not UTF-8"));
    };
    if path.len() > max_bytes {
        let start: String = path.chars().take(64).collect();
        return Err(problem(&format!("{start}…"), "which is too long"));
    }
    if path.chars().any(char::is_control) {
        return Err(problem(path, "which has control characters"));
    }
    // Helm takes `\` as the separator of the whole path as soon as one is in it, for archives made on Windows.
    let separator = if path.contains('\\') { '\\' } else { '/' };
    if separator == '\\' && path.contains('/') {
        return Err(problem(path, "which mixes / and \\"));
    }
    if path.starts_with(separator) {
        return Err(problem(
            path,
            "which is absolute; paths in a chart archive start with the chart's name",
        ));
    }

    let mut parts = Vec::new();
    for part in path.split(separator) {
        match part {
            ".." => return Err(problem(path, "which leads to a parent folder")),
            "" | "." => {}
            _ => parts.push(part),
        }
    }
    // `c:/x` below the folder: some Windows unpackers would follow it (the check is Helm's too).
    if parts.iter().any(|part| is_drive(part)) {
        return Err(problem(path, "which names a Windows drive"));
    }
    // Helm cuts off the first part whatever it is: for `./x/Chart.yaml` that is `.`, and no Chart.yaml is found then.
    if path.starts_with("./") && path != "./" {
        return Err(problem(
            path,
            "which starts with `./`; Helm would not find Chart.yaml there. Use `helm package`",
        ));
    }
    let Some((folder, within)) = parts.split_first() else {
        return Err(problem(path, "which names nothing"));
    };
    Ok(ChartPath {
        folder: (*folder).to_owned(),
        within: within.join("/"),
    })
}

/// Whether a link at `within` (a path below the chart's folder) to `target` stays below that folder.
pub(super) fn link_stays(within: &str, target: &str) -> bool {
    if target.is_empty() || target.starts_with(['/', '\\']) || target.contains('\\') || target.split('/').any(is_drive)
    {
        return false;
    }
    let mut depth = within.split('/').count().saturating_sub(1);
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => match depth.checked_sub(1) {
                Some(up) => depth = up,
                None => return false,
            },
            _ => depth += 1,
        }
    }
    true
}

fn is_drive(part: &str) -> bool {
    matches!(part.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic())
}

fn problem(path: &str, problem: &'static str) -> ArchiveError {
    ArchiveError::Path {
        path: path.to_owned(),
        problem,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn within(path: &str) -> Option<(String, String)> {
        check(path.as_bytes(), 100).ok().map(|path| (path.folder, path.within))
    }

    #[test]
    fn a_path_is_split_into_the_charts_folder_and_the_rest() {
        let split = |folder: &str, rest: &str| Some((folder.to_owned(), rest.to_owned()));
        assert_eq!(within("demo/Chart.yaml"), split("demo", "Chart.yaml"));
        assert_eq!(within("demo//templates/./a.yaml"), split("demo", "templates/a.yaml"));
        assert_eq!(within("demo\\templates\\a.yaml"), split("demo", "templates/a.yaml"));
        assert_eq!(within("demo/"), split("demo", ""));
        assert_eq!(within("Chart.yaml"), split("Chart.yaml", ""));
    }

    #[test]
    fn a_path_that_could_leave_its_folder_is_refused() {
        for path in [
            "/etc/passwd",
            "\\etc\\passwd",
            "demo/../../x",
            "../x",
            "demo\\..\\..\\x",
            "demo/a\\..\\b",
            "demo/c:/windows",
            "c:/windows",
            "demo/a\nb",
            "demo/\u{1b}[31m",
            "./demo/Chart.yaml",
            "",
            ".",
        ] {
            assert_eq!(within(path), None, "{path:?}");
        }
        assert!(check(b"demo/\xff", 100).is_err());
        assert!(check("demo/".repeat(30).as_bytes(), 100).is_err());
    }

    #[test]
    fn a_link_may_stay_in_the_chart_but_not_leave_it() {
        assert!(link_stays("templates/a.yaml", "../files/a.yaml"));
        assert!(link_stays("a", "b/c"));
        for target in ["/etc/passwd", "../a", "x/../../a", "c:/x", "..\\a", ""] {
            assert!(!link_stays("a", target), "{target:?}");
        }
    }
}
