//! Runs the programs that report how a Helm reads a file.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde::Deserialize;
use serde_json::{Value, json};

use super::Kind;

/// The paths of the programs. `.ci/tools verdicts` builds them.
#[derive(Debug, Clone)]
pub struct Programs([PathBuf; 2]);

impl Programs {
    /// The programs that the environment names.
    pub fn from_environment() -> Self {
        Programs(
            ["CHARTDROP_VERDICTS_HELM3", "CHARTDROP_VERDICTS_HELM4"].map(|variable| {
                let path = std::env::var_os(variable);
                path.unwrap_or_else(|| panic!("{variable} is not set: run `export $(.ci/tools verdicts)` first"))
                    .into()
            }),
        )
    }

    pub(super) fn start(&self) -> [Oracle; 2] {
        let [three, four] = &self.0;
        [Oracle::start("Helm 3", three), Oracle::start("Helm 4", four)]
    }
}

/// A running program.
pub struct Oracle {
    /// The Helm whose verdict it returns.
    pub label: &'static str,
    process: Child,
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

/// How a Helm reads a file.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Answer {
    /// Why Helm does not load the file.
    pub(super) rejected: Option<String>,
    /// Why `helm template` stops before it renders.
    pub(super) not_rendered: Option<String>,
    /// Why `helm repo index` leaves it out.
    pub(super) not_indexed: Option<String>,
    /// The entry that `helm repo index` writes.
    pub(super) entry: Option<Value>,
    /// The index as Helm loads it.
    pub(super) index: Option<Value>,
}

impl Oracle {
    fn start(label: &'static str, program: &Path) -> Self {
        let mut process = Command::new(program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", program.display()));
        let answers = BufReader::new(process.stdout.take().expect("piped"));
        Oracle {
            label,
            questions: process.stdin.take(),
            process,
            answers,
        }
    }

    fn ask(&mut self, kind: Kind, path: &Path) {
        let path = path.to_str().expect("the path is text");
        let question = match kind {
            Kind::Archive => json!({"archive": path}),
            Kind::Index => json!({"index": path}),
        };
        let questions = self.questions.as_mut().expect("open until the end");
        writeln!(questions, "{question}")
            .and_then(|()| questions.flush())
            .unwrap_or_else(|error| panic!("{} takes no questions: {error}", self.label));
    }

    fn answer(&mut self, path: &Path) -> Answer {
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("an answer");
        serde_json::from_str(&line)
            .unwrap_or_else(|error| panic!("{}, {}: {error}: {line}", self.label, path.display()))
    }
}

/// Asks both programs at the same time.
pub(super) fn ask(helms: &mut [Oracle; 2], kind: Kind, path: &Path) -> [Answer; 2] {
    for helm in helms.iter_mut() {
        helm.ask(kind, path);
    }
    helms.each_mut().map(|helm| helm.answer(path))
}

impl Drop for Oracle {
    fn drop(&mut self) {
        // The program ends when its input is closed.
        drop(self.questions.take());
        let _ended = self.process.wait();
    }
}
