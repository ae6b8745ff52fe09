//! How a story ends: with a summary, or with what to try next.

use chartdrop::printable::printable;

use crate::identity::{BUCKET, REGION, SECRET_ACCESS_KEY};
use crate::run::summary::{Summary, WorstDay};
use crate::system::System;

/// The lines of a summary.
pub(super) fn of(summary: &Summary) -> Vec<String> {
    let requests: usize = summary.s3_requests.values().sum();
    let by_operation: Vec<String> = summary
        .s3_requests
        .iter()
        .map(|(operation, count)| format!("{count} {operation}"))
        .collect();
    let mut lines = vec![
        format!(
            "\n  {} published, {} unchanged, {} rejected, {} held, {} failed",
            summary.published, summary.unchanged, summary.rejected, summary.held, summary.failed
        ),
        format!(
            "  {requests} S3 requests by the functions ({})",
            by_operation.join(", ")
        ),
        format!(
            "  {}, {}",
            counted(summary.index_writes, "index write"),
            counted(summary.invalidations.len(), "invalidation")
        ),
    ];
    lines.extend(summary.chaos.iter().flat_map(worst_day));
    lines.push(
        "\nEverything has stopped. Without --once it keeps serving, and prints how to use the repository with Helm."
            .to_owned(),
    );
    lines
}

fn worst_day(day: &WorstDay) -> Vec<String> {
    let mut lines = vec![faults(day)];
    if day.broken_promises.is_empty() {
        lines.push(
            "  every promise was kept: nothing lost, nothing twice, nothing changed, nothing listed before it was there"
                .to_owned(),
        );
    }
    let broken = day.broken_promises.iter();
    lines.extend(broken.map(|broken| format!("  BROKEN: {}", printable(broken))));
    lines
}

fn faults(day: &WorstDay) -> String {
    let faults: usize = day.faults.values().sum();
    if faults == 0 {
        return format!(
            "  chaos {}: no fault met any request; try more charts, a higher --chaos-rate or another seed",
            day.seed
        );
    }
    let by_kind: Vec<String> = day
        .faults
        .iter()
        .map(|(kind, count)| format!("{count} × {kind}"))
        .collect();
    format!(
        "  chaos {}: {} ({})",
        day.seed,
        counted(faults, "fault"),
        by_kind.join(", ")
    )
}

/// Commands to copy, while everything listens.
pub(super) fn next_steps(system: &System) -> String {
    let (edge, s3, aws) = (system.edge_url(), system.s3_endpoint(), system.aws_address());
    format!(
        "  helm repo add chartdrop {edge} --force-update && helm search repo chartdrop/ --versions\n\n\
         \x20 AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY={SECRET_ACCESS_KEY} AWS_DEFAULT_REGION={REGION} \\\n\
         \x20   aws s3 cp CHART-VERSION.tgz s3://{BUCKET}/staging/ --endpoint-url {s3}      # what `helm package CHART` made\n\n\
         \x20 cargo lambda invoke publish-chart -A {} -P {} --data-ascii '{{\"command\":\"sweep\"}}'\n",
        aws.ip(),
        aws.port()
    )
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
