//! What Helm rejects in a chart's metadata.

use std::collections::BTreeSet;

use super::{Dependency, Metadata, ParseVersionError, Version, Warning, file_name, sanitize::sanitize};

/// The longest file name that common file systems accept.
const LONGEST_FILE_NAME: usize = 255;

/// Why Helm rejects a chart, with messages for its packager.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Invalid {
    /// `name` is missing.
    #[error("it has no name. Add a line \"name: my-chart\"")]
    NoName,

    /// The name cannot be a file name.
    #[error("the chart name {name:?} cannot be a file name. Use lower-case letters, digits and \"-\"")]
    Name {
        /// The name.
        name: String,
    },

    /// Name and version are too long for a file system.
    #[error(
        "the file name of the chart would have {bytes} bytes; the limit is {LONGEST_FILE_NAME}. Shorten its name or version"
    )]
    LongName {
        /// The length of the provenance file's name.
        bytes: usize,
    },

    /// `version` is missing.
    #[error("it has no version. Add a line \"version: 1.0.0\"")]
    NoVersion,

    /// Helm does not accept the version.
    #[error("the version {version:?} is not a semantic version such as 1.0.0: {problem}")]
    Version {
        /// As written.
        version: String,
        /// What is wrong.
        problem: ParseVersionError,
    },

    /// Some Helm does not load the `apiVersion`.
    #[error("Helm 3 and Helm 4 do not both load apiVersion {found:?}. Write \"apiVersion: v2\"")]
    ApiVersion {
        /// As written.
        found: String,
    },

    /// Helm does not know the `type`.
    #[error("type {found:?} is unknown. Write \"application\" or \"library\"")]
    Type {
        /// As written.
        found: String,
    },

    /// An alias cannot be a name.
    #[error(
        "the alias {alias:?} of the dependency {dependency:?} contains other characters than letters, digits, \"_\" and \"-\". Choose another alias"
    )]
    Alias {
        /// The dependency.
        dependency: String,
        /// As written.
        alias: String,
    },

    /// Two dependencies have the same name.
    #[error("two dependencies are called {name:?}. Give one of them an alias")]
    DuplicateDependency {
        /// The name or alias.
        name: String,
    },
}

impl Metadata {
    /// Checks the metadata as `helm package` does, and cleans its text as Helm does.
    ///
    /// What is an error only for `helm lint` is a warning, because Helm packages, indexes and
    /// installs such charts.
    ///
    /// # Errors
    /// The first thing that Helm rejects.
    pub fn validate(&mut self) -> Result<Vec<Warning>, Invalid> {
        self.check_api_version()?;
        let doubts = self.validate_as_loaded()?;
        self.check_length()?;
        Ok(doubts)
    }

    /// Checks and cleans the metadata as Helm does when it loads a chart that others packaged, or
    /// one that is packed inside another: with any `apiVersion`.
    ///
    /// # Errors
    /// The first thing that no Helm loads.
    pub fn validate_as_loaded(&mut self) -> Result<Vec<Warning>, Invalid> {
        self.sanitize();
        self.check_name()?;
        let version = self.check_version()?;
        self.check_type()?;
        self.check_dependencies()?;
        Ok(self.doubts(&version))
    }

    /// The version and the API version are not cleaned; unusual characters in them are rejected.
    fn sanitize(&mut self) {
        let Self {
            name,
            description,
            home,
            icon,
            condition,
            tags,
            app_version,
            kube_version,
            ..
        } = self;
        [
            name,
            description,
            home,
            icon,
            condition,
            tags,
            app_version,
            kube_version,
        ]
        .into_iter()
        .for_each(sanitize);
        self.sources.iter_mut().for_each(sanitize);
        self.keywords.iter_mut().for_each(sanitize);
        for maintainer in &mut self.maintainers {
            [&mut maintainer.name, &mut maintainer.email, &mut maintainer.url]
                .into_iter()
                .for_each(sanitize);
        }
        for Dependency {
            name,
            version,
            repository,
            condition,
            tags,
            ..
        } in &mut self.dependencies
        {
            [name, version, repository, condition].into_iter().for_each(sanitize);
            tags.iter_mut().for_each(sanitize);
        }
    }

    /// Helm 3 packages any type; Helm 4 loads only these.
    fn check_api_version(&self) -> Result<(), Invalid> {
        match self.api_version.as_str() {
            "v1" | "v2" => Ok(()),
            found => Err(Invalid::ApiVersion {
                found: found.to_owned(),
            }),
        }
    }

    /// Helm requires the base name of a path. On Windows, a backslash makes a path.
    fn check_name(&self) -> Result<(), Invalid> {
        match self.name.as_str() {
            "" => Err(Invalid::NoName),
            "." | ".." => Err(Invalid::Name {
                name: self.name.clone(),
            }),
            name if name.contains(['/', '\\']) => Err(Invalid::Name { name: name.to_owned() }),
            _ => Ok(()),
        }
    }

    fn check_version(&self) -> Result<Version, Invalid> {
        if self.version.is_empty() {
            return Err(Invalid::NoVersion);
        }
        Version::parse(&self.version).map_err(|problem| Invalid::Version {
            version: self.version.clone(),
            problem,
        })
    }

    fn check_type(&self) -> Result<(), Invalid> {
        match self.kind.as_str() {
            "" | "application" | "library" => Ok(()),
            found => Err(Invalid::Type {
                found: found.to_owned(),
            }),
        }
    }

    fn check_dependencies(&self) -> Result<(), Invalid> {
        let mut names = BTreeSet::new();
        for Dependency { name, alias, .. } in &self.dependencies {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
            if !alias.bytes().all(plain) {
                return Err(Invalid::Alias {
                    dependency: name.clone(),
                    alias: alias.clone(),
                });
            }
            let name = if alias.is_empty() { name } else { alias };
            if !names.insert(name) {
                return Err(Invalid::DuplicateDependency { name: name.clone() });
            }
        }
        Ok(())
    }

    fn check_length(&self) -> Result<(), Invalid> {
        let bytes = file_name(self).len() + ".prov".len();
        if bytes > LONGEST_FILE_NAME {
            Err(Invalid::LongName { bytes })
        } else {
            Ok(())
        }
    }

    fn doubts(&self, version: &Version) -> Vec<Warning> {
        let mut doubts = Vec::new();
        if !version.is_strict() {
            let (version, precedence) = (self.version.clone(), version.normalized());
            doubts.push(Warning::LooseVersion { version, precedence });
        }
        if self.api_version == "v1" && !self.kind.is_empty() {
            doubts.push(Warning::FieldOfV2 { field: "type" });
        }
        if self.maintainers.iter().any(|maintainer| maintainer.name.is_empty()) {
            doubts.push(Warning::UnnamedMaintainer);
        }
        doubts
    }
}
