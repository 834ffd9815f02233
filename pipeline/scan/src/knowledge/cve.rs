//! The id of a vulnerability as one number, for lists of hundreds of thousands.

/// `CVE-2024-1234` as a number that orders by year and then by number; none for anything else.
///
/// CVE ids have a year of four digits and a number of at least four, without leading zeros beyond these (CVE's rules, ID syntax).
pub(super) fn cve_number(id: &str) -> Option<u64> {
    let (year, number) = id.strip_prefix("CVE-")?.split_once('-')?;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let shape = year.len() == 4 && (4..=12).contains(&number.len()) && digits(year) && digits(number);
    let canonical = number.len() == 4 || !number.starts_with('0');
    let (year, number): (u64, u64) = (year.parse().ok()?, number.parse().ok()?);
    (shape && canonical).then_some(year << 40 | number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_cve_ids_are_numbers_and_no_two_are_the_same() {
        assert!(cve_number("CVE-2021-0002") < cve_number("CVE-2021-10000"));
        assert!(cve_number("CVE-2021-999999999999") < cve_number("CVE-2022-0001"));
        for other in
            ["CVE-2021-002", "CVE-2021-00002", "CVE-21-0002", "TEMP-0000000-ABCDEF", "CVE-2021-+002", "CVE-2021-", ""]
        {
            assert_eq!(cve_number(other), None, "{other}");
        }
    }
}
