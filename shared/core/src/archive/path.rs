//! Which paths an archive may hold, and what Helm makes of them.
//!
//! [`as_helm`] splits a path as Helm's loader does, and rejects what it rejects
//! (<https://github.com/helm/helm/blob/main/pkg/chart/loader/archive/archive.go>). [`for_upload`]
//! is stricter: what unpackers other than Helm would follow out of their folder is not published.

use super::ArchiveError;

/// A path of an archive, split as Helm splits it: the chart's folder, and the path within it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ChartPath {
    /// The first part, whatever it is: Helm cuts it off. `.` in archives of a bare
    /// `tar -C CHART_FOLDER .`.
    pub(super) folder: String,
    /// The path below it with `/` between its parts.
    pub(super) within: String,
}

impl ChartPath {
    /// Whether macOS put it there: its tar packs the attributes of `demo` as `./._demo`, its zip as
    /// `__MACOSX/._demo`.
    pub(super) fn is_of_macos(&self) -> bool {
        let (above, name) = self.within.rsplit_once('/').unwrap_or(("", &self.within));
        let beside = self.folder == "__MACOSX" || self.folder == "." && above.is_empty();
        beside && name.starts_with("._")
    }
}

/// Splits the path of a file, and rejects what both Helms reject.
pub(super) fn as_helm(raw: &[u8]) -> Result<ChartPath, ArchiveError> {
    let path = String::from_utf8_lossy(raw);
    // Helm takes `\` as the separator of the whole path as soon as one is in it, for archives made
    // on Windows.
    let separator = if path.contains('\\') { "\\" } else { "/" };
    let (folder, rest) = path.split_once(separator).unwrap_or((&path, ""));
    let rest = rest.replace(separator, "/");
    if rest.starts_with('/') {
        return Err(problem(
            &path,
            "which has a second slash after its first part, so Helm reads the rest as an absolute path. Rename the file, and package again",
        ));
    }
    let within = clean(&rest);
    if folder == "Chart.yaml" {
        return Err(ArchiveError::ChartYamlElsewhere {
            path: path.into_owned(),
        });
    }
    if within.is_empty() {
        return Err(problem(
            &path,
            "which is outside the chart's folder. The top level of the archive must be that folder: `helm package CHART_FOLDER` makes it so",
        ));
    }
    if within == ".." || within.starts_with("../") {
        return Err(problem(&path, LEADS_UP));
    }
    if within.starts_with("..") {
        return Err(problem(
            &path,
            "whose name begins with `..`, which Helm reads as a parent folder. Rename the file, or list it in .helmignore, and package again",
        ));
    }
    if matches!(within.as_bytes(), [letter, b':', b'/', ..] if letter.is_ascii_alphabetic()) {
        return Err(problem(
            &path,
            "which begins with a Windows drive letter. Rename the file, and package again",
        ));
    }
    Ok(ChartPath {
        folder: folder.to_owned(),
        within,
    })
}

/// As [`as_helm`], for an archive that is about to be published.
pub(super) fn for_upload(raw: &[u8], max_bytes: usize) -> Result<ChartPath, ArchiveError> {
    no_hazard(raw, max_bytes)?;
    as_helm(raw)
}

/// Rejects paths on which unpackers disagree, of files and of folders.
pub(super) fn no_hazard(raw: &[u8], max_bytes: usize) -> Result<(), ArchiveError> {
    let Ok(path) = std::str::from_utf8(raw) else {
        return Err(problem(
            &String::from_utf8_lossy(raw),
            "which is not UTF-8. Rename the file, and package again",
        ));
    };
    if path.is_empty() {
        return Err(problem(
            path,
            "which does not name a file. The top level of the archive must be the chart's folder: `helm package CHART_FOLDER` makes it so",
        ));
    }
    if path.len() > max_bytes {
        let start: String = path.chars().take(64).collect();
        return Err(problem(
            &format!("{start}…"),
            "which is too long. Shorten it, and package again",
        ));
    }
    if path.chars().any(char::is_control) {
        return Err(problem(
            path,
            "which contains control characters. Rename the file, and package again",
        ));
    }
    let separator = if path.contains('\\') { '\\' } else { '/' };
    if separator == '\\' && path.contains('/') {
        return Err(problem(
            path,
            "which contains both / and \\. Rename the file, and package again",
        ));
    }
    if path.starts_with(separator) {
        return Err(problem(
            path,
            "which is absolute. Paths in a chart archive begin with the chart's folder: `helm package CHART_FOLDER` makes it so",
        ));
    }
    if path.split(separator).any(|part| part == "..") {
        return Err(problem(path, LEADS_UP));
    }
    // The whole path as it stands would be on that drive.
    if is_on_drive(path) {
        return Err(problem(
            path,
            "which begins with a Windows drive letter. Rename the file, and package again",
        ));
    }
    Ok(())
}

/// Whether a link at `within` (a path below the chart's folder) to `target` stays below that
/// folder.
pub(super) fn link_stays(within: &str, target: &str) -> bool {
    if target.is_empty() || target.starts_with(['/', '\\']) || target.contains('\\') || is_on_drive(target) {
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

const LEADS_UP: &str = "which leads to a parent folder. Rename the file, and package again";

/// Go's `path.Clean` of a relative path, but empty for the folder itself.
fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

fn is_on_drive(path: &str) -> bool {
    matches!(path.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic())
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

    fn uploaded(path: &str) -> Option<(String, String)> {
        for_upload(path.as_bytes(), 100)
            .ok()
            .map(|path| (path.folder, path.within))
    }

    fn split(folder: &str, rest: &str) -> Option<(String, String)> {
        Some((folder.to_owned(), rest.to_owned()))
    }

    #[test]
    fn a_path_is_split_into_the_charts_folder_and_the_rest() {
        assert_eq!(uploaded("demo/Chart.yaml"), split("demo", "Chart.yaml"));
        assert_eq!(uploaded("demo/templates//./a.yaml"), split("demo", "templates/a.yaml"));
        assert_eq!(uploaded("demo\\templates\\a.yaml"), split("demo", "templates/a.yaml"));
        assert_eq!(uploaded("./Chart.yaml"), split(".", "Chart.yaml"));
        assert_eq!(uploaded("./demo/Chart.yaml"), split(".", "demo/Chart.yaml"));
        assert_eq!(uploaded("demo/files/c:x"), split("demo", "files/c:x"));
        assert_eq!(uploaded("demo/files/..notes"), split("demo", "files/..notes"));
    }

    #[test]
    fn a_path_that_could_leave_its_folder_is_rejected() {
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
            "",
        ] {
            assert_eq!(uploaded(path), None, "{path:?}");
        }
        assert!(for_upload(b"demo/\xff", 100).is_err());
        assert!(for_upload("demo/".repeat(30).as_bytes(), 100).is_err());
    }

    #[test]
    fn what_helm_rejects_is_rejected_for_published_archives_too() {
        for path in [
            "demo",
            "Chart.yaml",
            "demo/.",
            "demo//templates/a.yaml",
            "demo/..notes",
            "demo/..",
            "demo/a/../../b",
            "demo/c:/windows",
            "Chart.yaml/x",
        ] {
            assert!(as_helm(path.as_bytes()).is_err(), "{path:?}");
        }
    }

    #[test]
    fn what_helm_loads_although_unpackers_disagree_is_read_once_it_is_published() {
        let read = |path: &[u8]| as_helm(path).ok().map(|path| (path.folder, path.within));
        assert_eq!(read(b"/etc/passwd"), split("", "etc/passwd"));
        assert_eq!(read(b"../x"), split("..", "x"));
        assert_eq!(read(b"demo/a/../b"), split("demo", "b"));
        assert_eq!(read(b"demo/a\\b"), split("demo/a", "b"));
        assert_eq!(read(b"demo/a\nb"), split("demo", "a\nb"));
        assert_eq!(read(b"c:/windows"), split("c:", "windows"));
    }

    #[test]
    fn what_macos_puts_beside_a_chart_is_known() {
        let of_macos = |path: &str| as_helm(path.as_bytes()).unwrap().is_of_macos();
        assert!(of_macos("./._demo"));
        assert!(of_macos("__MACOSX/._demo"));
        assert!(of_macos("__MACOSX/demo/._Chart.yaml"));
        for path in [
            "./Chart.yaml",
            "./._a/Chart.yaml",
            "demo/._Chart.yaml",
            "other/._demo",
            "__MACOSX/Chart.yaml",
        ] {
            assert!(!of_macos(path), "{path}");
        }
    }

    #[test]
    fn a_link_may_stay_in_the_chart_but_not_leave_it() {
        assert!(link_stays("templates/a.yaml", "../files/a.yaml"));
        assert!(link_stays("a", "b/c"));
        assert!(link_stays("a", "files/c:x"));
        for target in ["/etc/passwd", "../a", "x/../../a", "c:/x", "..\\a", ""] {
            assert!(!link_stays("a", target), "{target:?}");
        }
    }
}
