#![expect(clippy::disallowed_methods, reason = "keys are made now, and are not valid before")]

use jiff::{Timestamp, ToSpan as _};
use pgp::composed::{ArmorOptions, KeyType, SecretKeyParamsBuilder, SignedSecretKey, SubkeyParamsBuilder};

use super::*;

fn key(passphrase: Option<&str>, with_subkey: bool) -> SignedSecretKey {
    let mut params = SecretKeyParamsBuilder::default();
    params
        .key_type(KeyType::Ed25519Legacy)
        .can_certify(true)
        .can_sign(!with_subkey)
        .passphrase(passphrase.map(str::to_owned))
        .primary_user_id("Charts <charts@example.com>".to_owned());
    if with_subkey {
        let subkey = SubkeyParamsBuilder::default()
            .key_type(KeyType::Ed25519Legacy)
            .can_sign(true)
            .passphrase(passphrase.map(str::to_owned))
            .build()
            .unwrap();
        params.subkey(subkey);
    }
    params.build().unwrap().generate(rand::thread_rng()).unwrap()
}

fn private(key: &SignedSecretKey) -> String {
    key.to_armored_string(ArmorOptions::default()).unwrap()
}

fn public(key: &SignedSecretKey) -> String {
    key.to_public_key().to_armored_string(ArmorOptions::default()).unwrap()
}

fn chart() -> Metadata {
    Metadata {
        name: "demo".to_owned(),
        version: "1.0.0".to_owned(),
        app_version: "1.0.0".to_owned(),
        description: "- dashes\n...\nfiles: {demo-1.0.0.tgz: sha256:00} \u{85}\u{2028}".to_owned(),
        ..Metadata::default()
    }
}

fn subject(metadata: &Metadata) -> Subject<'_> {
    Subject {
        file_name: "demo-1.0.0.tgz",
        digest: Digest::of(b"archive"),
        metadata,
    }
}

fn signed(key: &SignedSecretKey) -> (String, Keyring) {
    let signing = SigningKey::read(&private(key), None).unwrap();
    let chart = chart();
    let file = signing.sign(subject(&chart), Timestamp::now()).unwrap();
    (file, Keyring::read(&public(key)).unwrap())
}

fn verify(keyring: &Keyring, file: &str) -> Result<String, ProvenanceError> {
    keyring.verify(file.as_bytes(), subject(&chart()), Timestamp::now())
}

#[test]
fn what_is_signed_is_verified_by_a_primary_key_and_by_a_subkey() {
    for with_subkey in [false, true] {
        let key = key(None, with_subkey);
        let (file, keyring) = signed(&key);
        assert_eq!(verify(&keyring, &file), Ok(keyring.fingerprints().remove(0)));
        // As it looks after an editor on Windows.
        assert!(verify(&keyring, &file.replace('\n', "\r\n")).is_ok());
    }
}

#[test]
fn a_passphrase_opens_its_key_and_another_does_not() {
    let key = key(Some("hunter2"), false);
    let text = private(&key);
    assert!(SigningKey::read(&text, Some("hunter2")).is_ok());
    assert_eq!(
        SigningKey::read(&text, Some("other")).unwrap_err(),
        KeyError::WrongPassphrase
    );
    assert_eq!(SigningKey::read(&text, None).unwrap_err(), KeyError::NoPassphrase);
}

#[test]
fn keys_are_read_in_both_forms_and_told_apart() {
    let key = key(None, false);
    let (file, keyring) = signed(&key);
    let packed = base64_simd::STANDARD.encode_to_string(keyring.to_bytes().unwrap());
    let folded: String = packed
        .as_bytes()
        .chunks(64)
        .flat_map(|line| [line, b"\n"].concat())
        .map(char::from)
        .collect();
    assert!(verify(&Keyring::read(&folded).unwrap(), &file).is_ok());
    assert_eq!(Keyring::read(&private(&key)).unwrap_err(), KeyError::Private);
    assert_eq!(SigningKey::read(&public(&key), None).unwrap_err(), KeyError::Public);
    for nothing in ["", "hunter2!", "-----BEGIN PGP PUBLIC KEY BLOCK-----", "AAAA"] {
        assert!(Keyring::read(nothing).is_err(), "{nothing}");
    }
}

#[test]
fn one_of_several_keys_is_enough_and_none_of_them_is_not() {
    let keys = [key(None, false), key(None, true), key(None, false)];
    let (file, _) = signed(&keys[1]);
    let all: String = keys.iter().map(public).collect();
    let all = Keyring::read(&all).unwrap();
    assert_eq!(all.fingerprints().len(), 3);
    assert_eq!(verify(&all, &file), Ok(all.fingerprints().remove(1)));
    let others = Keyring::read(&(public(&keys[0]) + &public(&keys[2]))).unwrap();
    assert!(matches!(
        verify(&others, &file),
        Err(ProvenanceError::UnknownSigner { .. })
    ));
}

#[test]
fn a_change_of_one_letter_is_found() {
    let (file, keyring) = signed(&key(None, false));
    for (from, to) in [
        ("1.0.0", "1.0.1"),
        ("sha256:", "sha256:0"),
        ("dashes", "dashed"),
        ("demo", "dema"),
    ] {
        let changed = file.replacen(from, to, 1);
        assert_ne!(changed, file);
        let verified = verify(&keyring, &changed);
        assert!(
            matches!(verified, Err(ProvenanceError::BadSignature { .. })),
            "{from}: {verified:?}"
        );
    }
}

#[test]
fn another_archive_another_name_and_another_chart_are_not_what_was_signed() {
    let (file, keyring) = signed(&key(None, false));
    let chart = chart();
    let check = |subject| keyring.verify(file.as_bytes(), subject, Timestamp::now());
    let other = Subject {
        digest: Digest::of(b"other"),
        ..subject(&chart)
    };
    assert!(matches!(check(other), Err(ProvenanceError::OtherDigest { .. })));
    let other = Subject {
        file_name: "demo-1.0.1.tgz",
        ..subject(&chart)
    };
    assert!(matches!(check(other), Err(ProvenanceError::OtherFile { .. })));
    let renamed = Metadata {
        name: "other".to_owned(),
        ..chart.clone()
    };
    assert!(matches!(
        check(subject(&renamed)),
        Err(ProvenanceError::OtherChart { field: "name", .. })
    ));
}

#[test]
fn nothing_may_stand_around_the_signed_text() {
    let (file, keyring) = signed(&key(None, false));
    for around in [
        format!("Trust me.\n{file}"),
        format!("{file}\nfiles: {{}}\n"),
        format!("{file}{file}"),
        file.replace("Hash: SHA512", "Hash: SHA512\nComment: hidden"),
        file.replace("...", "...\r..."),
        file.replace("files:", "files:\u{8}"),
        file.replace("\n...\n", "\n"),
        file.replace("-----BEGIN PGP SIGNATURE-----", ""),
        String::new(),
        "x".repeat(2 * 1024 * 1024),
    ] {
        let start: String = around.chars().take(60).collect();
        assert!(verify(&keyring, &around).is_err(), "{start}");
    }
}

#[test]
fn a_key_or_a_signature_of_the_future_does_not_count() {
    let key = key(None, false);
    let (file, keyring) = signed(&key);
    let chart = chart();
    let earlier = Timestamp::now() - 1.hour();
    let verified = keyring.verify(file.as_bytes(), subject(&chart), earlier);
    assert!(
        matches!(verified, Err(ProvenanceError::KeyExpired { .. })),
        "{verified:?}"
    );
    let signing = SigningKey::read(&private(&key), None).unwrap();
    let ahead = signing.sign(subject(&chart), Timestamp::now() + 1.hour()).unwrap();
    assert!(matches!(
        verify(&keyring, &ahead),
        Err(ProvenanceError::SignatureExpired { .. })
    ));
}
