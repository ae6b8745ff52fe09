//! The contents of the secret.
//!
//! No derived `Deserialize`, because serde's errors quote unexpected values.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, OnceLock};

use serde_json::{Map, Value};
use zeroize::{Zeroize as _, Zeroizing};

use crate::provenance::{KeyError, Keyring, SigningKey};

/// The fields that a secret may have.
const FIELDS: [&str; 4] = ["registries", "signingKey", "signingPassphrase", "keyring"];

/// The secret's value. Its texts are wiped from memory when it is dropped.
#[derive(Default)]
pub struct Secret {
    registries: BTreeMap<String, Login>,
    signing_key: Option<Zeroizing<String>>,
    signing_passphrase: Option<Zeroizing<String>>,
    keyring: Option<Zeroizing<String>>,
    /// Parsed once: opening a key is slow on purpose.
    read_signing_key: OnceLock<Result<Arc<SigningKey>, KeyError>>,
    read_keyring: OnceLock<Result<Arc<Keyring>, KeyError>>,
}

/// A login for a registry.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// The user's name.
    pub username: Zeroizing<String>,
    /// The password, or a token.
    pub password: Zeroizing<String>,
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login(..)")
    }
}

/// A field of the secret is missing or invalid. The message names the field, never its value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretFieldError {
    /// It is not JSON.
    #[error("it is not a JSON object (line {line}, column {column}). See docs/secret.md")]
    NotAnObject {
        /// The line of the error.
        line: usize,
        /// The column of the error.
        column: usize,
    },
    /// An unknown field. A misspelled one would otherwise be ignored silently.
    #[error("it has an unknown field. The fields are {}", FIELDS.join(", "))]
    Unknown,
    /// A field has the wrong type.
    #[error("its field {field} is not {expected}")]
    Kind {
        /// The field.
        field: String,
        /// What it accepts.
        expected: &'static str,
    },
    /// A field that a feature needs is missing.
    #[error("its field {field} is missing, which {needed_by} needs")]
    Missing {
        /// The field.
        field: &'static str,
        /// The setting that needs it.
        needed_by: &'static str,
    },
    /// A key is invalid.
    #[error("its field {field} {problem}")]
    Key {
        /// The field.
        field: &'static str,
        /// What is wrong with it.
        problem: KeyError,
    },
}

impl Secret {
    /// Reads the text of the secret.
    ///
    /// # Errors
    ///
    /// [`SecretFieldError`] for the first invalid field.
    pub fn read(text: &str) -> Result<Self, SecretFieldError> {
        let mut value: Value = serde_json::from_str(text).map_err(|error| SecretFieldError::NotAnObject {
            line: error.line(),
            column: error.column(),
        })?;
        let read = match &mut value {
            Value::Object(fields) => Self::take(fields),
            _ => Err(SecretFieldError::NotAnObject { line: 1, column: 1 }),
        };
        wipe(&mut value);
        read
    }

    fn take(fields: &mut Map<String, Value>) -> Result<Self, SecretFieldError> {
        if fields.keys().any(|name| !FIELDS.contains(&name.as_str())) {
            return Err(SecretFieldError::Unknown);
        }
        let mut secret = Self {
            signing_key: text(fields, "signingKey", "signingKey")?,
            signing_passphrase: text(fields, "signingPassphrase", "signingPassphrase")?,
            keyring: text(fields, "keyring", "keyring")?,
            ..Self::default()
        };
        match fields.get_mut("registries") {
            None | Some(Value::Null) => {}
            Some(Value::Object(registries)) => {
                for (host, login) in registries {
                    secret.registries.insert(host.clone(), login_of(host, login)?);
                }
            }
            Some(_) => return Err(kind("registries", "an object with one field for each host")),
        }
        Ok(secret)
    }

    /// The login for this registry, if there is one.
    pub fn login(&self, host: &str) -> Option<&Login> {
        self.registries.get(host)
    }

    /// The keyring that uploads are checked with.
    ///
    /// # Errors
    ///
    /// [`SecretFieldError`] if it is missing or unreadable.
    pub fn keyring(&self, needed_by: &'static str) -> Result<Arc<Keyring>, SecretFieldError> {
        let field = "keyring";
        let text = self
            .keyring
            .as_ref()
            .ok_or(SecretFieldError::Missing { field, needed_by })?;
        let read = self.read_keyring.get_or_init(|| Keyring::read(text).map(Arc::new));
        read.clone().map_err(|problem| SecretFieldError::Key { field, problem })
    }

    /// The key that the publisher signs with.
    ///
    /// # Errors
    ///
    /// [`SecretFieldError`] if it is missing or cannot be opened.
    pub fn signing_key(&self, needed_by: &'static str) -> Result<Arc<SigningKey>, SecretFieldError> {
        let field = "signingKey";
        let text = self
            .signing_key
            .as_ref()
            .ok_or(SecretFieldError::Missing { field, needed_by })?;
        let passphrase = self.signing_passphrase.as_ref().map(|text| text.as_str());
        let read = self
            .read_signing_key
            .get_or_init(|| SigningKey::read(text, passphrase).map(Arc::new));
        read.clone().map_err(|problem| SecretFieldError::Key { field, problem })
    }

    /// Whether there is a keyring beside the signing key.
    pub fn has_keyring(&self) -> bool {
        self.keyring.is_some()
    }
}

fn login_of(host: &str, login: &mut Value) -> Result<Login, SecretFieldError> {
    let field = |name: &str| format!("registries.{host}.{name}");
    let Value::Object(fields) = login else {
        return Err(kind(
            &format!("registries.{host}"),
            "an object with username and password",
        ));
    };
    let mut required = |name: &str| {
        let found = text(fields, name, &field(name))?;
        found.ok_or_else(|| kind(&field(name), "there"))
    };
    Ok(Login {
        username: required("username")?,
        password: required("password")?,
    })
}

/// Takes a text out of the JSON; an empty text counts as missing.
fn text(
    fields: &mut Map<String, Value>,
    name: &str,
    shown: &str,
) -> Result<Option<Zeroizing<String>>, SecretFieldError> {
    match fields.get_mut(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(Zeroizing::new(std::mem::take(text))).filter(|text| !text.is_empty())),
        Some(_) => Err(kind(shown, "text")),
    }
}

fn kind(field: &str, expected: &'static str) -> SecretFieldError {
    SecretFieldError::Kind {
        field: field.to_owned(),
        expected,
    }
}

/// Wipes what was not taken.
fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(items) => items.iter_mut().for_each(wipe),
        Value::Object(fields) => fields.values_mut().for_each(wipe),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_field_is_optional() {
        for text in ["{}", r#"{"keyring": null, "registries": {}}"#, r#"{"signingKey": ""}"#] {
            let secret = Secret::read(text).unwrap();
            assert!(secret.login("ghcr.io").is_none() && !secret.has_keyring());
        }
        let secret = Secret::read(r#"{"registries": {"ghcr.io": {"username": "u", "password": "p"}}}"#).unwrap();
        let login = secret.login("ghcr.io").unwrap();
        assert_eq!((login.username.as_str(), login.password.as_str()), ("u", "p"));
    }

    #[test]
    fn a_wrong_field_is_named_and_its_value_is_not() {
        for (text, named) in [
            (r#"{"signingKey": ["hunter2"]}"#, "signingKey"),
            (r#"{"signingKey": {"a": "hunter2"}}"#, "signingKey"),
            (r#"{"registries": "hunter2"}"#, "registries"),
            (r#"{"registries": {"ghcr.io": "hunter2"}}"#, "registries.ghcr.io"),
            (
                r#"{"registries": {"ghcr.io": {"username": "hunter2"}}}"#,
                "registries.ghcr.io.password",
            ),
            (
                r#"{"registries": {"ghcr.io": {"username": "hunter2", "password": 2}}}"#,
                "password",
            ),
            (r#"{"signing_key": "hunter2"}"#, "signingPassphrase"),
            (r#"{"keyring": "hunter2""#, "JSON"),
            ("hunter2", "JSON"),
            (r#""hunter2""#, "JSON"),
        ] {
            let error = Secret::read(text).unwrap_err();
            let said = format!("{error} {error:?}");
            assert!(said.contains(named) && !said.contains("hunter2"), "{text}: {said}");
        }
    }

    #[test]
    fn a_broken_key_is_named_and_not_shown() {
        let secret = Secret::read(r#"{"signingKey": "hunter2", "keyring": "aHVudGVyMg=="}"#).unwrap();
        let problems = [
            secret.signing_key("PROVENANCE=sign").unwrap_err().to_string(),
            secret.keyring("PROVENANCE=verify").unwrap_err().to_string(),
        ];
        for (problem, field) in problems.iter().zip(["signingKey", "keyring"]) {
            assert!(problem.contains(field) && !problem.contains("hunter2"), "{problem}");
        }
        let nothing = Secret::read("{}").unwrap();
        let missing = nothing.keyring("PROVENANCE=verify").unwrap_err().to_string();
        assert!(
            missing.contains("keyring") && missing.contains("PROVENANCE=verify"),
            "{missing}"
        );
    }

    #[test]
    fn debug_shows_nothing() {
        let secret = Secret::read(r#"{"registries": {"a": {"username": "hunter1", "password": "hunter2"}}}"#).unwrap();
        let shown = format!("{secret:?} {:?}", secret.login("a"));
        assert!(!shown.contains("hunter"), "{shown}");
    }
}
