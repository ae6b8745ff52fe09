//! Registry login: from the secret, or anonymous without one.

use crate::publish::Publisher;
use crate::secret::{Login, SecretError};

impl Publisher {
    /// Asks a registry with the login that the secret has for it. If it refuses that, and the
    /// secret has changed since, it is asked once more: a password that was good may have been
    /// replaced.
    pub(in crate::publish) async fn with_login<T>(
        &self,
        host: &str,
        ask: impl AsyncFn(Option<&Login>) -> T,
        is_refused: impl Fn(&T) -> bool,
    ) -> Result<T, SecretError> {
        let Some(secrets) = &self.secrets else {
            return Ok(ask(None).await);
        };
        let secret = secrets.get().await?;
        let answer = ask(secret.login(host)).await;
        if is_refused(&answer)
            && let Some(newer) = secrets.reread(&secret).await?
        {
            return Ok(ask(newer.login(host)).await);
        }
        Ok(answer)
    }
}
