//! The CNCF distribution registry, and crane to push images to it.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};

use crate::tools;

/// A registry on loopback, open to everyone or to one user.
pub struct Registry {
    /// The host, with its port.
    pub host: String,
    folder: TempDir,
    _process: Child,
}

impl Registry {
    /// Starts an empty registry. With a login, only that user may use it.
    pub async fn start(login: Option<(&str, &str)>) -> Self {
        let folder = TempDir::with_prefix("registry").expect("a temporary folder");
        let free = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let host = free.local_addr().expect("an address").to_string();
        drop(free);
        let mut config = json!({
            "version": 0.1,
            "storage": {"filesystem": {"rootdirectory": folder.path().join("data")}},
            "http": {"addr": host},
        });
        if let Some((user, password)) = login {
            let passwords = folder.path().join("passwords");
            std::fs::write(&passwords, htpasswd(user, password)).expect("written");
            config["auth"] = json!({"htpasswd": {"realm": "registry", "path": passwords}});
        }
        let path = folder.path().join("config.yml");
        std::fs::write(&path, config.to_string()).expect("written");
        let process = Command::new(tools::path("CHARTDROP_REGISTRY"))
            .arg("serve")
            .arg(&path)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("the registry starts");
        for _ in 0..600 {
            if TcpStream::connect(&host).await.is_ok() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Registry {
            host,
            folder,
            _process: process,
        }
    }

    /// Runs crane, which must succeed, and returns its output.
    pub async fn crane(&self, arguments: &[&str]) -> String {
        let output = Command::new(tools::path("CHARTDROP_CRANE"))
            .args(arguments)
            .arg("--insecure")
            .env("DOCKER_CONFIG", self.folder.path())
            .output()
            .await
            .expect("crane starts");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "crane {arguments:?}: {said}");
        String::from_utf8(output.stdout).expect("text").trim().to_owned()
    }

    /// Pushes an image for one platform, and returns its name with its digest.
    pub async fn push_one(&self, name: &str, platform: &str) -> String {
        let layer = self.layer();
        let name = format!("{}/{name}", self.host);
        let layer = layer.to_str().expect("text");
        self.crane(&["append", "--new_layer", layer, "--new_tag", &name]).await;
        self.crane(&["mutate", &name, "--set-platform", platform, "--tag", &name])
            .await;
        let digest = self.crane(&["digest", &name]).await;
        format!(
            "{}@{digest}",
            name.rsplit_once(':').map_or(name.as_str(), |(name, _)| name)
        )
    }

    /// Pushes an image for several platforms.
    pub async fn push(&self, name: &str, platforms: &[&str]) {
        let mut arguments = vec!["index".to_owned(), "append".to_owned()];
        for platform in platforms {
            let part = format!("{}-{}", name.replace(':', "-"), platform.replace('/', "-"));
            let part = self.push_one(&format!("parts:{part}"), platform).await;
            arguments.extend(["--manifest".to_owned(), part]);
        }
        arguments.extend(["--tag".to_owned(), format!("{}/{name}", self.host)]);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        self.crane(&arguments).await;
    }

    fn layer(&self) -> PathBuf {
        let path = self.folder.path().join("layer.tar");
        let mut tar = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_size(2);
        header.set_cksum();
        tar.append_data(&mut header, "hello", &b"hi"[..])
            .expect("memory accepts every write");
        std::fs::write(&path, tar.into_inner().expect("memory accepts every write")).expect("written");
        path
    }
}

/// The line that `htpasswd -nbB` prints.
fn htpasswd(user: &str, password: &str) -> String {
    assert_eq!(password, "s3cret", "the digest below is of this password");
    format!("{user}:{BCRYPT_OF_S3CRET}\n")
}

const BCRYPT_OF_S3CRET: &str = "$2b$12$ICMTQN0weB5pKIM.Km4pFOwCMU1InevX9nAZgr6LpKSZXuWmvyVcS";
