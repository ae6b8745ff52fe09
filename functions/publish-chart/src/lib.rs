//! The function `publish-chart`: it publishes the archives under `staging/` and runs the commands
//! of `docs/commands.md`. This crate only connects events to `chartdrop::publish` and
//! `chartdrop::maintain`.

pub mod command;
mod handler;
mod maintenance;
mod report;
pub mod trigger;

use chartdrop::aws::Aws;
use chartdrop::maintain::Maintainer;
use chartdrop::publish::Publisher;
use chartdrop::repository::Repositories;
use chartdrop::secret::Secrets;
use chartdrop::settings::Settings;
use chartdrop::store::Store;
use chartdrop::telemetry;
use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;
use tracing::error;

use handler::Handler;

/// Serves invocations until Lambda stops the process.
///
/// # Errors
///
/// Returns an error if a setting is missing or invalid, which stops the function at start.
pub async fn serve() -> Result<(), Error> {
    telemetry::init();
    let settings = Settings::read(&|name| std::env::var(name).ok())
        .inspect_err(|problem| error!(%problem, "publish-chart cannot start: {problem}"))?;
    let aws = Aws::default();
    let secrets = settings.secret_id.as_deref().map(|id| Secrets::new(aws.clone(), id));
    let store = Store::new(aws, &settings.bucket);
    let bucket = settings.bucket.clone();
    let repositories = Repositories::new(store, settings, Timestamp::now);
    let publisher = Publisher::new(repositories.clone()).with_secrets(secrets);
    let handler = Handler::new(publisher, Maintainer::new(repositories), bucket);
    // Boxed: the combined futures of the runtime and the SDK are too deep for the compiler.
    run(service_fn(|event: LambdaEvent<Value>| Box::pin(handler.handle(event)))).await
}
