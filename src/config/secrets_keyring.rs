//! The system's keyring: Secret Service on Linux, Keychain on macOS, Credential Manager on Windows. Only builds with the feature
//! `keyring` have it; the others say so.

#[cfg(feature = "keyring")]
use std::sync::mpsc;
#[cfg(feature = "keyring")]
use std::time::Duration;

use secrecy::SecretString;

use super::{SecretError, fail};

/// A keyring that is locked asks its person, who may take that long.
#[cfg(feature = "keyring")]
const PATIENCE: Duration = Duration::from_mins(1);

/// The secret that the keyring keeps for `user` under `service`.
///
/// # Errors
/// The build has no keyring, none answers, it stays locked, or it has no such entry; each says what to do.
#[cfg(feature = "keyring")]
pub(super) fn secret(service: &str, user: &str) -> Result<SecretString, SecretError> {
    let (send, answer) = mpsc::channel();
    let asked = (service.to_owned(), user.to_owned());
    // A prompt that nobody answers keeps this thread: it is never joined, only waited for.
    std::thread::spawn(move || drop(send.send(ask(&asked.0, &asked.1))));
    answer.recv_timeout(PATIENCE).unwrap_or_else(|_| {
        fail(
            format!("the keyring did not answer within {} s", PATIENCE.as_secs()),
            "unlock it: it may be waiting for you",
        )
    })
}

/// See above.
#[cfg(not(feature = "keyring"))]
pub(super) fn secret(_service: &str, _user: &str) -> Result<SecretString, SecretError> {
    fail(
        "this flightdeck was built without the keyring",
        "build it with `--features keyring`, or name a variable, a file or a program",
    )
}

#[cfg(feature = "keyring")]
fn ask(service: &str, user: &str) -> Result<SecretString, SecretError> {
    use keyring::Error;
    if let Err(e) = keyring::Entry::store_status() {
        return fail(
            format!("no keyring answers: {e}"),
            "start one in this session, and flightdeck anew; over SSH there is often none: then name a file or a program",
        );
    }
    let found = keyring::Entry::new(service, user).and_then(|entry| entry.get_password());
    found.map(SecretString::from).or_else(|e| match e {
        Error::NoEntry => fail(
            format!("the keyring has no entry of the service `{service}` for `{user}`"),
            store_it(service, user),
        ),
        Error::NoStorageAccess(why) => {
            fail(format!("the keyring can't be read: {why}"), "unlock it")
        }
        Error::Ambiguous(all) => fail(
            format!(
                "the keyring has {} entries of the service `{service}` for `{user}`",
                all.len()
            ),
            "delete those that are too many, or name another service",
        ),
        // What these carry is the secret itself.
        Error::BadEncoding(_) | Error::BadDataFormat(..) => fail(
            format!("the entry of the service `{service}` in the keyring is not text"),
            "store the secret there, on one line",
        ),
        other => fail(
            format!("the keyring failed: {other}"),
            "try again, or name a file or a program",
        ),
    })
}

/// How an entry is made.
#[cfg(feature = "keyring")]
fn store_it(service: &str, user: &str) -> String {
    if cfg!(target_os = "macos") {
        format!("store it: security add-generic-password -s {service} -a {user} -w")
    } else if cfg!(windows) {
        format!("store it: cmdkey /generic:{user}.{service} /user:{user} /pass")
    } else {
        format!("store it: secret-tool store --label={service} service {service} username {user}")
    }
}
