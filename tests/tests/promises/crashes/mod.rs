//! Every request of every flow meets every fault once; after the retry or the sweep, nothing is
//! missing.
//!
//! Each flow ([`flow::FLOWS`]) runs once without faults, to count its requests. Then each request
//! meets each fault ([`fault`]), each time in a separate repository. Hundreds of repositories share
//! a system, whose processes die and restart in the meantime. [`complete`] checks the final state.

mod complete;
mod fault;
mod flow;
mod script;
mod trial;

use fault::{DAMAGED, ERRORS, Fault, KILLS, LOST_ANSWERS, TIMEOUTS};

/// Runs the trials of all these faults at the same time, and asserts that they find nothing.
async fn survive(faults: &'static [Fault]) {
    let steps = trial::count_steps().await;
    let mut running = tokio::task::JoinSet::new();
    for fault in faults {
        running.spawn(trial::of_fault(fault, steps.clone()));
    }
    let mut trials = 0;
    let mut problems = Vec::new();
    for findings in running.join_all().await {
        trials += findings.trials;
        problems.extend(findings.problems);
    }
    assert!(trials >= faults.len() * 10, "only {trials} trials");
    assert!(
        problems.is_empty(),
        "{} of {trials} trials left something behind:\n{}",
        problems.len(),
        problems.join("\n")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_may_die_right_before_and_right_after_any_request() {
    survive(KILLS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_request_may_be_answered_with_an_error() {
    survive(ERRORS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_request_may_take_effect_without_an_answer() {
    survive(LOST_ANSWERS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_body_may_arrive_cut_or_corrupted() {
    survive(DAMAGED).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_answer_may_come_after_the_client_has_given_up() {
    survive(TIMEOUTS).await;
}
