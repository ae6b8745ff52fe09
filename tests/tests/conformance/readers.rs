//! Runs the YAML readers of other tools: the programs in `tests/readers`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tests::program::workspace;

use crate::tools;

/// One reader.
pub struct Reader {
    /// The name of the reader.
    pub label: &'static str,
    command: Vec<PathBuf>,
}

/// All readers.
pub fn all() -> Vec<Reader> {
    let program = |path: &str| workspace().join("tests/readers").join(path);
    let python = |loader: &str| {
        vec![
            tools::path("CHARTDROP_PYYAML"),
            program("python/read.py"),
            loader.into(),
        ]
    };
    let node = |module: &str| {
        let package = tools::path("CHARTDROP_JS_YAML");
        vec!["node".into(), program("js/read.mjs"), package, module.into()]
    };
    let java = || {
        let jar = tools::path("CHARTDROP_SNAKEYAML");
        vec!["java".into(), "-cp".into(), jar, program("java/Read.java")]
    };
    let go = |version: &str| vec![tools::path("CHARTDROP_GO_YAML"), version.into()];
    let reader = |label, command| Reader { label, command };
    vec![
        reader("PyYAML", python("python")),
        reader("libyaml (PyYAML)", python("libyaml")),
        reader("js-yaml 4", node("js-yaml-4")),
        reader("js-yaml 5", node("js-yaml-5")),
        reader("SnakeYAML", java()),
        reader("go-yaml v2", go("v2")),
        reader("go-yaml v3", go("v3")),
    ]
}

impl Reader {
    /// Reads these files, all in one process, because most readers are slow to start.
    pub fn read(&self, files: &[&Path]) -> Vec<Result<Value, String>> {
        let [program, arguments @ ..] = self.command.as_slice() else {
            unreachable!("each has a program");
        };
        let mut command = Command::new(program);
        command.args(arguments).args(files).stdin(Stdio::null());
        let output = command
            .output()
            .unwrap_or_else(|error| panic!("{}: {}: {error}", self.label, program.display()));
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "{} ended with {}: {stderr}",
            self.label,
            output.status
        );
        let lines = output.stdout.split(|byte| *byte == b'\n');
        let answers: Vec<_> = lines
            .filter(|line| !line.is_empty())
            .map(|line| self.answer(line))
            .collect();
        assert_eq!(answers.len(), files.len(), "{}: {stderr}", self.label);
        answers
    }

    fn answer(&self, line: &[u8]) -> Result<Value, String> {
        let mut answer: Value = serde_json::from_slice(line)
            .unwrap_or_else(|error| panic!("{}: {error}: {}", self.label, String::from_utf8_lossy(line)));
        match answer.get("error") {
            Some(error) => Err(error.to_string()),
            None => Ok(answer["document"].take()),
        }
    }
}
