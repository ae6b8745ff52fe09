//! A server process on a free port of 127.0.0.1, which ends when it is dropped.

use std::net::TcpListener;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

pub(crate) struct Process {
    child: Child,
    pub(crate) port: u16,
    /// The folder of its data and its log.
    pub(crate) folder: TempDir,
}

impl Process {
    /// Starts the command for this port and folder, and waits until the server listens.
    pub(crate) async fn start(command: impl FnOnce(u16, &TempDir) -> Command) -> Self {
        let folder = TempDir::new().expect("a folder");
        let port = free_port();
        let log = std::fs::File::create(folder.path().join("log")).expect("a log");
        let child = command(port, &folder)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a log"))
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .expect("it runs");
        let mut process = Process { child, port, folder };
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            let ended = process.child.try_wait().expect("its state");
            assert!(
                ended.is_none() && began.elapsed() < Duration::from_secs(60),
                "it does not listen: {}",
                process.log()
            );
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        process
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address").port()
}
