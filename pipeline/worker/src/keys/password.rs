//! The password of an encrypted key: from a file, or from the environment; never from a flag or the settings.
//!
//! In: a file's path, or none. Out: the password, or none where nobody gave one.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;

use signing::Password;

use crate::keys::KeysError;
use crate::keys::stored::read_secret;

/// The variable of the environment that is looked at first.
pub const KEY_PASSWORD: &str = "BEDPLATE_KEY_PASSWORD";
/// The variable of the environment that cosign looks at too.
pub const COSIGN_PASSWORD: &str = "COSIGN_PASSWORD";

/// The password in a file, without a line feed at its end; else that of the environment.
pub fn key_password(file: Option<&Path>) -> Result<Option<Password>, KeysError> {
    password_from(file, |name| std::env::var_os(name))
}

fn password_from(
    file: Option<&Path>,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<Option<Password>, KeysError> {
    let Some(file) = file else {
        let found = variable(KEY_PASSWORD).or_else(|| variable(COSIGN_PASSWORD));
        return Ok(found.map(|text| Password::new(text.into_vec())));
    };
    let bytes = read_secret(file)?;
    let line = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.is_empty() { Err(KeysError::Empty(file.to_owned())) } else { Ok(Some(Password::new(line))) }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use signing::KeyPair;

    use super::*;

    /// Which of these passwords was found: a key that it opens tells.
    fn opens(found: Option<&Password>, expected: &str) -> bool {
        let pair = KeyPair::from_seed(&[7; 32]).unwrap();
        let sealed = pair.to_encrypted_pem(&Password::new(expected), &[1; 56]).unwrap();
        KeyPair::from_pem(sealed.as_bytes(), found).is_ok()
    }

    #[test]
    fn a_file_goes_before_the_environment_and_our_variable_before_cosigns() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        std::fs::write(&file, "of the file\r\n").unwrap();
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).unwrap();
        let both = |name: &str| Some(OsString::from(name));
        let cosign = |name: &str| (name == COSIGN_PASSWORD).then(|| OsString::from("of cosign"));
        assert!(opens(password_from(Some(&file), both).unwrap().as_ref(), "of the file"));
        assert!(opens(password_from(None, both).unwrap().as_ref(), KEY_PASSWORD));
        assert!(opens(password_from(None, cosign).unwrap().as_ref(), "of cosign"));
        assert!(password_from(None, |_| None).unwrap().is_none());
    }

    #[test]
    fn an_empty_or_open_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        std::fs::write(&file, "\n").unwrap();
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o644)).unwrap();
        let error = password_from(Some(&file), |_| None).unwrap_err().to_string();
        assert!(error.contains("has mode 644: expected 600") && error.contains("run `chmod 600 "), "{error}");
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).unwrap();
        let error = password_from(Some(&file), |_| None).unwrap_err().to_string();
        assert!(error.starts_with(&format!("the file `{}` is empty", file.display())), "{error}");
    }
}
