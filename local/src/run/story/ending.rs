//! The end of a story: a summary, or the commands to try next.

use chartdrop::printable::printable;
use chartdrop::size::counted;

use crate::identity::{BUCKET, REGION, SECRET_ACCESS_KEY};
use crate::run::summary::{ChaosReport, Summary};
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
            "  {} by the functions ({})",
            counted(requests, "S3 request"),
            by_operation.join(", ")
        ),
        format!(
            "  {}, {}",
            counted(summary.index_writes, "index write"),
            counted(summary.invalidations.len(), "invalidation")
        ),
    ];
    lines.extend(summary.chaos.iter().flat_map(chaos));
    lines.push(
        "\nEverything has stopped. Without --once, `local` keeps serving and prints how to use the repository with Helm."
            .to_owned(),
    );
    lines
}

fn chaos(chaos: &ChaosReport) -> Vec<String> {
    let mut lines = vec![faults(chaos)];
    if chaos.broken_promises.is_empty() {
        lines.push(
            "  all promises were kept: every upload has its outcome, no chart was lost or changed, and the index never \
             listed a chart without its archive"
                .to_owned(),
        );
    }
    let broken = chaos.broken_promises.iter();
    lines.extend(broken.map(|broken| format!("  BROKEN: {}", printable(broken))));
    lines
}

fn faults(chaos: &ChaosReport) -> String {
    let faults: usize = chaos.faults.values().sum();
    if faults == 0 {
        return format!(
            "  chaos {}: no request or event met a fault; try more charts, a higher --chaos-rate or another seed",
            chaos.seed
        );
    }
    let by_kind: Vec<String> = chaos
        .faults
        .iter()
        .map(|(kind, count)| format!("{count} × {kind}"))
        .collect();
    format!(
        "  chaos {}: {} ({})",
        chaos.seed,
        counted(faults, "fault"),
        by_kind.join(", ")
    )
}

/// Commands to copy and run while the system serves.
pub(super) fn next_steps(system: &System) -> String {
    let (edge, s3, aws) = (system.edge_url(), system.s3_endpoint(), system.aws_address());
    format!(
        "  helm repo add chartdrop {edge} --force-update && helm search repo chartdrop/ --versions\n\n\
         \x20 AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY={SECRET_ACCESS_KEY} AWS_DEFAULT_REGION={REGION} \\\n\
         \x20   aws s3 cp CHART-VERSION.tgz s3://{BUCKET}/staging/ --endpoint-url {s3}      # a chart from `helm package`\n\n\
         \x20 cargo lambda invoke publish-chart -A {} -P {} --data-ascii '{{\"command\":\"sweep\"}}'\n",
        aws.ip(),
        aws.port()
    )
}
