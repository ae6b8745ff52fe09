//! Commands of a person, a script or a schedule: `{"command":"…", …}`.

use chartdrop::keys::Repository;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// A command. An unknown field is an error, because a misspelled `dryRun` must not write the index.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "command", rename_all = "lowercase", deny_unknown_fields)]
pub enum Command {
    /// Publishes every upload.
    Sweep {},
    /// Reports every difference between the index of a repository and its archives.
    Verify {
        /// The repository to verify.
        #[serde(deserialize_with = "repository")]
        repository: Repository,
        /// Continues behind this key, which an earlier, incomplete answer has named.
        #[serde(default)]
        after: Option<String>,
        /// Also downloads the index and the archives from the edge.
        #[serde(default)]
        edge: bool,
    },
    /// Verifies every repository of the bucket.
    #[serde(rename = "verify-all")]
    VerifyAll {},
    /// Repairs the index of a repository from its archives.
    Reindex {
        /// The repository to repair.
        #[serde(deserialize_with = "repository")]
        repository: Repository,
        /// Reports what would change and changes nothing.
        #[serde(default, rename = "dryRun")]
        dry_run: bool,
        /// Accepts archives that differ from their entries.
        #[serde(default, rename = "acceptChangedArchives")]
        accept_changed_archives: bool,
        /// Continues behind this key, as for `verify`.
        #[serde(default)]
        after: Option<String>,
    },
    /// Removes a version from the index, then deletes its archive.
    Unpublish {
        /// The repository that lists the version.
        #[serde(deserialize_with = "repository")]
        repository: Repository,
        /// The chart's name.
        chart: String,
        /// The version, exactly as the index lists it.
        version: String,
    },
}

/// The commands with their fields, for messages.
pub(crate) const ACCEPTED: &str = r#"{"command":"sweep"}, {"command":"verify","repository":""}, {"command":"verify-all"}, {"command":"reindex","repository":"","dryRun":true}, {"command":"unpublish","repository":"","chart":"…","version":"…"}"#;

const NAMES: [&str; 5] = ["sweep", "verify", "verify-all", "reindex", "unpublish"];

impl Command {
    /// Reads a command. `None` if the event is not a known command.
    pub(crate) fn of(event: &Value) -> Option<Result<Self, serde_json::Error>> {
        let name = event.get("command")?.as_str()?;
        NAMES.contains(&name).then(|| Self::deserialize(event))
    }
}

fn repository<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Repository, D::Error> {
    let name = String::deserialize(deserializer)?;
    Repository::new(&name).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn problem(event: &Value) -> String {
        Command::of(event).unwrap().unwrap_err().to_string()
    }

    #[test]
    fn each_command_is_read_with_its_fields() {
        let root = Repository::default();
        let read = |event: Value| Command::of(&event).unwrap().unwrap();
        assert_eq!(read(json!({"command": "sweep"})), Command::Sweep {});
        assert_eq!(read(json!({"command": "verify-all"})), Command::VerifyAll {});
        assert_eq!(
            read(json!({"command": "verify", "repository": "team-a", "after": "charts/team-a/a-1.tgz"})),
            Command::Verify {
                repository: Repository::new("team-a").unwrap(),
                after: Some("charts/team-a/a-1.tgz".to_owned()),
                edge: false,
            }
        );
        assert_eq!(
            read(json!({"command": "reindex", "repository": "", "dryRun": true})),
            Command::Reindex {
                repository: root.clone(),
                dry_run: true,
                accept_changed_archives: false,
                after: None,
            }
        );
        assert_eq!(
            read(json!({"command": "unpublish", "repository": "", "chart": "demo", "version": "1.0.0"})),
            Command::Unpublish {
                repository: root,
                chart: "demo".to_owned(),
                version: "1.0.0".to_owned(),
            }
        );
    }

    #[test]
    fn a_field_that_a_command_does_not_know_is_named_with_those_that_it_knows() {
        let misspelt = problem(&json!({"command": "reindex", "repository": "", "dryrun": true}));
        assert!(
            misspelt.contains("`dryrun`") && misspelt.contains("`dryRun`"),
            "{misspelt}"
        );
        for event in [
            json!({"command": "sweep", "repository": ""}),
            json!({"command": "verify-all", "repository": ""}),
            json!({"command": "verify", "repository": "", "Edge": true}),
            json!({"command": "verify", "repository": "", "acceptChangedArchives": true}),
            json!({"command": "unpublish", "repository": "", "chart": "a", "version": "1", "force": true}),
        ] {
            assert!(problem(&event).contains("unknown field"), "{event}");
        }
    }

    #[test]
    fn a_field_that_is_missing_or_wrong_is_named() {
        for (event, named) in [
            (json!({"command": "verify"}), "repository"),
            (
                json!({"command": "unpublish", "repository": "", "chart": "a"}),
                "version",
            ),
            (json!({"command": "verify", "repository": "../x"}), "../x"),
            (
                json!({"command": "reindex", "repository": "", "dryRun": "yes"}),
                "boolean",
            ),
        ] {
            let problem = problem(&event);
            assert!(problem.contains(named), "{problem}");
        }
    }

    #[test]
    fn other_events_are_no_commands() {
        for event in [
            json!({"command": "swep"}),
            json!({"command": 1}),
            json!({}),
            json!("sweep"),
        ] {
            assert!(Command::of(&event).is_none(), "{event}");
        }
    }
}
