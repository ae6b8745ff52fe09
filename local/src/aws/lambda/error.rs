//! [`FunctionError`]: why an invocation failed.

/// Why an invocation failed, in the form in which Lambda reports it to the caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, serde::Serialize)]
#[error("{function}: {message} ({error_type})")]
#[serde(rename_all = "camelCase")]
pub struct FunctionError {
    /// The name of the function.
    #[serde(skip)]
    pub function: String,
    /// The type that the function reported, or one of Lambda's: `Runtime.ExitError`,
    /// `Sandbox.Timedout`, …
    pub error_type: String,
    /// The message for people.
    #[serde(rename = "errorMessage")]
    pub message: String,
}

impl FunctionError {
    pub(crate) fn new(function: &str, error_type: &str, message: impl Into<String>) -> Self {
        Self {
            function: function.to_owned(),
            error_type: error_type.to_owned(),
            message: message.into(),
        }
    }
}
