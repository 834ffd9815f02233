//! DER for the fake authorities: just enough to write a timestamp (RFC 3161, section 2.4.2) by hand.
//!
//! In: a signature's digest, a time, a key. Out: what a timestamp authority answers.

use jiff::Timestamp;
use signing::{KeyPair, Message, Signer as _};

use super::rekor::sha256;

const SHA256: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];
const ECDSA_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
const SIGNED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
const TST_INFO: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x04];
const CONTENT_TYPE: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x03];
const MESSAGE_DIGEST: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x04];
const POLICY: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0x83, 0xbf, 0x30, 0x02];
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];

/// A value with its tag and length.
pub(super) fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let value = parts.concat();
    let length = match value.len() {
        short @ 0..=127 => vec![u8::try_from(short).unwrap()],
        middle @ 128..=255 => vec![0x81, u8::try_from(middle).unwrap()],
        long => [&[0x82][..], &u16::try_from(long).unwrap().to_be_bytes()].concat(),
    };
    [&[tag][..], &length, &value].concat()
}

fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    tlv(0x30, parts)
}

fn set(parts: &[&[u8]]) -> Vec<u8> {
    tlv(0x31, parts)
}

fn oid(bytes: &[u8]) -> Vec<u8> {
    tlv(0x06, &[bytes])
}

fn number(one: u8) -> Vec<u8> {
    tlv(0x02, &[&[one]])
}

/// A name with nothing but a common name.
fn name(text: &str) -> Vec<u8> {
    sequence(&[&set(&[&sequence(&[&oid(COMMON_NAME), &tlv(0x0c, &[text.as_bytes()])])])])
}

fn info(digest: &[u8], time: Timestamp) -> Vec<u8> {
    let time = time.strftime("%Y%m%d%H%M%SZ").to_string();
    let imprint = sequence(&[&sequence(&[&oid(SHA256), &[5, 0]]), &tlv(0x04, &[digest])]);
    sequence(&[&number(1), &oid(POLICY), &imprint, &number(9), &tlv(0x18, &[time.as_bytes()])])
}

/// A granted timestamp by the authority whose certificate `issuer` issued under the number `serial`.
pub(super) fn timestamp(digest: &[u8], time: Timestamp, key: &KeyPair, issuer: &str, serial: u8) -> Vec<u8> {
    let info = info(digest, time);
    let attribute = |kind: &[u8], value: &[u8]| sequence(&[&oid(kind), &set(&[value])]);
    let digest = tlv(0x04, &[&sha256(&info)]);
    let attributes = [attribute(CONTENT_TYPE, &oid(TST_INFO)), attribute(MESSAGE_DIGEST, &digest)].concat();
    let signature = key.sign(&Message::Bytes(&set(&[&attributes]))).unwrap().bytes;
    let by = sequence(&[&name(issuer), &number(serial)]);
    let (hash, algorithm) = (sequence(&[&oid(SHA256)]), sequence(&[&oid(ECDSA_SHA256)]));
    let signer = sequence(&[&number(1), &by, &hash, &tlv(0xa0, &[&attributes]), &algorithm, &tlv(0x04, &[&signature])]);
    let content = sequence(&[&oid(TST_INFO), &tlv(0xa0, &[&tlv(0x04, &[&info])])]);
    let data = sequence(&[&number(3), &set(&[&hash]), &content, &set(&[&signer])]);
    let token = sequence(&[&oid(SIGNED_DATA), &tlv(0xa0, &[&data])]);
    sequence(&[&sequence(&[&number(0)]), &token])
}
