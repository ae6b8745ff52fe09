//! Runs the flows: once to count their requests, then with each fault.

use std::sync::Arc;
use std::time::Duration;

use local::Options;
use serde_json::json;
use tests::Chartdrop;

use crate::crashes::complete::missing;
use crate::crashes::fault::Fault;
use crate::crashes::flow::{FLOWS, Flow, StartedBy};
use crate::crashes::script::{Script, Step};

/// The requests of each flow, in the order of [`FLOWS`].
pub(crate) type Steps = Arc<Vec<Vec<Step>>>;

/// The results of all trials of one fault.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) trials: usize,
    pub(crate) problems: Vec<String>,
}

impl Findings {
    fn add(&mut self, more: Findings) {
        self.trials += more.trials;
        self.problems.extend(more.problems);
    }
}

/// How many systems run at the same time for trials that each need their own. Most of the time,
/// they wait in the SDK's pauses between attempts.
const LANES: usize = 3;

/// One repository that meets one fault.
struct Trial {
    folder: String,
    flow: &'static Flow,
    fault: Option<(Step, &'static Fault)>,
}

async fn system(script: &Script) -> Chartdrop {
    let chartdrop = Chartdrop::with(Options {
        faults: Arc::new(script.clone()),
        retry_delays: vec![Duration::from_millis(50), Duration::from_millis(100)],
        instances: 12,
        invalidation_takes: Duration::from_millis(10),
        ..Options::default()
    })
    .await;
    script.of(chartdrop.system.store());
    chartdrop
}

/// Runs each flow without a fault.
pub(crate) async fn count_steps() -> Steps {
    let mut steps = Vec::new();
    for flow in FLOWS {
        let script = Script::default();
        let chartdrop = system(&script).await;
        let trial = Trial {
            folder: "c".to_owned(),
            flow,
            fault: None,
        };
        run(&chartdrop, &script, std::slice::from_ref(&trial)).await;
        // If two index writes follow closely, the first may be superseded before its event arrives.
        let sure = |step: &Step| step.operation != "CreateInvalidation" || step.nth == 1;
        let found: Vec<Step> = script.steps("c").into_iter().filter(sure).collect();
        assert!(found.len() >= 6, "{}: {found:#?}", flow.name);
        let missing = missing(&chartdrop, "c", flow, false).await;
        assert!(missing.is_empty(), "{} without any fault: {missing:?}", flow.name);
        steps.push(found);
    }
    Arc::new(steps)
}

/// Runs all trials of one fault, with each request of each flow.
pub(crate) async fn of_fault(fault: &'static Fault, steps: Steps) -> Findings {
    let (together, alone): (Vec<Trial>, Vec<Trial>) = FLOWS
        .iter()
        .zip(steps.iter())
        .flat_map(|(flow, steps)| steps.iter().map(move |step| (flow, step)))
        .filter(|(_, step)| fault.can_meet(step))
        .enumerate()
        .map(|(number, (flow, step))| Trial {
            folder: format!("c{number}"),
            flow,
            fault: Some((step.clone(), fault)),
        })
        .partition(|trial| trial.flow.started_by != StartedBy::Sweep);
    let mut lanes: Vec<Vec<Trial>> = std::iter::repeat_with(Vec::new).take(LANES).collect();
    for (number, trial) in alone.into_iter().enumerate() {
        lanes[number % LANES].push(trial);
    }
    let mut running = tokio::task::JoinSet::new();
    running.spawn(all_at_once(together));
    for lane in lanes.into_iter().filter(|lane| !lane.is_empty()) {
        running.spawn(one_by_one(lane));
    }
    let mut findings = Findings::default();
    running.join_all().await.into_iter().for_each(|more| findings.add(more));
    findings
}

async fn all_at_once(trials: Vec<Trial>) -> Findings {
    let script = Script::default();
    let chartdrop = system(&script).await;
    run(&chartdrop, &script, &trials).await;
    judge(&chartdrop, &script, &trials).await
}

async fn one_by_one(trials: Vec<Trial>) -> Findings {
    let script = Script::default();
    let chartdrop = system(&script).await;
    let mut findings = Findings::default();
    for trial in trials {
        script.alone(&trial.folder);
        let trials = std::slice::from_ref(&trial);
        run(&chartdrop, &script, trials).await;
        findings.add(judge(&chartdrop, &script, trials).await);
    }
    findings
}

/// Prepares and starts the trials, and waits until no event is in progress.
async fn run(chartdrop: &Chartdrop, script: &Script, trials: &[Trial]) {
    for trial in trials {
        trial.flow.prepare(chartdrop, &trial.folder);
    }
    chartdrop.settled().await;
    for Trial { folder, flow, fault } in trials {
        // The edge caches the old index, or that there is none, so that the trial needs the
        // invalidation.
        chartdrop.edge(&format!("/{folder}/index.yaml")).await;
        if let Some(version) = flow.unpublished {
            chartdrop.edge(&format!("/{folder}/demo-{version}.tgz")).await;
        }
        let quiet = flow.started_by != StartedBy::Uploads;
        script.arm(folder, quiet, flow.rival(chartdrop, folder), fault.clone());
        if flow.started_by == StartedBy::Sweep {
            script.alone(folder);
        }
    }
    for trial in trials {
        trial.flow.start(chartdrop, &trial.folder);
    }
    chartdrop.settled().await;
}

/// Runs both sweeps, as the schedule would, and checks the final state.
async fn judge(chartdrop: &Chartdrop, script: &Script, trials: &[Trial]) -> Findings {
    let mut findings = Findings {
        trials: trials.len(),
        problems: Vec::new(),
    };
    let fired: Vec<usize> = trials.iter().map(|trial| script.disarm(&trial.folder)).collect();
    for Trial { folder, flow, .. } in trials {
        if flow.started_by == StartedBy::Unpublish {
            let again = chartdrop.invoke("publish-chart", &flow.command(folder)).await;
            if let Err(error) = again {
                findings.problems.push(format!("the command failed: {error}"));
            }
        }
    }
    for function in ["publish-chart", "invalidate-cdn"] {
        let swept = chartdrop.invoke(function, &json!({"command": "sweep"})).await;
        let problem = match &swept {
            Ok(answer) => local::undone(answer).map(ToString::to_string),
            Err(error) => Some(error.to_string()),
        };
        let problem = problem.map(|problem| format!("the sweep of {function} failed: {problem}"));
        findings.problems.extend(problem);
    }
    chartdrop.settled().await;
    for (trial, fired) in trials.iter().zip(fired) {
        let Trial { folder, flow, fault } = trial;
        let Some((step, fault)) = fault else { continue };
        let mut problems = missing(chartdrop, folder, flow, fault.denies_the_copy(step)).await;
        if fired == 0 {
            problems.push("the fault did not strike".to_owned());
        }
        if !problems.is_empty() {
            let Step {
                function,
                operation,
                what,
                nth,
            } = step;
            findings.problems.push(format!(
                "{}, {function}'s {operation} {what} no. {nth}, {}: {}",
                flow.name,
                fault.name,
                problems.join("; ")
            ));
        }
    }
    findings
}
