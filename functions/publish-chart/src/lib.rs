//! Lambda 1: a chart archive under `staging/` becomes visible. Wiring only; the work is in
//! `chartdrop::publish`, and that of the commands `verify`, `reindex` and `unpublish` in
//! `chartdrop::maintain` (see `docs/commands.md`).

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
/// A setting that is missing or wrong, which stops the function at start.
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
    // Boxed: the compiler gives up on one type that holds the runtime's futures and the SDK's.
    run(service_fn(|event: LambdaEvent<Value>| Box::pin(handler.handle(event)))).await
}
