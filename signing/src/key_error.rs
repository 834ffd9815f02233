//! Why bytes are no key, said once for public and private ones.
//!
//! In: what was found. Out: a sentence that says what was expected; never a byte of the key.

/// Why bytes are no key that can be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// More bytes than any key has.
    #[error("the key has {size} bytes: expected at most {largest}; is it another file?")]
    TooLarge {
        /// Its size.
        size: usize,
        /// The bound.
        largest: usize,
    },
    /// No PEM.
    #[error("the key cannot be read: expected PEM: {0}")]
    Pem(String),
    /// Other bytes than the PEM says.
    #[error("the key cannot be read: {0}")]
    Der(String),
    /// A public key was wanted.
    #[error("the key is a `{0}`: expected a `PUBLIC KEY`, such as the file `cosign.pub`")]
    NotPublic(String),
    /// One key was wanted.
    #[error("the file holds {0} keys: expected one")]
    Several(usize),
    /// A private key was wanted.
    #[error(
        "the key is a `{0}`: expected a `PRIVATE KEY` (PKCS #8), an `EC PRIVATE KEY` or an `ENCRYPTED SIGSTORE PRIVATE KEY`"
    )]
    NotPrivate(String),
    /// OpenSSL's encryption, which we do not read.
    #[error(
        "the key is a PKCS #8 key that OpenSSL encrypted: expected cosign's encryption or none; `cosign import-key-pair --key FILE` converts it"
    )]
    OtherEncryption,
    /// An algorithm that we cannot use.
    #[error("the key is of algorithm `{0}`: expected ECDSA P-256 or P-384, Ed25519, or RSA of 2048 to 8192 bits")]
    Algorithm(String),
    /// A private key of another kind than we sign with.
    #[error("the private key is no P-256 key: {0}; make one by `cosign generate-key-pair`")]
    NotP256(String),
    /// The key is encrypted.
    #[error("the key is encrypted: give its password")]
    PasswordMissing,
    /// The password does not open it.
    #[error("the password is wrong, or the key is damaged")]
    WrongPassword,
    /// The encrypted container is odd.
    #[error("the encrypted key cannot be read: {0}")]
    Container(String),
}
