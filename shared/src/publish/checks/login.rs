//! Registry login: from the secret, or anonymous without one.

use crate::publish::Publisher;
use crate::secret::{Login, SecretError};

impl Publisher {
    /// Sends a request with the login from the secret. If the registry rejects the login and the
    /// secret has changed since it was read, sends it once more: the password may have been
    /// rotated.
    pub(in crate::publish) async fn with_login<T>(
        &self,
        host: &str,
        ask: impl AsyncFn(Option<&Login>) -> T,
        is_rejected: impl Fn(&T) -> bool,
    ) -> Result<T, SecretError> {
        let Some(secrets) = &self.secrets else {
            return Ok(ask(None).await);
        };
        let secret = secrets.get().await?;
        let answer = ask(secret.login(host)).await;
        if is_rejected(&answer)
            && let Some(newer) = secrets.reread(&secret).await?
        {
            return Ok(ask(newer.login(host)).await);
        }
        Ok(answer)
    }
}
