//! Credential helpers: programs that know passwords, started when one is needed.
//!
//! In: a helper's name and a host. Out: a credential, or none where the helper knows of none. A helper that hangs is ended.
//! Protocol: <https://github.com/docker/docker-credential-helpers#development>.

use std::process::{Output, Stdio};
use std::time::Duration;

use serde::Deserialize;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::super::error::one_line;
use super::{Credential, CredentialError};

/// No helper says more.
const LARGEST_OUTPUT: u64 = 64 * 1024;
/// What helpers print when they know nothing about a host.
const NOTHING_KNOWN: &str = "credentials not found";
/// The user that stands for an identity token.
const TOKEN_USER: &str = "<token>";
/// Words of that length with digits in them may be secrets.
const LONGEST_WORD: usize = 20;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Found {
    #[serde(default)]
    username: String,
    #[serde(default)]
    secret: String,
}

/// Asks `docker-credential-NAME` about a host.
pub(crate) async fn ask(name: &str, key: &str, patience: Duration) -> Result<Option<Credential>, CredentialError> {
    let program = format!("docker-credential-{name}");
    let failed = |reason: String| CredentialError::Helper { program: program.clone(), host: key.to_owned(), reason };
    if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')) {
        return Err(failed("its name is none: expected letters, digits, `-`, `_` and `.`".to_owned()));
    }
    match timeout(patience, run(&program, key)).await {
        Err(_) => Err(failed(format!("it did not answer within {} seconds and was ended", patience.as_secs_f32()))),
        Ok(Err(reason)) => Err(failed(reason)),
        Ok(Ok(output)) => read(&output).map_err(failed),
    }
}

async fn run(program: &str, key: &str) -> Result<Output, String> {
    let mut child = start(program)?;
    let (mut stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let feed = async {
        if let Some(stdin) = &mut stdin {
            // A helper may answer without reading.
            let _ = stdin.write_all(key.as_bytes()).await;
        }
        drop(stdin.take());
    };
    let ((), stdout, stderr) = tokio::join!(feed, drain(stdout), drain(stderr));
    let status = child.wait().await.map_err(|error| error.to_string())?;
    Ok(Output { status, stdout, stderr })
}

fn start(program: &str) -> Result<Child, String> {
    let piped = || Stdio::piped();
    let child =
        Command::new(program).arg("get").stdin(piped()).stdout(piped()).stderr(piped()).kill_on_drop(true).spawn();
    child.map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => "it is not installed: expected it in a folder of `PATH`".to_owned(),
        _ => format!("it cannot be started: {error}"),
    })
}

async fn drain(pipe: Option<impl AsyncRead + Unpin>) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        // What cannot be read was not said.
        let _ = pipe.take(LARGEST_OUTPUT).read_to_end(&mut bytes).await;
    }
    bytes
}

/// Reads what a helper said. Its output is never shown: it may be a password.
fn read(output: &Output) -> Result<Option<Credential>, String> {
    let said = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        if said.to_lowercase().contains(NOTHING_KNOWN) {
            return Ok(None);
        }
        let complaint = without_secrets(&String::from_utf8_lossy(&output.stderr));
        let complaint = if complaint.is_empty() { "nothing on stderr".to_owned() } else { format!("`{complaint}`") };
        return Err(format!("it failed ({}) and said {complaint}", output.status));
    }
    let found: Found = serde_json::from_slice(&output.stdout)
        .map_err(|_| "its answer cannot be read: expected JSON with `Username` and `Secret`".to_owned())?;
    Ok(match (found.username, found.secret) {
        (_, secret) if secret.is_empty() => None,
        (user, token) if user == TOKEN_USER => Some(Credential::IdentityToken(token)),
        (user, password) => Some(Credential::Password { user, password }),
    })
}

/// One line of a complaint, with `…` for every word that may be a secret.
fn without_secrets(text: &str) -> String {
    let line = one_line(text, 400);
    let secret = |word: &str| {
        let digits = word.bytes().any(|byte| byte.is_ascii_digit());
        word.len() >= LONGEST_WORD && digits && !word.starts_with('/') && !word.contains("://")
    };
    let words = line.split(' ').map(|word| if secret(word) { "…" } else { word });
    one_line(&words.collect::<Vec<_>>().join(" "), 200)
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;
    use std::process::ExitStatus;

    use super::*;

    fn said(code: i32, stdout: &str, stderr: &str) -> Result<Option<Credential>, String> {
        let status = ExitStatus::from_raw(code << 8);
        read(&Output { status, stdout: stdout.into(), stderr: stderr.into() })
    }

    #[test]
    fn reads_passwords_and_tokens_and_knows_when_nothing_is_known() {
        let password = Credential::Password { user: "u".to_owned(), password: "p".to_owned() };
        assert_eq!(said(0, r#"{"ServerURL":"x","Username":"u","Secret":"p"}"#, ""), Ok(Some(password)));
        let token = Some(Credential::IdentityToken("t".to_owned()));
        assert_eq!(said(0, r#"{"Username":"<token>","Secret":"t"}"#, ""), Ok(token));
        assert_eq!(said(0, r#"{"Username":"","Secret":""}"#, ""), Ok(None));
        assert_eq!(said(1, "credentials not found in native keychain\n", ""), Ok(None));
    }

    #[test]
    fn what_a_helper_says_is_shown_without_secrets() {
        let error =
            said(1, "hunter2", "no\nkeychain at /run/user/1000/keychain0000: token=eyJhbGciOiJIUzI1NiJ9.e30 bad");
        let expected = "it failed (exit status: 1) and said `no keychain at /run/user/1000/keychain0000: … bad`";
        assert_eq!(error.unwrap_err(), expected);
        assert!(said(3, "", "").unwrap_err().ends_with("said nothing on stderr"));
        let error = said(0, r#"{"Secret":"hunter2""#, "").unwrap_err();
        assert!(error.contains("expected JSON with `Username`") && !error.contains("hunter2"), "{error}");
    }
}
