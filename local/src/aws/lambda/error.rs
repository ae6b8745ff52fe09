//! Why an invocation failed.

/// Why an invocation failed, as Lambda tells its caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, serde::Serialize)]
#[error("{function}: {message} ({error_type})")]
#[serde(rename_all = "camelCase")]
pub struct FunctionError {
    /// Which function.
    #[serde(skip)]
    pub function: String,
    /// What the function reported, or Lambda's own: `Runtime.ExitError`, `Sandbox.Timedout`, …
    pub error_type: String,
    /// For people.
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
