//! Signatures in both directions: Helm accepts signatures of Chartdrop, and Chartdrop accepts or
//! rejects signatures of Helm and GnuPG as Helm does.

use std::path::{Path, PathBuf};

use chartdrop::archive::{self, Limits};
use chartdrop::provenance::{Keyring, SigningKey, Subject};
use jiff::Timestamp;
use serde_json::json;
use tempfile::TempDir;
use tests::{ChartArchive, Chartdrop};

use crate::gpg::{Gpg, LONG_AGO};
use crate::helm::{self, Helm};
use crate::kubernetes::ApiServer;

fn demo() -> ChartArchive {
    ChartArchive::new("demo", "1.0.0").with_chart_yaml("description: \"- one\\n...\\n--- two\"\nkeywords: [a, 'yes']\n")
}

/// The text that Helm signs for the chart.
fn text() -> String {
    let bytes = demo().bytes();
    let archive = archive::read(&bytes, &Limits::default()).expect("a chart");
    format!(
        "apiVersion: v2\nappVersion: 1.0.0\nname: demo\nversion: 1.0.0\n\n...\nfiles:\n  demo-1.0.0.tgz: sha256:{}\n",
        archive.digest
    )
}

/// Writes the archive and a provenance file into a new folder.
fn lay(folder: &TempDir, name: &str, provenance: &str) -> PathBuf {
    let folder = folder.path().join(name.replace(' ', "-"));
    std::fs::create_dir_all(&folder).expect("a folder");
    let archive = folder.join("demo-1.0.0.tgz");
    std::fs::write(&archive, demo().bytes()).expect("written");
    std::fs::write(folder.join("demo-1.0.0.tgz.prov"), provenance).expect("written");
    archive
}

async fn helm_verifies(helm: &Helm, archive: &Path, keyring: &Path) -> Result<String, String> {
    helm.try_run(["verify".as_ref(), archive, "--keyring".as_ref(), keyring])
        .await
}

/// Chartdrop's verdict on the chart.
fn about_demo<T, E: ToString>(say: impl FnOnce(Subject<'_>) -> Result<T, E>) -> Result<T, String> {
    let bytes = demo().bytes();
    let archive = archive::read(&bytes, &Limits::default()).expect("a chart");
    let subject = Subject {
        file_name: "demo-1.0.0.tgz",
        digest: archive.digest,
        metadata: &archive.metadata,
    };
    say(subject).map_err(|error| error.to_string())
}

fn we_verify(keyring: &str, provenance: &str) -> Result<String, String> {
    let keyring = Keyring::read(keyring).expect("a keyring");
    about_demo(|subject| keyring.verify(provenance.as_bytes(), subject, Timestamp::now()))
}

fn we_sign(private: &str) -> Result<String, String> {
    let key = SigningKey::read(private, None).expect("a private key");
    about_demo(|subject| key.sign(subject, Timestamp::now()))
}

/// A key of every kind that may sign, as name and passphrase.
fn good_keys(gpg: &Gpg) -> Vec<(&'static str, &'static str)> {
    gpg.key("rsa <rsa@example.com>", &["rsa3072", "sign,cert", "never"]);
    gpg.key("ed25519 <ed25519@example.com>", &["ed25519", "sign,cert", "never"]);
    let subkey = gpg.key("subkey <subkey@example.com>", &["ed25519", "cert", "never"]);
    for kind in [["ed25519", "sign"], ["cv25519", "encr"]] {
        let add = [
            "--passphrase",
            "",
            "--quick-add-key",
            &subkey,
            kind[0],
            kind[1],
            "never",
        ];
        gpg.run(&add, b"");
    }
    gpg.run(
        &[
            "--passphrase",
            "open sesame",
            "--quick-generate-key",
            "locked <locked@example.com>",
            "rsa3072",
            "sign,cert",
            "2y",
        ],
        b"",
    );
    vec![
        ("rsa <rsa@example.com>", ""),
        ("ed25519 <ed25519@example.com>", ""),
        ("subkey <subkey@example.com>", ""),
        ("locked <locked@example.com>", "open sesame"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn helm_accepts_signatures_of_chartdrop_with_every_kind_of_key() {
    let api = ApiServer::start().await;
    let gpg = Gpg::new();
    for (name, passphrase) in good_keys(&gpg) {
        let secret = json!({"signingKey": gpg.private(name, passphrase), "signingPassphrase": passphrase});
        let chartdrop = Chartdrop::with_secret(&[("PROVENANCE", "sign")], secret).await;
        let receipt = chartdrop.publish(&demo()).await;
        assert_eq!(receipt["outcome"], "published", "{name}: {receipt}");
        assert_eq!(receipt["signedBy"], gpg.fingerprint(name), "{name}");
        // GnuPG, which has the key, accepts the signature as well.
        gpg.run(&["--verify"], chartdrop.text("charts/demo-1.0.0.tgz.prov").as_bytes());
        for helm in helm::both() {
            pulls_and_installs_verified(&helm, &chartdrop, &api.url).await;
        }
    }
}

async fn pulls_and_installs_verified(helm: &Helm, chartdrop: &Chartdrop, api: &str) {
    let folder = helm.folder("signed");
    let keyring = folder.join("keyring.gpg");
    std::fs::write(&keyring, chartdrop.edge("/keyring.gpg").await.body).expect("written");
    let keyring = keyring.to_str().expect("text");
    helm.run(["repo", "add", "signed", &chartdrop.system.edge_url()]).await;
    let into = folder.to_str().expect("text");
    helm.run(["pull", "signed/demo", "--verify", "--keyring", keyring, "-d", into])
        .await;
    helm.run(["verify", &format!("{into}/demo-1.0.0.tgz"), "--keyring", keyring])
        .await;
    let install = ["install", "x", "signed/demo", "--verify", "--keyring", keyring];
    helm.run(install.iter().chain(&[
        "--dry-run=client",
        "--disable-openapi-validation",
        "--kube-apiserver",
        api,
    ]))
    .await;
    // With another keyring, Helm does not pull, so it does check the signature.
    let other = Gpg::new();
    other.key("other", &["ed25519", "sign,cert", "never"]);
    let other = other.keyring(&[]);
    let other = other.to_str().expect("text");
    let pulled = helm
        .try_run(["pull", "signed/demo", "--verify", "--keyring", other])
        .await;
    assert!(pulled.is_err(), "{}", helm.label);
}

#[tokio::test(flavor = "multi_thread")]
async fn signatures_of_helm_are_accepted() {
    let gpg = Gpg::new();
    for (name, passphrase) in good_keys(&gpg) {
        if name.starts_with("subkey") {
            // Helm signs only with the primary key, which may not sign, and rejects that signature
            // itself.
            continue;
        }
        for helm in helm::both() {
            let folder = TempDir::new().expect("a temporary folder");
            let chart = unpacked(&folder);
            let secret_keyring = gpg.secret_keyring(name, passphrase);
            let passphrase_file = folder.path().join("passphrase");
            std::fs::write(&passphrase_file, format!("{passphrase}\n")).expect("written");
            helm.run([
                "package".as_ref(),
                chart.as_os_str(),
                "--sign".as_ref(),
                "--key".as_ref(),
                name.as_ref(),
                "--keyring".as_ref(),
                secret_keyring.as_os_str(),
                "--passphrase-file".as_ref(),
                passphrase_file.as_os_str(),
                "--destination".as_ref(),
                folder.path().as_os_str(),
            ])
            .await;
            let chartdrop =
                Chartdrop::with_secret(&[("PROVENANCE", "require")], json!({"keyring": gpg.public(&[name])})).await;
            for suffix in [".prov", ""] {
                let file = format!("demo-1.0.0.tgz{suffix}");
                let bytes = std::fs::read(folder.path().join(&file)).expect("packaged");
                chartdrop.put(&format!("staging/{file}"), bytes);
            }
            chartdrop.settled().await;
            let receipt = chartdrop.receipt("staging/demo-1.0.0.tgz");
            assert_eq!(receipt["outcome"], "published", "{} {name}: {receipt}", helm.label);
            assert_eq!(receipt["signedBy"], gpg.fingerprint(name));
        }
    }
}

/// Writes the chart as a folder.
fn unpacked(folder: &TempDir) -> PathBuf {
    let chart = folder.path().join("demo");
    std::fs::create_dir_all(&chart).expect("a folder");
    let tar = demo().tar();
    tar::Archive::new(tar.as_slice())
        .unpack(folder.path())
        .expect("unpacked");
    chart
}

/// A provenance file, the trusted keys, and whether both Helms accept it.
struct Case {
    name: &'static str,
    provenance: String,
    trusted: Vec<String>,
    helm: bool,
    ours: bool,
}

#[tokio::test(flavor = "multi_thread")]
async fn signatures_that_helm_rejects_are_rejected() {
    let gpg = Gpg::new();
    let cases = cases(&gpg);
    let folder = TempDir::new().expect("a temporary folder");
    for case in &cases {
        let trusted: Vec<&str> = case.trusted.iter().map(String::as_str).collect();
        let archive = lay(&folder, case.name, &case.provenance);
        for helm in helm::both() {
            let verified = helm_verifies(&helm, &archive, &gpg.keyring(&trusted)).await;
            assert_eq!(
                verified.is_ok(),
                case.helm,
                "{}: {}: {verified:?}",
                case.name,
                helm.label
            );
        }
        let verified = we_verify(&gpg.public(&trusted), &case.provenance);
        assert_eq!(verified.is_ok(), case.ours, "{}: {verified:?}", case.name);
        assert!(
            case.helm || !case.ours,
            "{}: Chartdrop must reject what Helm rejects",
            case.name
        );
    }
}

fn cases(gpg: &Gpg) -> Vec<Case> {
    let past = ["--faked-system-time", LONG_AGO];
    let text = text();
    let good = gpg.key("good", &["ed25519", "sign,cert", "never"]);
    let other = gpg.key("other", &["rsa3072", "sign,cert", "never"]);
    let encrypts = gpg.key("certifies", &["ed25519", "cert", "never"]);
    let expired = gpg.key_at("expired", &["ed25519", "sign,cert", "1y"], &past);
    let revoked = gpg.key("revoked", &["ed25519", "sign,cert", "never"]);
    let with_old_subkey = gpg.key_at("old subkey", &["ed25519", "cert", "never"], &past);
    let add = ["--quick-add-key", &with_old_subkey, "ed25519", "sign", "1y"];
    gpg.run(&[&past[..], &["--passphrase", ""], &add].concat(), b"");
    let with_revoked_subkey = gpg.key("revoked subkey", &["ed25519", "cert", "never"]);
    gpg.run(
        &[
            "--passphrase",
            "",
            "--quick-add-key",
            &with_revoked_subkey,
            "ed25519",
            "sign",
            "never",
        ],
        b"",
    );
    let by = |key: &str| gpg.clearsign(&["--local-user", key], &text);
    let sign_in_the_past =
        |key: &str, more: &[&str]| gpg.clearsign(&[&past[..], &["--local-user", key], more].concat(), &text);
    let mut cases = Vec::new();
    let mut case = |name, provenance: String, trusted: &[&str], helm, ours| {
        cases.push(Case {
            name,
            provenance,
            trusted: trusted.iter().map(|key| (*key).to_owned()).collect(),
            helm,
            ours,
        });
    };
    case("good", by(&good), &[&good], true, true);
    case(
        "one of several keys",
        by(&other),
        &[&good, &expired, &other],
        true,
        true,
    );
    case("signer not trusted", by(&good), &[&other], false, false);
    let both = gpg.clearsign(&["--local-user", &good, "--local-user", &other], &text);
    case("the second of two signers", both.clone(), &[&other], true, true);
    case("the first of two signers", both, &[&good], true, true);
    case(
        "changed",
        by(&good).replace("appVersion: 1.0.0", "appVersion: 2.0.0"),
        &[&good],
        false,
        false,
    );
    case(
        "another digest",
        gpg.clearsign(&["--local-user", &good], &text.replace("sha256:", "sha256:0")),
        &[&good],
        false,
        false,
    );
    case(
        "no second document",
        gpg.clearsign(&["--local-user", &good], "name: demo\n"),
        &[&good],
        false,
        false,
    );
    case(
        "a key that has expired",
        sign_in_the_past(&expired, &[]),
        &[&expired],
        false,
        false,
    );
    case(
        "a subkey that has expired",
        sign_in_the_past(&with_old_subkey, &[]),
        &[&with_old_subkey],
        false,
        false,
    );
    case(
        "a subkey",
        by(&with_revoked_subkey),
        &[&with_revoked_subkey],
        true,
        true,
    );
    let lasts = gpg.key_at("lasts", &["ed25519", "sign,cert", "never"], &past);
    case(
        "a signature that has expired",
        sign_in_the_past(&lasts, &["--default-sig-expire", "1d"]),
        &[&lasts],
        false,
        false,
    );
    case(
        "an old signature that lasts",
        sign_in_the_past(&lasts, &[]),
        &[&lasts],
        true,
        true,
    );
    case(
        "a critical notation",
        gpg.clearsign(&["--local-user", &good, "--set-notation", "!x@example.com=1"], &text),
        &[&good],
        false,
        false,
    );
    // Chartdrop is stricter than Helm here.
    let weak = [
        "--local-user",
        &other,
        "--digest-algo",
        "SHA1",
        "--allow-weak-digest-algos",
    ];
    case("a weak digest", gpg.clearsign(&weak, &text), &[&other], true, false);
    case(
        "text in front",
        format!("Trust me.\n\n{}", by(&good)),
        &[&good],
        true,
        false,
    );
    case(
        "text behind",
        format!("{}\nTrust me.\n", by(&good)),
        &[&good],
        true,
        false,
    );
    let renamed = text.replace("name: demo", "name: other");
    case(
        "another chart",
        gpg.clearsign(&["--local-user", &good], &renamed),
        &[&good],
        true,
        false,
    );
    let _ = encrypts;
    // Last, because a revoked key cannot sign any more.
    let signed = by(&revoked);
    gpg.revoke(&revoked);
    case("a key that is revoked", signed, &[&revoked], false, false);
    cases
}

/// A primary key that only certifies, with a subkey that signs.
fn owner_with_subkey(gpg: &Gpg) -> String {
    let key = gpg.key("owner", &["ed25519", "cert", "never"]);
    gpg.run(
        &["--passphrase", "", "--quick-add-key", &key, "ed25519", "sign", "never"],
        b"",
    );
    key
}

#[test]
fn a_signature_of_a_revoked_subkey_is_rejected() {
    let gpg = Gpg::new();
    let key = owner_with_subkey(&gpg);
    let signed = gpg.clearsign(&["--local-user", &key], &text());
    assert!(we_verify(&gpg.public(&[&key]), &signed).is_ok());
    let script = b"key 1\nrevkey\ny\n0\n\ny\nsave\n";
    let edit = [
        "--no-batch",
        "--no-tty",
        "--passphrase",
        "",
        "--command-fd",
        "0",
        "--edit-key",
        &key,
    ];
    gpg.run(&edit, script);
    let verified = we_verify(&gpg.public(&[&key]), &signed);
    assert!(
        verified.as_ref().is_err_and(|error| error.contains("revoked")),
        "{verified:?}"
    );
    // Chartdrop does not sign with it either.
    assert!(we_sign(&gpg.private(&key, "")).is_err());
}

/// `gpg --export-secret-subkeys` exports the subkeys without the primary key.
#[test]
fn a_subkey_signs_without_its_primary_key() {
    let gpg = Gpg::new();
    let key = owner_with_subkey(&gpg);
    let exported = gpg.run(&["--passphrase", "", "--armor", "--export-secret-subkeys", &key], b"");
    let exported = String::from_utf8(exported).expect("armored");
    let signed = we_sign(&exported).expect("a signature");
    assert_eq!(we_verify(&gpg.public(&[&key]), &signed), Ok(key));
}
