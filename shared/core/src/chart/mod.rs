//! A chart's metadata, read and checked as Helm 3.22 and 4.3 do it.
//!
//! Whatever Helm accepts is accepted with the same meaning: `version: v1.14.0` and `1.2`, a field
//! in another case, a number where text is expected, a duplicate key. A [`Warning`] reports what
//! the packager probably did not mean.

mod decode;
mod error;
mod field;
mod file_name;
mod lock;
mod metadata;
mod numbered;
mod sanitize;
#[cfg(test)]
mod tests;
pub(crate) mod time;
mod validate;
pub(crate) mod values;
mod version;
mod warning;

pub(crate) use self::field::{METADATA, folds_to as is_another_case_of, named as field_named};

pub use self::{
    error::{ChartYamlError, Expected},
    file_name::{FileNameError, archive_name, check_file_name, file_name},
    lock::Lock,
    metadata::{ChartYaml, Dependency, Maintainer, Metadata},
    validate::Invalid,
    values::{Values, ValuesError},
    version::{ParseVersionError, Version},
    warning::Warning,
};
