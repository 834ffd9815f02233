//! Which part of a blob a request says that it brings.
//!
//! In: the headers `Content-Range` and `Content-Length`. Out: how many bytes must come, or the refusal of a piece out of order.
//! Specification: <https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-a-blob-in-chunks>.

use axum::http::HeaderMap;
use axum::http::header::{CONTENT_LENGTH, CONTENT_RANGE};

use super::errors::ApiError;

/// What a request says about its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Announced {
    range: Option<(u64, u64)>,
    length: Option<u64>,
}

impl Announced {
    /// Reads the headers. `bytes 0-9` is understood as well as `0-9`, because some clients write it.
    pub(crate) fn read(headers: &HeaderMap) -> Result<Self, ApiError> {
        let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
        let range = text(CONTENT_RANGE).map(range).transpose()?;
        Ok(Self { range, length: text(CONTENT_LENGTH).and_then(|text| text.parse().ok()) })
    }

    /// How many bytes must come, where that is said, if the piece begins where the upload ends.
    pub(crate) fn expected(self, uploaded: u64) -> Result<Option<u64>, ApiError> {
        let Some((start, end)) = self.range else { return Ok(self.length) };
        if start != uploaded {
            return Err(ApiError::out_of_order(uploaded));
        }
        let length = end - start + 1;
        match self.length.filter(|announced| *announced != length) {
            Some(other) => Err(ApiError::upload_invalid(format!(
                "`Content-Range` has {length} bytes and `Content-Length` is {other}: expected the same"
            ))),
            None => Ok(Some(length)),
        }
    }
}

fn range(text: &str) -> Result<(u64, u64), ApiError> {
    let bare = text.trim().trim_start_matches("bytes").trim_start_matches(['=', ' ']);
    let bare = bare.split_once('/').map_or(bare, |(range, _)| range);
    let numbers = bare.split_once('-').and_then(|(start, end)| Some((number(start)?, number(end)?)));
    numbers.filter(|(start, end)| start <= end && *end < u64::MAX).ok_or_else(|| {
        let text: String = text.chars().take(60).collect();
        ApiError::upload_invalid(format!("`{text}` is no range: expected `Content-Range: <first byte>-<last byte>`"))
    })
}

/// Digits only: `parse` would take a sign too.
fn number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn expected(range: &str, length: Option<u64>, uploaded: u64) -> Result<Option<u64>, u16> {
        let mut headers = HeaderMap::from_iter([(CONTENT_RANGE, HeaderValue::try_from(range).unwrap())]);
        headers.extend(length.map(|length| (CONTENT_LENGTH, HeaderValue::from(length))));
        let announced = Announced::read(&headers).and_then(|announced| announced.expected(uploaded));
        announced.map_err(|refusal| refusal.status().as_u16())
    }

    #[test]
    fn a_piece_begins_where_the_upload_ends() {
        assert_eq!(expected("0-9", Some(10), 0), Ok(Some(10)));
        assert_eq!(expected("10-10", None, 10), Ok(Some(1)));
        assert_eq!(expected("bytes 10-19/20", None, 10), Ok(Some(10)));
        assert_eq!(expected("0-9", Some(10), 10), Err(416));
        assert_eq!(expected("11-19", Some(9), 10), Err(416));
    }

    #[test]
    fn what_is_no_range_or_another_length_is_refused() {
        for range in ["", "9-0", "-9", "0-", "+0-9", "a-b", "0-18446744073709551615", "0-99999999999999999999"] {
            assert_eq!(expected(range, None, 0), Err(400), "{range}");
        }
        assert_eq!(expected("0-9", Some(9), 0), Err(400));
    }
}
