//! `Chart.lock`: the exact version of each packed dependency.

use super::{ChartYamlError, Dependency, decode};

/// A lock file, as far as it describes a chart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lock {
    /// The dependencies with their exact versions.
    pub dependencies: Vec<Dependency>,
}

impl Lock {
    /// Reads a `Chart.lock`, or the `requirements.lock` of older charts, as Helm does when it loads
    /// a chart.
    ///
    /// # Errors
    /// The text is not YAML, or a field has a value of a kind that Helm rejects there.
    pub fn read(bytes: &[u8]) -> Result<Self, ChartYamlError> {
        decode::decode_lock(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_names_the_exact_versions() {
        let lock = "dependencies:\n- name: redis\n  repository: https://example.com\n  version: 17.3.2\n\
                    digest: sha256:00\ngenerated: \"2023-01-01T10:00:00.5+02:00\"\n";
        let lock = Lock::read(lock.as_bytes()).unwrap();
        assert_eq!(lock.dependencies[0].version, "17.3.2");
    }

    #[test]
    fn what_helm_reads_as_a_lock_is_one() {
        for text in [
            "",
            "{}",
            "null",
            "dependencies:\n",
            "dependencies: [null]",
            "generated: null\nother: 1",
            "digest: 5",
        ] {
            assert!(Lock::read(text.as_bytes()).is_ok(), "{text:?}");
        }
    }

    #[test]
    fn what_helm_does_not_read_is_none() {
        for text in [
            "- a",
            "text",
            "dependencies: {}",
            "dependencies: [a]",
            "generated: 2023-01-01",
            "generated: 5",
            "generated: \"\"",
            "digest: [a]",
            "<<<<<<< HEAD\ndigest: a\n=======\n",
            "a: [",
        ] {
            assert!(Lock::read(text.as_bytes()).is_err(), "{text:?}");
        }
    }
}
