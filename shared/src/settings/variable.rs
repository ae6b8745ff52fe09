//! One environment variable, and how its text becomes a value.

use std::num::NonZeroU64;
use std::str::FromStr;
use std::time::Duration;

/// A setting is missing or invalid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// It is not set, or empty.
    #[error("the environment variable {name} is not set. It must be {accepts}")]
    Missing {
        /// The variable.
        name: &'static str,
        /// The accepted values.
        accepts: &'static str,
    },
    /// It is set to a value that is not accepted.
    #[error("the environment variable {name} is {value:?}. It must be {accepts}")]
    Wrong {
        /// The variable.
        name: &'static str,
        /// Its value.
        value: String,
        /// The accepted values.
        accepts: &'static str,
    },
}

/// The environment, by name.
#[derive(Clone, Copy)]
pub(super) struct Environment<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
}

impl<'a> Environment<'a> {
    pub(super) fn new(lookup: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Environment { lookup }
    }

    /// A variable with the values that it accepts, for messages.
    pub(super) fn variable(self, name: &'static str, accepts: &'static str) -> Variable<'a> {
        let lookup = self.lookup;
        Variable { name, accepts, lookup }
    }

    pub(super) fn bucket(self) -> Result<String, SettingError> {
        let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte);
        self.variable("CHART_BUCKET", "the name of the bucket that holds the charts")
            .required(|value| (value.len() >= 3 && value.bytes().all(good)).then(|| value.to_owned()))
    }

    pub(super) fn time(self, name: &'static str) -> Result<Option<Duration>, SettingError> {
        self.variable(name, "a time such as 90s, 15m or 2h").optional(time)
    }

    pub(super) fn bytes(self, name: &'static str) -> Result<Option<u64>, SettingError> {
        let bytes = self
            .variable(name, "a whole number of bytes above 0")
            .parsed::<NonZeroU64>()?;
        Ok(bytes.map(NonZeroU64::get))
    }
}

/// One environment variable, for the value that follows from it.
pub(super) struct Variable<'a> {
    name: &'static str,
    accepts: &'static str,
    lookup: &'a dyn Fn(&str) -> Option<String>,
}

impl Variable<'_> {
    /// Unset and empty are the same, because an empty template parameter sets an empty variable.
    pub(super) fn value(&self) -> Option<String> {
        (self.lookup)(self.name).filter(|value| !value.is_empty())
    }

    pub(super) fn required<T>(&self, parse: impl FnOnce(&str) -> Option<T>) -> Result<T, SettingError> {
        self.optional(parse)?.ok_or(SettingError::Missing {
            name: self.name,
            accepts: self.accepts,
        })
    }

    pub(super) fn optional<T>(&self, parse: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>, SettingError> {
        let Some(value) = self.value() else { return Ok(None) };
        match parse(&value) {
            Some(parsed) => Ok(Some(parsed)),
            None => Err(SettingError::Wrong {
                name: self.name,
                value,
                accepts: self.accepts,
            }),
        }
    }

    /// The value that the domain reads from the text.
    pub(super) fn parsed<T: FromStr>(&self) -> Result<Option<T>, SettingError> {
        self.optional(|value| value.parse().ok())
    }
}

/// The items between commas.
pub(super) fn listed<T>(value: &str, parse: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
    value.split(',').map(|item| parse(item.trim())).collect()
}

/// A whole number of seconds, minutes or hours, up to a month: `90s`, `15m`, `2h`.
fn time(value: &str) -> Option<Duration> {
    let (unit, seconds) = [("s", 1), ("m", 60), ("h", 3600)]
        .into_iter()
        .find(|(unit, _)| value.ends_with(unit))?;
    let seconds = value.strip_suffix(unit)?.parse::<u64>().ok()?.checked_mul(seconds)?;
    (seconds <= 31 * 24 * 3600).then(|| Duration::from_secs(seconds))
}
