//! A summary of many comparisons, as text for people.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use super::allowed::{self, Allowed};
use super::{Comparison, EditPath, Facts, Verdict};

/// How many of the largest entries are listed.
const LARGEST: usize = 5;
/// How many files are listed for an allowed kind of difference.
const EXAMPLES: usize = 3;

/// The sum of many comparisons.
#[derive(Debug, Default)]
pub struct Summary {
    archives: BTreeMap<Verdict, usize>,
    indexes: BTreeMap<Verdict, usize>,
    versions: usize,
    paths: BTreeMap<EditPath, usize>,
    largest: Vec<(usize, String)>,
    differences: BTreeMap<String, Vec<String>>,
}

impl Summary {
    /// Adds the comparison of one file.
    pub fn add(&mut self, comparison: Comparison) {
        let file = comparison.path.display().to_string();
        match comparison.facts {
            Facts::Archive { verdict, entry_bytes } => {
                *self.archives.entry(verdict).or_default() += 1;
                self.largest.extend(entry_bytes.map(|bytes| (bytes, file.clone())));
            }
            Facts::Index {
                verdict,
                versions,
                largest,
                path,
            } => {
                *self.indexes.entry(verdict).or_default() += 1;
                self.versions += versions;
                let largest = largest.map(|(bytes, entry)| (bytes, format!("{entry} in {file}")));
                self.largest.extend(largest);
                if let Some(path) = path {
                    *self.paths.entry(path).or_default() += 1;
                }
            }
        }
        self.largest.sort_by(|one, other| other.cmp(one));
        self.largest.truncate(LARGEST);
        for difference in comparison.differences {
            let files = self.differences.entry(difference.class).or_default();
            files.push(format!("{file}: {}", difference.detail));
        }
    }

    /// Whether every difference is one that the table allows.
    pub fn is_as_documented(&self) -> bool {
        self.unexpected().next().is_none()
    }

    /// The classes of all differences.
    pub fn classes(&self) -> impl Iterator<Item = &str> {
        self.differences.keys().map(String::as_str)
    }

    fn unexpected(&self) -> impl Iterator<Item = (&String, &Vec<String>)> {
        self.differences
            .iter()
            .filter(|(class, _)| allowed::allows(class).is_none())
    }

    fn write_counts(&self, to: &mut String) -> fmt::Result {
        writeln!(to, "| verdict | archives | indexes |\n| --- | ---: | ---: |")?;
        for (verdict, what) in VERDICTS {
            let count = |of: &BTreeMap<Verdict, usize>| of.get(&verdict).copied().unwrap_or_default();
            writeln!(to, "| {what} | {} | {} |", count(&self.archives), count(&self.indexes))?;
        }
        let sum = |of: &BTreeMap<Verdict, usize>| of.values().sum::<usize>();
        writeln!(to, "| all | {} | {} |", sum(&self.archives), sum(&self.indexes))?;
        writeln!(to, "\nThe indexes list {} versions.", self.versions)
    }

    fn write_paths(&self, to: &mut String) -> fmt::Result {
        writeln!(to, "\n| an index is edited | indexes |\n| --- | ---: |")?;
        for (path, count) in &self.paths {
            match path {
                EditPath::Fast => writeln!(to, "| in place | {count} |")?,
                EditPath::Slow(reason) => writeln!(to, "| written again completely: {reason} | {count} |")?,
            }
        }
        Ok(())
    }

    fn write_largest(&self, to: &mut String) -> fmt::Result {
        writeln!(to, "\nThe largest entries, as one line of JSON text:\n")?;
        for (bytes, which) in &self.largest {
            writeln!(to, "- {bytes} bytes: {which}")?;
        }
        Ok(())
    }

    fn write_allowed(&self, to: &mut String) -> fmt::Result {
        writeln!(to, "\n| allowed difference | files |\n| --- | ---: |")?;
        for (class, files) in &self.differences {
            if let Some(Allowed { what, .. }) = allowed::allows(class) {
                writeln!(to, "| {what} (`{class}`) | {} |", files.len())?;
            }
        }
        for (class, files) in &self.differences {
            if allowed::allows(class).is_some() {
                for file in files.iter().take(EXAMPLES) {
                    writeln!(to, "  {class}: {file}")?;
                }
            }
        }
        Ok(())
    }
}

/// Includes every difference that is not allowed.
impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.write_counts(&mut text)?;
        self.write_paths(&mut text)?;
        self.write_largest(&mut text)?;
        self.write_allowed(&mut text)?;
        let unexpected: Vec<_> = self.unexpected().collect();
        let files: usize = unexpected.iter().map(|(_, files)| files.len()).sum();
        writeln!(text, "\n{files} differences that are not documented")?;
        for (class, files) in unexpected {
            writeln!(text, "\n{class} ({})", files.len())?;
            for file in files {
                writeln!(text, "  {file}")?;
            }
        }
        f.write_str(&text)
    }
}

const VERDICTS: [(Verdict, &str); 5] = [
    (Verdict::AllAccept, "accepted by Helm 3, Helm 4 and Chartdrop"),
    (Verdict::AllReject, "rejected by all three"),
    (Verdict::HelmsDisagree, "rejected by Chartdrop and one Helm"),
    (Verdict::Stricter, "rejected by Chartdrop only"),
    (Verdict::Laxer, "accepted by Chartdrop, not by both Helms"),
];
