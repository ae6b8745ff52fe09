//! Starts the stand-ins and wires them together.

use std::sync::Arc;

use serde_json::json;
use tokio::runtime::Handle;

use super::System;
use super::binaries::{self, Binaries, BuildError};
use super::listeners::{Addresses, Listeners, reachable, url};
use super::options::{Options, StartError};
use crate::aws::caller::Killer;
use crate::aws::cloudfront::{Api, Invalidations};
use crate::aws::edge::{Distribution, Edge, EdgeTemplate};
use crate::aws::iam::Iam;
use crate::aws::lambda::{Endpoints, Environment, FunctionSpec, Lambda};
use crate::aws::s3::{Disk, Front, RequestLog, Store};
use crate::aws::{edge, endpoint, secrets};
use crate::identity::{INVALIDATE_CDN, PUBLISH_CHART};
use crate::watch::Watch;
use crate::watch::observer::{on_denied, on_invalidation, on_progress};

impl System {
    /// Starts everything, and sweeps uploads that an earlier run left under `staging/`.
    ///
    /// # Errors
    ///
    /// See [`StartError`].
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let (listeners, addresses) = Listeners::bind(&options).await?;
        let functions = functions(options.functions.clone()).await?;
        let store = open(&options)?;
        let watch = watch(&options, addresses);

        let iam = Iam::new(&options.template, on_denied(watch.steps.clone()))?;
        let distribution = Distribution::read(&EdgeTemplate::read(&options.template, &options.settings)?)?;
        let edge = Edge::new(store.clone(), distribution);
        let invalidations = Invalidations::new(
            edge.clone(),
            options.invalidation_takes,
            Handle::current(),
            on_invalidation(watch.steps.clone()),
        );
        let lambda = lambda(&options, functions, addresses, &watch);
        let observer = watch.observer(options.notifications.then(|| lambda.clone()));
        store.observe(move |change| observer.see(change));

        let requests = RequestLog::default();
        let killer = killer(&lambda);
        let cloudfront = Api {
            invalidations: invalidations.clone(),
            faults: Arc::clone(&options.faults),
            killer: Arc::clone(&killer),
            iam: iam.clone(),
        };
        let front = Front {
            store: store.clone(),
            log: requests.clone(),
            faults: options.faults,
            killer,
            iam: iam.clone(),
        };
        let secret = secrets::Value::new(options.secret);
        let servers = [
            edge::serve(listeners.edge, edge),
            front.serve(listeners.s3),
            endpoint::serve(listeners.aws, &lambda, &cloudfront, secret.clone(), &iam),
        ];
        let edge_watch = options.watch_edge.then(|| watch.visibility.clone().watch());
        let system = Self {
            addresses,
            store,
            requests,
            iam,
            lambda,
            invalidations,
            secret,
            watch,
            edge_watch,
            _servers: servers,
        };
        if options.notifications {
            system.sweep_leftovers();
        }
        Ok(system)
    }

    /// Sweeps uploads of an earlier run: they outlived the run, but its notifications did not.
    fn sweep_leftovers(&self) {
        let left: Vec<String> = self
            .store
            .list("staging/")
            .into_iter()
            .filter(|key| key.ends_with(".tgz"))
            .collect();
        for key in &left {
            if let Some(object) = self.store.get(key) {
                self.watch.outcomes.uploaded(key, &object.etag);
            }
        }
        if !left.is_empty() {
            self.invoke_async(PUBLISH_CHART, &json!({ "command": "sweep" }));
        }
    }
}

async fn functions(given: Option<Binaries>) -> Result<Binaries, StartError> {
    if let Some(given) = given {
        return Ok(given);
    }
    let built = tokio::task::spawn_blocking(binaries::build).await;
    Ok(built.unwrap_or_else(|error| Err(BuildError::NoCargo(error.to_string())))?)
}

fn open(options: &Options) -> Result<Store, StartError> {
    let Some(folder) = &options.data else {
        return Ok(Store::in_memory());
    };
    let opened = Disk::open(folder).and_then(Store::on_disk);
    opened.map_err(|error| StartError::Data {
        folder: folder.clone(),
        error,
    })
}

fn watch(options: &Options, addresses: Addresses) -> Watch {
    let repository_url = options.settings.get("REPOSITORY_URL").cloned();
    let repository_url = repository_url.unwrap_or_else(|| url(addresses.edge));
    Watch::new(
        reachable(addresses.edge),
        options.watch_promises.then_some(repository_url.as_str()),
    )
}

fn lambda(options: &Options, functions: Binaries, addresses: Addresses, watch: &Watch) -> Lambda {
    let environment = Environment {
        endpoints: Endpoints {
            s3: url(addresses.s3),
            aws: url(addresses.aws),
            edge: url(addresses.edge),
        },
        settings: options.settings.clone(),
    };
    Lambda::new(
        specs(options, functions),
        &environment,
        options.retry_delays.clone(),
        Arc::clone(&options.faults),
        on_progress(watch.outcomes.clone(), watch.steps.clone()),
    )
}

fn specs(options: &Options, functions: Binaries) -> Vec<FunctionSpec> {
    vec![
        FunctionSpec {
            name: PUBLISH_CHART.to_owned(),
            binary: functions.publish_chart,
            memory_mib: 512,
            timeout: options.publish_timeout,
            instances: options.instances,
        },
        FunctionSpec {
            name: INVALIDATE_CDN.to_owned(),
            binary: functions.invalidate_cdn,
            memory_mib: 128,
            timeout: options.invalidate_timeout,
            instances: options.instances,
        },
    ]
}

fn killer(lambda: &Lambda) -> Killer {
    let lambda = lambda.clone();
    Arc::new(move |process| lambda.kill(process))
}
