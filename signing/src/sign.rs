//! What is signed about an image, by any signer.
//!
//! In: a signer, a digest, a name, a statement. Out: a bundle, or a classic signature with its payload.
//! Specifications: the modules `bundle`, `classic`, `statement`.

use blob::Digest;

use crate::{Bundle, ClassicSignature, CosignSignature, Message, SignError, Signer, SimpleSigning, Statement, Subject};

/// Signs the bytes of a statement. With a key in memory, an equal statement gives an equal bundle.
pub fn sign_statement(signer: &dyn Signer, statement: Vec<u8>) -> Result<Bundle, SignError> {
    let signature = signer.sign(&Message::Statement(&statement))?;
    Ok(Bundle::of_statement(statement, signature.bytes, signature.material))
}

/// The statement "I release this image under this name", which cosign 3 takes as a signature once it is signed. `name` is
/// `HOST/REPOSITORY`; cosign writes none, and so cannot tell a signature that was carried to another repository.
pub fn release_statement(digest: &Digest, name: &str) -> Vec<u8> {
    Statement::new(vec![Subject::named(name, digest)], CosignSignature {}).to_bytes()
}

/// Signs the [`release_statement`].
pub fn sign_image(signer: &dyn Signer, digest: &Digest, name: &str) -> Result<Bundle, SignError> {
    sign_statement(signer, release_statement(digest, name))
}

/// The classic signature, and its payload, which is the blob of its layer. `reference` is `HOST/REPOSITORY`, or with a tag.
/// Only for signers with a key: classic certificates need a transparency log that we do not ask.
pub fn sign_classic(
    signer: &dyn Signer,
    digest: &Digest,
    reference: &str,
) -> Result<(ClassicSignature, Vec<u8>), SignError> {
    let payload = SimpleSigning { reference: reference.to_owned(), digest: digest.clone() }.to_bytes();
    let signature = signer.sign(&Message::Bytes(&payload))?;
    Ok((ClassicSignature::new(&payload, signature.bytes), payload))
}
