//! A fake function: this test program, started again as a process that uses the Runtime API and
//! does what each event says.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::{Value, json};

/// An executable that needs no arguments, as functions do.
pub(crate) fn binary() -> PathBuf {
    static SCRIPT: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = SCRIPT.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bootstrap");
        let program = std::env::current_exe().unwrap();
        let script = format!(
            "#!/bin/sh\nexec '{}' fake::function_process --exact --nocapture\n",
            program.display()
        );
        std::fs::write(&path, script).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        (folder, path)
    });
    path.clone()
}

/// Tests nothing. When it runs as a function, it serves events until it is killed.
#[test]
fn function_process() {
    let Ok(api) = std::env::var("AWS_LAMBDA_RUNTIME_API") else {
        return;
    };
    match std::env::var("FAKE_INIT").as_deref() {
        Ok("exit") => {
            eprintln!("error: INDEX_FORMAT is nonsense");
            std::process::exit(1);
        }
        Ok("error") => {
            call(
                &api,
                "POST",
                "/2018-06-01/runtime/init/error",
                r#"{"errorType":"Fake.Init","errorMessage":"no luck"}"#,
            );
            std::process::exit(1);
        }
        _ => {}
    }
    loop {
        let (headers, event) = call(&api, "GET", "/2018-06-01/runtime/invocation/next", "");
        println!("event: {event}");
        let header = |name: &str| {
            headers
                .iter()
                .find(|(n, _)| n == name)
                .map(|(_, v)| v.clone())
                .unwrap_or_default()
        };
        let id = header("lambda-runtime-aws-request-id");
        let path = |end: &str| format!("/2018-06-01/runtime/invocation/{id}/{end}");
        let event: Value = serde_json::from_str(&event).unwrap();
        match event["do"].as_str() {
            Some("environment") => {
                let all: std::collections::BTreeMap<String, String> = std::env::vars().collect();
                call(
                    &api,
                    "POST",
                    &path("response"),
                    &json!({ "env": all, "headers": headers }).to_string(),
                );
            }
            Some("error") => {
                call(
                    &api,
                    "POST",
                    &path("error"),
                    r#"{"errorType":"Fake.Error","errorMessage":"as asked"}"#,
                );
            }
            Some("fail-first") => {
                // The file counts attempts across processes.
                let file = event["file"].as_str().unwrap();
                let seen = std::fs::read(file).unwrap_or_default().len();
                std::fs::write(file, vec![b'x'; seen + 1]).unwrap();
                if (seen as u64) < event["times"].as_u64().unwrap() {
                    call(
                        &api,
                        "POST",
                        &path("error"),
                        r#"{"errorType":"Fake.Error","errorMessage":"not yet"}"#,
                    );
                } else {
                    call(&api, "POST", &path("response"), "{}");
                }
            }
            Some("exit") => {
                eprintln!("out of paper");
                std::process::exit(3);
            }
            Some("hang") => std::thread::sleep(Duration::from_secs(600)),
            Some("nap") => {
                std::thread::sleep(Duration::from_millis(event["ms"].as_u64().unwrap()));
                call(
                    &api,
                    "POST",
                    &path("response"),
                    &json!({ "pid": std::process::id() }).to_string(),
                );
            }
            _ => {
                call(
                    &api,
                    "POST",
                    &path("response"),
                    &json!({ "pid": std::process::id(), "event": event }).to_string(),
                );
            }
        }
    }
}

/// Sends one request over HTTP/1.0, then the connection ends. [`local::http::client`] would need an
/// async runtime, which this process does not have.
fn call(address: &str, method: &str, path: &str, body: &str) -> (Vec<(String, String)>, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let headers = head.lines().skip(1).map(|line| line.split_once(": ").unwrap());
    (
        headers
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect(),
        body.to_owned(),
    )
}
