//! The secret: values that only some features need, read on first use.
//!
//! It is read again when it is old and when one of its values turned out to be invalid, so rotating
//! it needs no deployment. Its values appear in no `Debug` text, error or log ([`value`]).

mod value;

use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::ProvideErrorMetadata as _;
use zeroize::Zeroizing;

pub use value::{Login, Secret, SecretFieldError};

use crate::aws::Aws;
use crate::sync::lock;

/// A rotated secret is in use after this time at the latest.
const MAX_SECRET_AGE: Duration = Duration::from_secs(300);
/// The shortest time between two reads because of an invalid value: an uploader with unknown
/// signatures must not cause a request to Secrets Manager each time.
const MIN_REREAD_AGE: Duration = Duration::from_secs(2);

/// The name or ARN of the secret.
#[derive(Debug)]
pub struct Secrets {
    aws: Aws,
    client: OnceLock<Client>,
    id: String,
    kept: Mutex<Option<Kept>>,
}

#[derive(Debug, Clone)]
struct Kept {
    secret: Arc<Secret>,
    read_at: Instant,
}

/// Why the secret cannot be used. A retry may succeed once the cause in the message is fixed.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// No secret is configured.
    #[error("the environment variable SECRET_ID is not set. It must be the name or ARN of the secret")]
    NoSecret,
    /// Secrets Manager did not return it.
    #[error(
        "the secret {id:?} cannot be read: {problem}. The role of the function needs secretsmanager:GetSecretValue on it"
    )]
    Unreadable {
        /// Its name.
        id: String,
        /// The message of Secrets Manager.
        problem: String,
    },
    /// Its value is invalid.
    #[error("the secret {id:?} cannot be used: {problem}")]
    Value {
        /// Its name.
        id: String,
        /// The field and what is wrong with it.
        problem: SecretFieldError,
    },
}

impl Secrets {
    /// Refers to the secret with this name or ARN. Nothing is read yet.
    pub fn new(aws: Aws, id: &str) -> Self {
        Self {
            aws,
            client: OnceLock::new(),
            id: id.to_owned(),
            kept: Mutex::new(None),
        }
    }

    /// The secret, from memory if it was read recently.
    ///
    /// # Errors
    ///
    /// [`SecretError`] if it cannot be read or is not as documented.
    pub async fn get(&self) -> Result<Arc<Secret>, SecretError> {
        self.younger_than(MAX_SECRET_AGE).await
    }

    /// The secret, read again because a value was invalid; `None` if it was read again just before.
    ///
    /// # Errors
    ///
    /// As [`Secrets::get`].
    pub async fn reread(&self, known: &Arc<Secret>) -> Result<Option<Arc<Secret>>, SecretError> {
        let secret = self.younger_than(MIN_REREAD_AGE).await?;
        Ok((!Arc::ptr_eq(&secret, known)).then_some(secret))
    }

    /// The error for an invalid field.
    pub fn wrong(&self, problem: SecretFieldError) -> SecretError {
        SecretError::Value {
            id: self.id.clone(),
            problem,
        }
    }

    async fn younger_than(&self, age: Duration) -> Result<Arc<Secret>, SecretError> {
        let kept = lock(&self.kept).clone();
        if let Some(kept) = kept.filter(|kept| kept.read_at.elapsed() < age) {
            return Ok(kept.secret);
        }
        let secret = Arc::new(self.read().await?);
        *lock(&self.kept) = Some(Kept {
            secret: Arc::clone(&secret),
            read_at: Instant::now(),
        });
        Ok(secret)
    }

    async fn read(&self) -> Result<Secret, SecretError> {
        let client = self.client.get_or_init(|| Client::new(self.aws.config()));
        let answer = client.get_secret_value().secret_id(&self.id).send().await;
        let answer = answer.map_err(|error| SecretError::Unreadable {
            id: self.id.clone(),
            problem: match (error.code(), error.message()) {
                (Some(code), message) => format!("{code}: {}", message.unwrap_or("no message")),
                (None, _) => "no answer".to_owned(),
            },
        })?;
        // The client's own buffers cannot be wiped from here; this copy can.
        let text = Zeroizing::new(answer.secret_string.unwrap_or_default());
        Secret::read(&text).map_err(|problem| self.wrong(problem))
    }
}
