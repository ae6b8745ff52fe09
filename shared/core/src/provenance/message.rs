//! The signed text: two YAML documents, separated by a line with `...`.

use std::collections::BTreeMap;

use super::{ProvenanceError, Subject};
use crate::chart::{ChartYaml, Metadata, is_another_case_of};
use crate::yaml::{self, Duplicates, json_text};

/// Helm splits the text here, whatever YAML requires.
const SEPARATOR: &str = "\n...\n";

/// The contents of a signed text.
#[derive(Debug)]
pub(super) struct Message {
    chart: Metadata,
    /// `sha256:HEX`, by the archive's name.
    files: BTreeMap<String, String>,
}

impl Message {
    /// Writes the text for an archive. It uses JSON, field by field: no line ends with a space,
    /// which cleartext signing would drop, starts with a dash, which it would escape, or is the
    /// separator. Every YAML reader accepts it.
    pub(super) fn text(subject: Subject<'_>) -> String {
        // Serializing cannot fail: there are only texts and numbers.
        let json = |value: &serde_json::Value| json_text::to_string(value).unwrap_or_default();
        let fields = match serde_json::to_value(subject.metadata) {
            Ok(serde_json::Value::Object(fields)) => fields,
            _ => serde_json::Map::new(),
        };
        let fields: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("  {}: {}", json(&name.as_str().into()), json(value)))
            .collect();
        format!(
            "{{\n{}\n}}\n{SEPARATOR}files:\n  {}: sha256:{}\n",
            fields.join(",\n"),
            json(&subject.file_name.into()),
            subject.digest,
        )
    }

    /// Reads a text, with line feeds only.
    pub(super) fn read(text: &str) -> Result<Self, ProvenanceError> {
        let format = |problem: &str| ProvenanceError::Format(problem.to_owned());
        let parts: Vec<&str> = text.split(SEPARATOR).collect();
        let [chart, sums] = parts.as_slice() else {
            return Err(format("its text is not two documents separated by a line `...`"));
        };
        let ChartYaml { metadata, .. } =
            Metadata::from_chart_yaml(chart.as_bytes()).map_err(|error| ProvenanceError::Format(error.to_string()))?;
        let sums = yaml::parse(sums.as_bytes(), &yaml::Limits::CHART_YAML, Duplicates::Reject)
            .map_err(|error| ProvenanceError::Format(error.to_string()))?;
        let files = files_of(&sums.value).ok_or_else(|| format("its second document has no `files`"))?;
        let files = files
            .iter()
            .map(|(name, sum)| Some((name.clone(), sum.as_str()?.to_owned())));
        Ok(Self {
            chart: metadata,
            files: files
                .collect::<Option<_>>()
                .ok_or_else(|| format("a checksum in `files` is not text"))?,
        })
    }

    /// Checks that the text is about this archive. Helm checks only the digest.
    pub(super) fn check(&self, subject: Subject<'_>) -> Result<(), ProvenanceError> {
        let Some(signed) = self.files.get(subject.file_name) else {
            let named: Vec<&str> = self.files.keys().map(String::as_str).take(3).collect();
            return Err(ProvenanceError::OtherFile {
                file: subject.file_name.to_owned(),
                named: format!("{named:?}"),
            });
        };
        if *signed != format!("sha256:{}", subject.digest) {
            return Err(ProvenanceError::OtherDigest {
                signed: signed.clone(),
                own: subject.digest,
            });
        }
        // The digest covers the whole archive. The chart that people see in the file must still be
        // the same.
        let (chart, own) = (&self.chart, subject.metadata);
        let fields = [
            ("name", &chart.name, &own.name),
            ("version", &chart.version, &own.version),
            ("appVersion", &chart.app_version, &own.app_version),
        ];
        match fields.into_iter().find(|(_, signed, own)| signed != own) {
            None => Ok(()),
            Some((field, signed, own)) => Err(ProvenanceError::OtherChart {
                field,
                signed: signed.clone(),
                own: own.clone(),
            }),
        }
    }
}

/// Helm finds the field in any case. If there are two, readers differ.
fn files_of(sums: &yaml::Value) -> Option<&yaml::Mapping> {
    let fields = sums.as_mapping()?.iter();
    let mut files = fields.filter(|(name, _)| is_another_case_of(name, "files"));
    match (files.next(), files.next()) {
        (Some((_, files)), None) => files.as_mapping(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sums_are_found_under_a_name_in_any_case() {
        let read = |sums: &str| Message::read(&format!("Name: a\nversion: 1.0.0\n\n...\n{sums}"));
        for sums in ["files:\n  a.tgz: sha256:00\n", "Files:\n  a.tgz: sha256:00\n"] {
            assert_eq!(read(sums).unwrap().files["a.tgz"], "sha256:00", "{sums}");
        }
        for sums in ["sums: {}\n", "Files: {}\nfiles:\n  a.tgz: sha256:00\n"] {
            assert!(read(sums).is_err(), "{sums}");
        }
    }
}
