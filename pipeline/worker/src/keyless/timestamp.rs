//! A timestamp authority: it signs that a signature was there at this moment, so that its certificate's ten minutes may pass.
//!
//! In: a signature. Out: the authority's answer in DER, as bundles carry it. Whether it is good is judged by the trusted root.
//! Specification: <https://www.rfc-editor.org/rfc/rfc3161#section-2.4.1>, over HTTP as its section 3.4 has it.
//!
//! The request has no nonce: the signature that it names is new each time, so that no older answer fits it.

use super::error::KeylessError;
use super::rekor::sha256;
use super::service::{Service, Sought};

const SOUGHT: Sought = Sought { asked: "a timestamp", most: 256 * 1024 };

/// `TimeStampReq` up to the digest: version 1; `messageImprint` with the algorithm SHA-256 without parameters' content.
const BEFORE: [u8; 24] = [
    0x30, 0x39, 0x02, 0x01, 0x01, 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
    0x01, 0x05, 0x00, 0x04, 0x20,
];
/// After the digest: `certReq` is true, so that the answer can be checked by those who know only the root.
const AFTER: [u8; 3] = [0x01, 0x01, 0xff];

/// A timestamp over a signature.
pub(super) async fn timestamp(service: &Service, signature: &[u8]) -> Result<Vec<u8>, KeylessError> {
    let body = request(&sha256(signature));
    let answer = service.post(&service.url, "application/timestamp-query", body, SOUGHT).await?;
    // Every answer is a sequence; a page of HTML is told apart here, the rest by the trusted root.
    if answer.first() == Some(&0x30) { Ok(answer) } else { Err(service.answered(SOUGHT, "expected DER (RFC 3161)")) }
}

fn request(digest: &[u8]) -> Vec<u8> {
    [&BEFORE[..], digest, &AFTER].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_has_the_lengths_that_it_names() {
        let request = request(&sha256(b"x"));
        assert_eq!((request.len(), usize::from(request[1]) + 2), (59, 59));
        assert_eq!(usize::from(request[6]) + 7, 59 - AFTER.len());
        assert_eq!(&request[24..28], [0x2d, 0x71, 0x16, 0x42]);
    }
}
