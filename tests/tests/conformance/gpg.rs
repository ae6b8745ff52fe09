//! GnuPG, with its own home folder.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// The creation time of keys that have expired since then.
pub const LONG_AGO: &str = "20200101T000000!";

/// A GnuPG home folder with keys.
pub struct Gpg {
    home: TempDir,
}

impl Gpg {
    pub fn new() -> Self {
        // GnuPG requires a private folder, and the path of its agent's socket must be short.
        Gpg {
            home: TempDir::with_prefix("gpg").expect("a temporary folder"),
        }
    }

    fn try_run(&self, arguments: &[&str], input: &[u8]) -> Output {
        let file = self.home.path().join("input");
        std::fs::write(&file, input).expect("written");
        Command::new("gpg")
            .args([
                "--batch",
                "--yes",
                "--quiet",
                "--no-permission-warning",
                "--pinentry-mode",
                "loopback",
            ])
            .args(arguments)
            .env("GNUPGHOME", self.home.path())
            .stdin(Stdio::from(std::fs::File::open(file).expect("read")))
            .output()
            .expect("gpg is installed")
    }

    /// Runs gpg, which must succeed, and returns its output.
    pub fn run(&self, arguments: &[&str], input: &[u8]) -> Vec<u8> {
        let output = self.try_run(arguments, input);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "gpg {arguments:?}: {said}");
        output.stdout
    }

    /// Generates a key for this user id with `--quick-generate-key`, and returns its fingerprint.
    pub fn key(&self, name: &str, more: &[&str]) -> String {
        self.key_at(name, more, &[])
    }

    /// Does the same, with options before the command.
    pub fn key_at(&self, name: &str, more: &[&str], options: &[&str]) -> String {
        let generate = [options, &["--passphrase", "", "--quick-generate-key", name], more].concat();
        self.run(&generate, b"");
        self.fingerprint(name)
    }

    /// The fingerprint of a primary key.
    pub fn fingerprint(&self, name: &str) -> String {
        let listed = self.run(&["--with-colons", "--list-keys", &format!("={name}")], b"");
        let listed = String::from_utf8(listed).expect("text");
        let line = listed
            .lines()
            .find(|line| line.starts_with("fpr:"))
            .expect("a fingerprint");
        line.split(':').nth(9).expect("a fingerprint").to_owned()
    }

    /// Revokes a key with the certificate that GnuPG created for it.
    pub fn revoke(&self, fingerprint: &str) {
        let path = self.home.path().join(format!("openpgp-revocs.d/{fingerprint}.rev"));
        let certificate = std::fs::read_to_string(path).expect("a revocation certificate");
        // GnuPG adds a colon, so that the certificate is not used by accident.
        let certificate = certificate.replace(":-----BEGIN", "-----BEGIN");
        self.run(&["--import"], certificate.as_bytes());
    }

    /// Armored public keys; all of them if none is named.
    pub fn public(&self, names: &[&str]) -> String {
        let export = [&["--armor", "--export"], names].concat();
        String::from_utf8(self.run(&export, b"")).expect("armored")
    }

    /// A binary file of public keys, for Helm's `--keyring`.
    pub fn keyring(&self, names: &[&str]) -> PathBuf {
        let path = self
            .home
            .path()
            .join(format!("keyring-{}.gpg", names.join("-").replace([' ', '<', '>'], "")));
        std::fs::write(&path, self.run(&[&["--export"], names].concat(), b"")).expect("written");
        path
    }

    /// A binary file of private keys.
    pub fn secret_keyring(&self, name: &str, passphrase: &str) -> PathBuf {
        let path = self.home.path().join("secret.gpg");
        let export = ["--passphrase", passphrase, "--export-secret-keys", name];
        std::fs::write(&path, self.run(&export, b"")).expect("written");
        path
    }

    /// An armored private key.
    pub fn private(&self, name: &str, passphrase: &str) -> String {
        let export = ["--passphrase", passphrase, "--armor", "--export-secret-keys", name];
        String::from_utf8(self.run(&export, b"")).expect("armored")
    }

    /// Signs a text with a cleartext signature.
    pub fn clearsign(&self, options: &[&str], text: &str) -> String {
        let sign = [&["--passphrase", ""], options, &["--clearsign", "--output", "-"]].concat();
        String::from_utf8(self.run(&sign, text.as_bytes())).expect("text")
    }
}

impl Drop for Gpg {
    fn drop(&mut self) {
        // The agent would keep running after the home folder is gone.
        let _ = Command::new("gpgconf")
            .args(["--kill", "all"])
            .env("GNUPGHOME", self.home.path())
            .status();
    }
}
