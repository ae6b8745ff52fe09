//! The images that a chart names, in its values and in the annotation that Artifact Hub reads
//! (<https://artifacthub.io/docs/topics/annotations/helm/>).

use std::collections::BTreeSet;

use super::{Reference, ReferenceError};
use crate::chart::Metadata;
use crate::yaml::{self, Duplicates, Mapping, Value};

/// The annotation with a list of images.
const ANNOTATION: &str = "artifacthub.io/images";

/// The images that were found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Collected {
    /// The images.
    pub images: BTreeSet<Reference>,
    /// Names that are not image references.
    pub wrong: Vec<ReferenceError>,
    /// Names that a template completes.
    pub unknown: BTreeSet<String>,
    /// Why the annotation cannot be used, if so.
    pub annotation: Option<AnnotationError>,
}

/// The annotation exists, and Artifact Hub could not read it either.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the annotation {ANNOTATION} is not a list of `- name: …` with `image: …`")]
pub struct AnnotationError;

/// Collects the images of a chart with these values.
pub fn collect(chart: &Metadata, values: &Value) -> Collected {
    let mut collected = Collected::default();
    collected.in_values(values, &chart.app_version);
    if let Some(text) = chart.annotations.get(ANNOTATION).filter(|text| !text.trim().is_empty()) {
        match in_annotation(text) {
            Some(images) => images.iter().for_each(|image| collected.add(image)),
            None => collected.annotation = Some(AnnotationError),
        }
    }
    collected
}

fn in_annotation(text: &str) -> Option<Vec<String>> {
    let list = yaml::parse(text.as_bytes(), &yaml::Limits::CHART_YAML, Duplicates::LastWins).ok()?;
    let images = list.value.as_sequence()?.iter();
    images
        .map(|image| Some(image.get("image")?.as_str()?.to_owned()))
        .collect()
}

impl Collected {
    fn in_values(&mut self, value: &Value, app_version: &str) {
        match value {
            Value::Sequence(items) => items.iter().for_each(|item| self.in_values(item, app_version)),
            Value::Mapping(fields) => {
                for (name, value) in fields {
                    match value {
                        Value::String(image) if name == "image" => self.plain(image, fields),
                        Value::Mapping(image) if name == "image" && text(image, "repository").is_some() => {
                            self.parts(image, app_version);
                            self.in_values(value, app_version);
                        }
                        _ => self.in_values(value, app_version),
                    }
                }
            }
            _ => {}
        }
    }

    /// `image: nginx:1.27`, or with a `tag:` beside it, which some charts call `imageTag:`. If
    /// `image: nginx@sha256` names only the kind of a digest, the tag contains the digest.
    fn plain(&mut self, image: &str, beside: &Mapping) {
        if image.is_empty() {
            return;
        }
        let is_half = image.ends_with("@sha256") || image.ends_with("@sha512");
        let has_tag = image.contains('@') || image.rsplit('/').next().is_some_and(|last| last.contains(':'));
        let tag = text(beside, "tag").or_else(|| text(beside, "imageTag"));
        match tag.filter(|_| is_half || !has_tag) {
            Some(tag) => self.add(&format!("{image}:{tag}")),
            None => self.add(image),
        }
    }

    /// `image: {registry, repository, tag, digest}`. Charts use the app version as the tag if none
    /// is set.
    fn parts(&mut self, image: &Mapping, app_version: &str) {
        let repository = text(image, "repository").unwrap_or_default();
        let registry = text(image, "registry").map_or_else(String::new, |registry| format!("{registry}/"));
        let tag = text(image, "tag").unwrap_or_else(|| app_version.to_owned());
        let tag = if tag.is_empty() { tag } else { format!(":{tag}") };
        let digest = text(image, "digest").map_or_else(String::new, |digest| format!("@{digest}"));
        self.add(&format!("{registry}{repository}{tag}{digest}"));
    }

    fn add(&mut self, image: &str) {
        if image.contains("{{") {
            self.unknown.insert(image.chars().take(300).collect());
            return;
        }
        match Reference::parse(image) {
            Ok(reference) => {
                self.images.insert(reference);
            }
            Err(error) => self.wrong.push(error),
        }
    }
}

fn text(fields: &Mapping, name: &str) -> Option<String> {
    fields.get(name)?.to_text().filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::Values;

    fn images(values: &str, annotation: &str) -> Collected {
        let chart = Metadata {
            app_version: "1.2.3".to_owned(),
            annotations: [(ANNOTATION.to_owned(), annotation.to_owned())].into(),
            ..Metadata::default()
        };
        collect(&chart, Values::new(Some(values.into())).read().unwrap())
    }

    #[test]
    fn images_are_found_at_any_depth_and_in_the_annotation() {
        let values = "
image: {repository: ghcr.io/alto9/a}
sidecar: {image: {registry: quay.io, repository: b/c, tag: 1.10.0, init: {image: quay.io/h}}}
jobs:
  - image: busybox:1.36
  - {image: ghcr.io/alto9/d, tag: \"7\"}
  - image: {repository: e, digest: \"sha256:0000000000000000000000000000000000000000000000000000000000000000\", tag: x}
empty: {image: \"\"}
none: {image: {pullPolicy: Always}}
imagePullSecrets: []
";
        let found = images(
            values,
            "- name: a\n  image: ghcr.io/alto9/a:1.2.3\n- name: f\n  image: gcr.io/f/g:2\n",
        );
        let zeros = "0".repeat(64);
        let names: Vec<String> = found.images.iter().map(ToString::to_string).collect();
        assert_eq!(
            names,
            [
                "docker.io/library/busybox:1.36".to_owned(),
                format!("docker.io/library/e@sha256:{zeros}"),
                "gcr.io/f/g:2".to_owned(),
                "ghcr.io/alto9/a:1.2.3".to_owned(),
                "ghcr.io/alto9/d:7".to_owned(),
                "quay.io/b/c:1.10.0".to_owned(),
                "quay.io/h:latest".to_owned(),
            ]
        );
        assert!(found.wrong.is_empty() && found.unknown.is_empty());
    }

    #[test]
    fn the_tag_beside_an_image_counts_whatever_it_is_called() {
        let hex = "ab".repeat(32);
        for (values, image) in [
            (
                "{image: docker.elastic.co/kibana/kibana, imageTag: 8.5.1}".to_owned(),
                "docker.elastic.co/kibana/kibana:8.5.1".to_owned(),
            ),
            (
                "{image: a, tag: 1, imageTag: 2}".to_owned(),
                "docker.io/library/a:1".to_owned(),
            ),
            (
                "{image: \"a:3\", imageTag: 2}".to_owned(),
                "docker.io/library/a:3".to_owned(),
            ),
            (
                format!("{{image: quay.io/a/b@sha256, tag: {hex}}}"),
                format!("quay.io/a/b@sha256:{hex}"),
            ),
            (
                format!("{{image: \"quay.io/a/b:1.0@sha256\", imageTag: {hex}}}"),
                format!("quay.io/a/b@sha256:{hex}"),
            ),
            (
                format!("{{image: {{repository: quay.io/a/b@sha256, tag: {hex}}}}}"),
                format!("quay.io/a/b@sha256:{hex}"),
            ),
            (
                format!("{{image: \"quay.io/a/b@sha256:{hex}\", tag: 1}}"),
                format!("quay.io/a/b@sha256:{hex}"),
            ),
        ] {
            let found = images(&values, "");
            assert_eq!(found.wrong, [], "{values}");
            let names: Vec<String> = found.images.iter().map(ToString::to_string).collect();
            assert_eq!(names, [image], "{values}");
        }
    }

    #[test]
    fn what_is_no_name_and_what_a_template_completes_are_told_apart() {
        let found = images(
            "{a: {image: \"not a name\"}, b: {image: \"{{ .Values.registry }}/x\"}}",
            "",
        );
        assert_eq!(found.annotation, None);
        assert_eq!(found.wrong.len(), 1);
        assert_eq!(found.unknown.len(), 1);
        assert!(found.images.is_empty());
    }

    #[test]
    fn an_annotation_that_is_no_list_of_images_is_told() {
        for wrong in ["no list", "- name: a", "- image: [a]", "{image: a}", "- {"] {
            assert_eq!(images("", wrong).annotation, Some(AnnotationError), "{wrong}");
        }
    }
}
