//! The function `invalidate-cdn`: it invalidates a written index and a removed or repaired archive
//! at CloudFront. This crate only connects events to `chartdrop::cdn`.

mod handler;

use chartdrop::aws::Aws;
use chartdrop::cdn::Invalidator;
use chartdrop::settings::CdnSettings;
use chartdrop::store::Store;
use chartdrop::telemetry;
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
    let settings = CdnSettings::read(&|name| std::env::var(name).ok())
        .inspect_err(|problem| error!(%problem, "invalidate-cdn cannot start: {problem}"))?;
    let aws = Aws::default();
    let store = Store::new(aws.clone(), &settings.bucket);
    let invalidator = Invalidator::new(store, aws, &settings.distribution_id);
    let handler = Handler::new(invalidator, settings.bucket);
    // Boxed: the combined futures of the runtime and the SDK are too deep for the compiler.
    run(service_fn(|event: LambdaEvent<Value>| Box::pin(handler.handle(event)))).await
}
