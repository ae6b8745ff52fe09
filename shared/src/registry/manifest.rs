//! Manifests of images, as far as platforms are concerned.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::image::Platform;

/// The media types of manifests, from OCI and from Docker.
pub(super) const ACCEPTED: &str = "application/vnd.oci.image.index.v1+json, \
     application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.oci.image.manifest.v1+json, \
     application/vnd.docker.distribution.manifest.v2+json";

/// A manifest.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Manifest {
    /// Several images, each for a platform.
    Index(BTreeSet<Platform>),
    /// One image. Its configuration has this digest.
    Image { config: String },
}

#[derive(Deserialize)]
struct Text {
    manifests: Option<Vec<Entry>>,
    config: Option<Descriptor>,
}

#[derive(Deserialize)]
struct Entry {
    platform: Option<PlatformText>,
}

#[derive(Deserialize)]
struct Descriptor {
    digest: String,
}

#[derive(Deserialize)]
struct PlatformText {
    os: Option<String>,
    architecture: Option<String>,
    variant: Option<String>,
}

impl PlatformText {
    fn platform(&self) -> Option<Platform> {
        let (os, architecture) = (self.os.as_deref()?, self.architecture.as_deref()?);
        Some(Platform::new(os, architecture, self.variant.as_deref()))
    }
}

impl Manifest {
    /// `None` if it is not a manifest.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let text: Text = serde_json::from_slice(bytes).ok()?;
        if let Some(manifests) = text.manifests {
            let platforms = manifests.iter().filter_map(|entry| entry.platform.as_ref()?.platform());
            return Some(Self::Index(platforms.collect()));
        }
        let config = text.config?.digest;
        // It becomes part of a URL.
        let good = |byte: u8| byte.is_ascii_alphanumeric() || byte == b':';
        (config.len() <= 200 && config.bytes().all(good)).then_some(Self::Image { config })
    }
}

/// The platform in an image's configuration.
pub(super) fn platform_of_config(bytes: &[u8]) -> Option<Platform> {
    serde_json::from_slice::<PlatformText>(bytes).ok()?.platform()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_names_its_platforms_and_an_image_its_configuration() {
        let index =
            br#"{"manifests":[{"platform":{"os":"linux","architecture":"arm64","variant":"v8"}},{"digest":"x"}]}"#;
        let platforms = BTreeSet::from(["linux/arm64/v8".parse().unwrap()]);
        assert_eq!(Manifest::read(index), Some(Manifest::Index(platforms)));
        let image = br#"{"config":{"digest":"sha256:ab"},"layers":[]}"#;
        let config = "sha256:ab".to_owned();
        assert_eq!(Manifest::read(image), Some(Manifest::Image { config }));
        for garbage in [&b""[..], b"<html>", b"{}", b"[]", br#"{"config":{"digest":"../../x"}}"#] {
            assert_eq!(Manifest::read(garbage), None);
        }
    }
}
