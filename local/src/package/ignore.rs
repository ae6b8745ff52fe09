//! `.helmignore`, with the rules and the oddities of Helm's `pkg/ignore`.

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
    /// The path from the chart's root.
    Path,
    /// Its last part.
    Name,
}

impl Rules {
    /// The rules of a chart: its `.helmignore`, if it has one, and Helm's own.
    pub(super) fn of_folder(folder: &Path) -> io::Result<Result<Self, String>> {
        let text = match fs::read(folder.join(".helmignore")) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error),
        };
        Ok(Self::parse(&text))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let lines = text.lines().chain(["templates/.?*"]);
        let patterns = lines.filter_map(|line| Pattern::parse(line.trim()).transpose());
        Ok(Self {
            patterns: patterns.collect::<Result<_, _>>()?,
        })
    }

    /// The first rule that says something decides. A negated rule ignores whatever it does *not*
    /// match: that is Helm's behaviour, unlike git's.
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
            return Err("double-star (**) syntax is not supported".to_owned());
        }
        if !glob::is_valid(rule) {
            return Err(format!("syntax error in pattern: {rule}"));
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
    fn a_rule_without_slash_looks_at_the_name_alone() {
        check("*.txt", &["a.txt", "deep/a.txt"], &["a.yaml"]);
    }

    #[test]
    fn a_rule_with_slash_looks_at_the_path() {
        check("/a.txt", &["a.txt"], &["deep/a.txt"]);
        check("cargo/*.txt", &["cargo/a.txt"], &["a.txt", "cargo/deep/a.txt"]);
    }

    #[test]
    fn a_rule_that_ends_in_a_slash_means_folders() {
        check("cargo/", &["cargo/", "deep/cargo/"], &["cargo"]);
    }

    #[test]
    fn a_negated_rule_ignores_everything_else() {
        check("!helm.txt", &["mast/", "a.txt"], &["helm.txt"]);
    }

    #[test]
    fn hidden_files_among_templates_are_never_packed() {
        check("", &["templates/.dotfile"], &["templates/a.yaml", ".dotfile"]);
    }

    #[test]
    fn what_helm_refuses_is_refused() {
        assert!(Rules::parse("a/**/b").is_err());
        assert!(Rules::parse("[a").is_err());
    }
}
