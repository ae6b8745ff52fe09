//! `.helmignore`, with the rules and the quirks of Helm's `pkg/ignore`.

use std::fs;
use std::io;
use std::path::Path;

use super::glob;

pub(super) struct Rules {
    patterns: Vec<Pattern>,
}

struct Pattern {
    negate: bool,
    must_be_folder: bool,
    on: On,
    glob: String,
}

enum On {
    /// The whole path in the chart.
    Path,
    /// The last component of the path.
    Name,
}

impl Rules {
    /// The rules of a chart: those of its `.helmignore`, if it has one, and Helm's built-in rule.
    pub(super) fn of_folder(folder: &Path) -> io::Result<Result<Self, String>> {
        let text = match fs::read(folder.join(".helmignore")) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error),
        };
        Ok(Self::parse(&text))
    }

    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let lines = text.lines().chain(["templates/.?*"]);
        let patterns = lines.filter_map(|line| Pattern::parse(line.trim()).transpose());
        Ok(Self {
            patterns: patterns.collect::<Result<_, _>>()?,
        })
    }

    /// Whether the rules ignore this path; the first rule that applies decides. A negated rule
    /// ignores everything that it does *not* match: unlike git, but as Helm does.
    pub(super) fn ignore(&self, path: &str, folder: bool) -> bool {
        for pattern in &self.patterns {
            if pattern.negate {
                if pattern.must_be_folder && !folder || !pattern.matches(path) {
                    return true;
                }
            } else if (folder || !pattern.must_be_folder) && pattern.matches(path) {
                return true;
            }
        }
        false
    }
}

impl Pattern {
    fn parse(rule: &str) -> Result<Option<Self>, String> {
        if rule.is_empty() || rule.starts_with('#') {
            return Ok(None);
        }
        if rule.contains("**") {
            return Err(format!(
                "Helm does not support `**`, as in {rule:?}; use `*` for each level of folders"
            ));
        }
        if !glob::is_valid(rule) {
            return Err(format!(
                "{rule:?} is not a valid pattern; check its brackets and backslashes"
            ));
        }
        let (negate, rule) = rule.strip_prefix('!').map_or((false, rule), |rest| (true, rest));
        let (must_be_folder, rule) = rule.strip_suffix('/').map_or((false, rule), |rest| (true, rest));
        let (on, glob) = match rule.strip_prefix('/') {
            Some(rest) => (On::Path, rest),
            None if rule.contains('/') => (On::Path, rule),
            None => (On::Name, rule),
        };
        Ok(Some(Self {
            negate,
            must_be_folder,
            on,
            glob: glob.to_owned(),
        }))
    }

    fn matches(&self, path: &str) -> bool {
        let subject = match self.on {
            On::Path => path,
            On::Name => path.rsplit('/').next().unwrap_or(path),
        };
        glob::matches(&self.glob, subject)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(rules: &str, ignored: &[&str], kept: &[&str]) {
        let rules = Rules::parse(rules).unwrap();
        let says = |path: &&str| rules.ignore(path.trim_end_matches('/'), path.ends_with('/'));
        assert_eq!(
            ignored.iter().filter(|path| !says(path)).collect::<Vec<_>>(),
            Vec::<&&str>::new()
        );
        assert_eq!(
            kept.iter().filter(|path| says(path)).collect::<Vec<_>>(),
            Vec::<&&str>::new()
        );
    }

    #[test]
    fn a_rule_without_a_slash_matches_the_name_only() {
        check("*.txt", &["a.txt", "deep/a.txt"], &["a.yaml"]);
    }

    #[test]
    fn a_rule_with_a_slash_matches_the_whole_path() {
        check("/a.txt", &["a.txt"], &["deep/a.txt"]);
        check("cargo/*.txt", &["cargo/a.txt"], &["a.txt", "cargo/deep/a.txt"]);
    }

    #[test]
    fn a_rule_that_ends_in_a_slash_matches_folders_only() {
        check("cargo/", &["cargo/", "deep/cargo/"], &["cargo"]);
    }

    #[test]
    fn a_negated_rule_ignores_everything_that_it_does_not_match() {
        check("!helm.txt", &["mast/", "a.txt"], &["helm.txt"]);
    }

    #[test]
    fn hidden_files_among_templates_are_never_packaged() {
        check("", &["templates/.dotfile"], &["templates/a.yaml", ".dotfile"]);
    }

    #[test]
    fn patterns_that_helm_rejects_are_rejected() {
        assert!(Rules::parse("a/**/b").is_err());
        assert!(Rules::parse("[a").is_err());
    }
}
