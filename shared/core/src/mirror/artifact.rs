//! A chart as an OCI artifact, the same that `helm push` makes of the files
//! (<https://helm.sh/docs/topics/registries/#helm-chart-manifest>).

use std::collections::BTreeMap;

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::chart::Metadata;
use crate::digest::Digest;

/// The `Content-Type` of a manifest.
pub const MANIFEST_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";

const CONFIG: &str = "application/vnd.cncf.helm.config.v1+json";
const ARCHIVE: &str = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";
const PROVENANCE: &str = "application/vnd.cncf.helm.chart.provenance.v1.prov";
/// The media type of an archive from Helm before 3.7.
const LEGACY_ARCHIVE: &str = "application/tar+gzip";

const DESCRIPTION: &str = "org.opencontainers.image.description";
const TITLE: &str = "org.opencontainers.image.title";
const VERSION: &str = "org.opencontainers.image.version";
const URL: &str = "org.opencontainers.image.url";
const CREATED: &str = "org.opencontainers.image.created";
const SOURCE: &str = "org.opencontainers.image.source";
const AUTHORS: &str = "org.opencontainers.image.authors";

/// A chart as an OCI artifact.
#[derive(Debug, Clone)]
pub struct Artifact {
    config: Blob,
    archive: Blob,
    provenance: Option<Blob>,
    manifest: Bytes,
}

/// Bytes that a registry identifies by their digest.
#[derive(Debug, Clone)]
pub struct Blob {
    media_type: &'static str,
    digest: Digest,
    bytes: Bytes,
}

/// What the tag of a chart refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Present {
    /// Nothing.
    Nothing,
    /// This archive, with provenance if we have it, whoever pushed it.
    Same,
    /// This archive, without the provenance that we have.
    WithoutProvenance,
    /// Another chart, or something else.
    Other {
        /// A description of it.
        found: String,
    },
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Manifest<'a> {
    schema_version: u32,
    config: Descriptor,
    layers: Vec<Descriptor>,
    annotations: BTreeMap<&'a str, String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    media_type: &'static str,
    digest: String,
    size: usize,
}

impl Blob {
    fn new(media_type: &'static str, bytes: Bytes) -> Self {
        Self {
            media_type,
            digest: Digest::of(&bytes),
            bytes,
        }
    }

    /// The digest in the registry's notation.
    pub fn digest(&self) -> String {
        format!("sha256:{}", self.digest)
    }

    /// The bytes.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    fn descriptor(&self) -> Descriptor {
        Descriptor {
            media_type: self.media_type,
            digest: self.digest(),
            size: self.bytes.len(),
        }
    }
}

impl Artifact {
    /// The artifact for this archive, which was stored at `created`. The same arguments always give
    /// the same bytes.
    pub fn new(metadata: &Metadata, archive: Bytes, provenance: Option<Bytes>, created: Timestamp) -> Self {
        // Serializing cannot fail: there are only texts, numbers and lists.
        let config = Blob::new(CONFIG, serde_json::to_vec(metadata).unwrap_or_default().into());
        let archive = Blob::new(ARCHIVE, archive);
        let provenance = provenance.map(|text| Blob::new(PROVENANCE, text));
        let mut layers: Vec<&Blob> = [Some(&archive), provenance.as_ref()].into_iter().flatten().collect();
        // As Helm does.
        layers.sort_by_key(|layer| layer.digest);
        let manifest = Manifest {
            schema_version: 2,
            config: config.descriptor(),
            layers: layers.into_iter().map(Blob::descriptor).collect(),
            annotations: annotations(metadata, created),
        };
        let manifest = serde_json::to_vec(&manifest).unwrap_or_default().into();
        Self {
            config,
            archive,
            provenance,
            manifest,
        }
    }

    /// The blobs that the manifest names, which must be pushed before it.
    pub fn blobs(&self) -> impl Iterator<Item = &Blob> {
        [Some(&self.config), Some(&self.archive), self.provenance.as_ref()]
            .into_iter()
            .flatten()
    }

    /// The bytes of the manifest.
    pub fn manifest(&self) -> &Bytes {
        &self.manifest
    }

    /// Whether there is a provenance file in it.
    pub fn has_provenance(&self) -> bool {
        self.provenance.is_some()
    }

    /// What a manifest with the chart's tag contains.
    pub fn compare(&self, manifest: &[u8]) -> Present {
        #[derive(Deserialize)]
        struct Found {
            #[serde(default)]
            layers: Vec<Layer>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Layer {
            media_type: String,
            digest: String,
        }
        let found: Option<Found> = serde_json::from_slice(manifest).ok();
        let layers = found.map(|found| found.layers).unwrap_or_default();
        let is_archive = |layer: &&Layer| [ARCHIVE, LEGACY_ARCHIVE].contains(&layer.media_type.as_str());
        match layers.iter().find(is_archive) {
            None => Present::Other {
                found: "no chart".to_owned(),
            },
            Some(layer) if layer.digest != self.archive.digest() => Present::Other {
                found: "another archive".to_owned(),
            },
            Some(_) => {
                let has_one = layers.iter().any(|layer| layer.media_type == PROVENANCE);
                if self.has_provenance() && !has_one {
                    Present::WithoutProvenance
                } else {
                    Present::Same
                }
            }
        }
    }
}

/// The annotations that Helm derives from a chart
/// (<https://helm.sh/docs/topics/registries/#helm-chart-manifest>, `generateOCIAnnotations`).
fn annotations(metadata: &Metadata, created: Timestamp) -> BTreeMap<&str, String> {
    let authors: Vec<String> = metadata
        .maintainers
        .iter()
        .map(|maintainer| match maintainer.email.as_str() {
            "" => maintainer.name.clone(),
            email => format!("{} ({email})", maintainer.name),
        })
        .collect();
    let own = [
        (DESCRIPTION, metadata.description.clone()),
        (TITLE, metadata.name.clone()),
        (VERSION, metadata.version.clone()),
        (URL, metadata.home.clone()),
        (CREATED, created.to_string()),
        (SOURCE, metadata.sources.first().cloned().unwrap_or_default()),
        (AUTHORS, authors.join(", ")),
    ];
    let own = own.into_iter().filter(|(_, value)| !value.trim().is_empty());
    let theirs = metadata.annotations.iter();
    // A chart must not change its own title.
    let theirs = theirs.filter(|(name, _)| ![TITLE, VERSION].contains(&name.as_str()));
    own.chain(theirs.map(|(name, value)| (name.as_str(), value.clone())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::Maintainer;

    fn metadata() -> Metadata {
        let maintainer = |name: &str, email: &str| Maintainer {
            name: name.to_owned(),
            email: email.to_owned(),
            ..Maintainer::default()
        };
        Metadata {
            name: "demo".to_owned(),
            version: "1.0.0+b".to_owned(),
            home: " ".to_owned(),
            maintainers: vec![maintainer("A", "a@example.com"), maintainer("B", "")],
            annotations: BTreeMap::from([
                (TITLE.to_owned(), "another".to_owned()),
                (DESCRIPTION.to_owned(), "mine".to_owned()),
                ("x".to_owned(), String::new()),
            ]),
            ..Metadata::default()
        }
    }

    fn artifact(archive: &'static [u8], provenance: Option<&'static [u8]>) -> Artifact {
        let provenance = provenance.map(Bytes::from_static);
        Artifact::new(
            &metadata(),
            Bytes::from_static(archive),
            provenance,
            Timestamp::UNIX_EPOCH,
        )
    }

    #[test]
    fn a_chart_says_there_what_helm_says_of_it() {
        let manifest: serde_json::Value = serde_json::from_slice(artifact(b"archive", None).manifest()).unwrap();
        let expected = serde_json::json!({
            TITLE: "demo",
            VERSION: "1.0.0+b",
            CREATED: "1970-01-01T00:00:00Z",
            AUTHORS: "A (a@example.com), B",
            DESCRIPTION: "mine",
            "x": "",
        });
        assert_eq!(manifest["annotations"], expected);
        assert_eq!(manifest["layers"].as_array().unwrap().len(), 1);
        assert_eq!(manifest["layers"][0]["size"], 7);
    }

    #[test]
    fn what_has_the_tag_is_the_same_chart_or_another() {
        let (bare, signed) = (artifact(b"archive", None), artifact(b"archive", Some(b"signature")));
        let other = Present::Other {
            found: "another archive".to_owned(),
        };
        assert_eq!(bare.compare(bare.manifest()), Present::Same);
        assert_eq!(bare.compare(signed.manifest()), Present::Same);
        assert_eq!(signed.compare(signed.manifest()), Present::Same);
        assert_eq!(signed.compare(bare.manifest()), Present::WithoutProvenance);
        assert_eq!(bare.compare(artifact(b"other", None).manifest()), other);
        for no_chart in [&b""[..], b"{}", b"<html>", br#"{"manifests":[]}"#, br#"{"layers":[]}"#] {
            assert!(matches!(bare.compare(no_chart), Present::Other { .. }));
        }
    }
}
