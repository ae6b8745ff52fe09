//! MinIO, with the notifications that the template configures for S3.

use std::collections::BTreeMap;

use aws_sdk_s3::types::{
    Event, FilterRule, FilterRuleName, NotificationConfiguration, NotificationConfigurationFilter, QueueConfiguration,
    S3KeyFilter,
};
use tests::site::{Server, Site, client};
use tokio::process::Command;

use super::process::Process;
use super::webhooks::Webhooks;
use crate::tools;

const USER: &str = "chartdrop";
const PASSWORD: &str = "chartdrop-secret";

/// The rules of the notifications: function, event, prefix, suffix.
const RULES: [(&str, Event, &str, &str); 3] = [
    ("publish-chart", Event::S3ObjectCreated, "staging/", ".tgz"),
    ("invalidate-cdn", Event::S3ObjectCreated, "charts/", "index.yaml"),
    ("invalidate-cdn", Event::S3ObjectRemoved, "charts/", ".tgz"),
];

pub(super) struct Minio {
    process: Process,
    webhooks: Webhooks,
}

pub(super) async fn start() -> Minio {
    let webhooks = Webhooks::listen().await;
    let url = webhooks.url.clone();
    let process = Process::start(|port, folder| {
        let mut command = Command::new(tools::path("CHARTDROP_MINIO"));
        command
            .args(["server", "--quiet", "--address", &format!("127.0.0.1:{port}")])
            .arg(folder.path().join("data"))
            .env("MINIO_ROOT_USER", USER)
            .env("MINIO_ROOT_PASSWORD", PASSWORD)
            .env("MINIO_BROWSER", "off")
            .env("MINIO_UPDATE", "off");
        for function in ["publish-chart", "invalidate-cdn"] {
            let id = target(function).to_uppercase();
            command.env(format!("MINIO_NOTIFY_WEBHOOK_ENABLE_{id}"), "on").env(
                format!("MINIO_NOTIFY_WEBHOOK_ENDPOINT_{id}"),
                format!("{url}/{function}"),
            );
        }
        command
    })
    .await;
    Minio { process, webhooks }
}

/// MinIO's name for the target of a function's notifications.
fn target(function: &str) -> String {
    function.replace('-', "_")
}

impl Minio {
    /// Creates a bucket, and starts the functions for it. Each MinIO has only one site.
    pub(super) async fn site(&self, bucket: &str) -> Site {
        let client = client(&self.process.endpoint(), USER, PASSWORD);
        let mut created = client.create_bucket().bucket(bucket).send().await;
        // MinIO listens before it is ready.
        for _ in 0..100 {
            if created.is_ok() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            created = client.create_bucket().bucket(bucket).send().await;
        }
        created.unwrap_or_else(|error| panic!("{error:?}: {}", self.process.log()));
        let site = Site::on(&Server {
            endpoint: self.process.endpoint(),
            access_key: USER.to_owned(),
            secret_key: PASSWORD.to_owned(),
            bucket: bucket.to_owned(),
            notifies: true,
            settings: BTreeMap::new(),
        })
        .await;
        let invoker = site.system.invoker();
        self.webhooks.to(Box::new(move |function, event| {
            invoker.invoke_async(function, event);
        }));
        let notifications = NotificationConfiguration::builder()
            .set_queue_configurations(Some(RULES.into_iter().map(configuration).collect()))
            .build();
        let put = client.put_bucket_notification_configuration().bucket(bucket);
        let put = put.notification_configuration(notifications).send().await;
        put.unwrap_or_else(|error| panic!("{error:?}: {}", self.process.log()));
        site
    }
}

fn configuration((function, event, prefix, suffix): (&str, Event, &str, &str)) -> QueueConfiguration {
    let rule = |name, value: &str| FilterRule::builder().name(name).value(value).build();
    let key = S3KeyFilter::builder()
        .filter_rules(rule(FilterRuleName::Prefix, prefix))
        .filter_rules(rule(FilterRuleName::Suffix, suffix))
        .build();
    QueueConfiguration::builder()
        .queue_arn(format!("arn:minio:sqs::{}:webhook", target(function).to_uppercase()))
        .events(event)
        .filter(NotificationConfigurationFilter::builder().key(key).build())
        .build()
        .expect("all that it needs")
}
