//! `IMAGE_PLATFORMS` and `IMAGE_REGISTRIES`: the platforms that an image must exist for, and the
//! registries that are queried.

use super::SettingError;
use super::variable::{Environment, listed};
use crate::image::{Platform, is_host};

/// The registry of nearly all public images.
const DEFAULT_REGISTRIES: [&str; 8] = [
    "ghcr.io",
    "docker.io",
    "quay.io",
    "registry.k8s.io",
    "public.ecr.aws",
    "gcr.io",
    "registry.gitlab.com",
    "mcr.microsoft.com",
];

pub(super) fn default_registries() -> Vec<String> {
    DEFAULT_REGISTRIES.map(str::to_owned).to_vec()
}

pub(super) fn default_platforms() -> Vec<Platform> {
    ["amd64", "arm64"]
        .map(|architecture| Platform::new("linux", architecture, None))
        .to_vec()
}

impl Environment<'_> {
    pub(super) fn image_platforms(self) -> Result<Option<Vec<Platform>>, SettingError> {
        let accepts = "platforms with commas between them: linux/amd64,linux/arm64";
        self.variable("IMAGE_PLATFORMS", accepts)
            .optional(|value| listed(value, |platform| platform.parse().ok()))
    }

    pub(super) fn image_registries(self) -> Result<Option<Vec<String>>, SettingError> {
        let accepts = "hosts with commas between them: ghcr.io,docker.io";
        self.variable("IMAGE_REGISTRIES", accepts)
            .optional(|value| listed(value, |host| is_host(host).then(|| host.to_ascii_lowercase())))
    }
}
