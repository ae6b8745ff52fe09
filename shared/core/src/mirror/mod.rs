//! A registry that also has every published chart, for `helm pull oci://…`. No I/O: the place of a
//! chart there ([`Mirror`]), and its form ([`Artifact`]).

mod artifact;

use std::fmt;

pub use artifact::{Artifact, Blob, MANIFEST_TYPE, Present};

use crate::image::{Reference, ReferenceError};
use crate::keys::Repository;

/// `oci://ghcr.io/alto9/charts`. Below it, a chart has its repository's name and its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mirror {
    /// `ghcr.io/alto9/charts`
    base: String,
}

impl Mirror {
    /// Reads `oci://HOST[/PATH]`; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let base = text.strip_prefix("oci://")?.trim_end_matches('/');
        let host = base.split('/').next()?;
        // Without these the name would belong to Docker Hub.
        let is_host = host.contains(['.', ':']) || host == "localhost";
        let mirror = Self { base: base.to_owned() };
        (is_host && Reference::parse(&format!("{base}/name:1")).is_ok()).then_some(mirror)
    }

    /// The reference of a chart there.
    ///
    /// # Errors
    ///
    /// [`ReferenceError`] if no registry accepts such a name: it must be in lower case, and a
    /// version has at most 128 characters.
    pub fn reference(&self, repository: &Repository, name: &str, version: &str) -> Result<Reference, ReferenceError> {
        // A tag cannot contain a plus. Helm replaces it by an underscore, and back
        // (https://github.com/helm/helm/issues/10166).
        let tag = version.replace('+', "_");
        let (base, folder) = (&self.base, repository.folder());
        Reference::parse(&format!("{base}/{folder}{name}:{tag}"))
    }
}

impl fmt::Display for Mirror {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "oci://{}", self.base)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn called(mirror: &str, repository: &str, name: &str, version: &str) -> Option<String> {
        let repository = Repository::new(repository).unwrap();
        let reference = Mirror::parse(mirror).unwrap().reference(&repository, name, version);
        reference.ok().map(|reference| reference.to_string())
    }

    #[test]
    fn a_chart_is_called_what_helm_calls_it_there() {
        for (mirror, repository, version, name) in [
            (
                "oci://ghcr.io/alto9/charts",
                "",
                "1.0.0",
                "ghcr.io/alto9/charts/demo:1.0.0",
            ),
            (
                "oci://ghcr.io/alto9/charts/",
                "",
                "1.0.0+b.2",
                "ghcr.io/alto9/charts/demo:1.0.0_b.2",
            ),
            (
                "oci://ghcr.io/alto9",
                "team-a",
                "1.0.0",
                "ghcr.io/alto9/team-a/demo:1.0.0",
            ),
            (
                "oci://127.0.0.1:5000",
                "",
                "v1.0.0-rc.1",
                "127.0.0.1:5000/demo:v1.0.0-rc.1",
            ),
            (
                "oci://localhost/x",
                "teams/a",
                "1.0.0",
                "localhost/x/teams/a/demo:1.0.0",
            ),
        ] {
            assert_eq!(called(mirror, repository, "demo", version).as_deref(), Some(name));
        }
    }

    #[test]
    fn what_no_registry_takes_has_no_name_there() {
        let mirror = "oci://ghcr.io/alto9";
        assert_eq!(called(mirror, "", "Demo", "1.0.0"), None);
        assert_eq!(called(mirror, "Team", "demo", "1.0.0"), None);
        assert_eq!(called(mirror, "", "demo", &format!("1.0.0-{}", "a".repeat(128))), None);
    }

    #[test]
    fn a_mirror_is_a_registry_with_a_path() {
        for wrong in [
            "",
            "off",
            "ghcr.io/alto9",
            "https://ghcr.io/alto9",
            "oci://",
            "oci://alto9/charts",
            "oci://ghcr.io/Alto9",
            "oci://ghcr.io/alto9:1.0.0",
            "oci://ghcr.io//alto9",
            "oci://user:password@ghcr.io/alto9",
            "oci://ghcr.io/alto9?x",
        ] {
            assert_eq!(Mirror::parse(wrong), None, "{wrong}");
        }
    }
}
