//! The one secret: what only some features need, read when one of them does.
//!
//! It is read again when it has become old, and when what it holds turned out not to be good (any
//! more): whoever rotates it deploys nothing. Its values are in no `Debug` text, no error and no
//! log ([`value`]).

mod value;

use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::ProvideErrorMetadata as _;
use zeroize::Zeroizing;

pub use value::{Login, Secret, SecretFieldError};

use crate::aws::Aws;
use crate::sync::lock;

/// A rotated secret counts after this long at the latest.
const MAX_SECRET_AGE: Duration = Duration::from_secs(300);
/// Not read again sooner because something in it was not good: who uploads what nobody has signed
/// must not make a request to Secrets Manager each time.
const MIN_REREAD_AGE: Duration = Duration::from_secs(2);

/// Where the secret is.
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

/// The secret can't be had. Another try may succeed, once what the message says is mended.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// No secret is set up.
    #[error("the environment variable SECRET_ID is not set. It must be the name or ARN of the secret")]
    NoSecret,
    /// Secrets Manager did not give it.
    #[error(
        "the secret {id:?} cannot be read: {problem}. The role of the function needs secretsmanager:GetSecretValue on it"
    )]
    Unreadable {
        /// Its name.
        id: String,
        /// What Secrets Manager said.
        problem: String,
    },
    /// Its value is wrong.
    #[error("the secret {id:?} cannot be used: {problem}")]
    Value {
        /// Its name.
        id: String,
        /// Which field, and why.
        problem: SecretFieldError,
    },
}

impl Secrets {
    /// The secret of this name or ARN. Nothing is read yet.
    pub fn new(aws: Aws, id: &str) -> Self {
        Self {
            aws,
            client: OnceLock::new(),
            id: id.to_owned(),
            kept: Mutex::new(None),
        }
    }

    /// The secret, read unless it was lately.
    ///
    /// # Errors
    ///
    /// [`SecretError`] if it can't be read, or is none that is documented.
    pub async fn get(&self) -> Result<Arc<Secret>, SecretError> {
        self.younger_than(MAX_SECRET_AGE).await
    }

    /// The secret read anew, since what it held was not good; `None` if that was done just now.
    ///
    /// # Errors
    ///
    /// As [`Secrets::get`].
    pub async fn reread(&self, known: &Arc<Secret>) -> Result<Option<Arc<Secret>>, SecretError> {
        let secret = self.younger_than(MIN_REREAD_AGE).await?;
        Ok((!Arc::ptr_eq(&secret, known)).then_some(secret))
    }

    /// What a wrong field is reported as.
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
        // The client's own buffers are not ours to wipe; this copy is.
        let text = Zeroizing::new(answer.secret_string.unwrap_or_default());
        Secret::read(&text).map_err(|problem| self.wrong(problem))
    }
}
