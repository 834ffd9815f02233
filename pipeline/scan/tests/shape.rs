//! Files of each feed in: what is no such file, or not after the former one, is refused, with figures.

use std::fmt::Write as _;

use scan::{FeedKind, FeedShape, check_shape};

const TRACKER: &str = include_str!("tracker-sample/expected.json");
const NOTICES: &str = "[02 Feb 2020] DLA-12-1 a - security update\n\t{CVE-2020-1}\n\t[jessie] - a 1.0\n";
const SUPPORT: &str = "# columns\ngolang.*  limited  See the notes\n";
const KEV: &str = r#"{"dateReleased":"2025-08-25T17:04:19Z","count":1,"vulnerabilities":[{"cveID":"CVE-2025-48384","dateAdded":"2025-08-25"}]}"#;
const EPSS: &str =
    "#model_version:v1,score_date:2026-11-20T12:55:00Z\ncve,epss,percentile\nCVE-2024-3094,0.85,0.99312\n";
const OSV: &str = r#"{"id":"CVE-2024-1","modified":"2025-01-16T18:15:18Z"}"#;
const ALL: [(FeedKind, &str); 7] = [
    (FeedKind::Tracker, TRACKER),
    (FeedKind::Dsa, NOTICES),
    (FeedKind::Dla, NOTICES),
    (FeedKind::Support, SUPPORT),
    (FeedKind::Kev, KEV),
    (FeedKind::Epss, EPSS),
    (FeedKind::Osv, OSV),
];

fn shape(kind: FeedKind, text: &str, former: Option<&FeedShape>) -> Result<FeedShape, String> {
    check_shape(kind, text.as_bytes(), former).map_err(|error| error.to_string())
}

#[test]
fn a_good_file_is_counted_and_dated_and_may_follow_itself() {
    let expected = [(116, None), (1, Some("2020-02-02T00:00:00Z")), (1, Some("2020-02-02T00:00:00Z")), (1, None)]
        .into_iter()
        .chain([
            (1, Some("2025-08-25T17:04:19Z")),
            (1, Some("2026-11-20T12:55:00Z")),
            (1, Some("2025-01-16T18:15:18Z")),
        ]);
    for ((kind, text), (entries, date)) in ALL.into_iter().zip(expected) {
        let found = shape(kind, text, None).unwrap();
        let date = date.map(|date| date.parse().unwrap());
        assert_eq!(found, FeedShape { entries, bytes: text.len() as u64, date }, "{kind}");
        assert_eq!(shape(kind, text, Some(&found)), Ok(found));
    }
}

#[test]
fn html_emptiness_and_what_is_cut_off_are_refused_for_every_feed() {
    for (kind, text) in ALL {
        let refused = |text: &str, words: &str| {
            let error = shape(kind, text, None).unwrap_err();
            assert!(error.starts_with(&format!("checking feed {kind}: ")) && error.contains(words), "{error}");
            assert!(error.contains("the former file stays"), "{error}");
        };
        refused("\n<!DOCTYPE html><html><body>502</body></html>", "this is HTML");
        refused("", "0 bytes without any entry");
        refused(" \n", "2 bytes without any entry");
        if text.starts_with('{') {
            refused(&text[..text.len() * 2 / 3], "line");
        }
    }
    assert!(shape(FeedKind::Tracker, "{}", None).unwrap_err().contains("2 bytes without any entry"));
    assert!(shape(FeedKind::Kev, &KEV.replace(":1,", ":2,"), None).unwrap_err().contains("it counts 2 and has 1"));
    assert!(shape(FeedKind::Dsa, TRACKER, None).unwrap_err().contains("line 1"));
    assert!(shape(FeedKind::Epss, &EPSS.replace("0.85", "85"), None).unwrap_err().contains("line 3"));
    let error = check_shape(FeedKind::Support, b"a limited \xff", None).unwrap_err().to_string();
    assert!(error.contains("byte 10 is not UTF-8"), "{error}");
}

#[test]
fn a_file_that_shrinks_below_two_thirds_is_refused_with_both_figures() {
    for (kind, text) in ALL {
        let whole = shape(kind, text, None).unwrap();
        let former = FeedShape { entries: whole.entries * 3 / 2, ..whole };
        shape(kind, text, Some(&former)).unwrap();
        let former = FeedShape { entries: whole.entries * 3 / 2 + 1, ..whole };
        let error = shape(kind, text, Some(&former)).unwrap_err();
        assert!(error.contains(&format!("{} entries, and {} before", whole.entries, former.entries)), "{error}");
    }
    let mut list = String::new();
    (0..100).for_each(|at| writeln!(list, "s{at} limited x").unwrap());
    let former = shape(FeedKind::Support, &list, None).unwrap();
    let error = shape(FeedKind::Support, "# nothing\n", Some(&former)).unwrap_err();
    assert!(error.contains("0 entries, and 100 before"), "{error}");
}

#[test]
fn a_file_that_is_older_than_the_former_one_is_refused_with_both_dates() {
    for (kind, text, date) in
        [(FeedKind::Kev, KEV, "2025-08-25T17:04:20Z"), (FeedKind::Epss, EPSS, "2026-11-21T12:55:00Z")]
    {
        let former = FeedShape { date: Some(date.parse().unwrap()), ..shape(kind, text, None).unwrap() };
        let error = shape(kind, text, Some(&former)).unwrap_err();
        assert!(error.contains("it is of 202") && error.contains(&format!("the one before of {date}")), "{error}");
    }
    let [older, newer] = ["01 Feb", "03 Feb"].map(|day| format!("{}{NOTICES}", NOTICES.replace("02 Feb", day)));
    let former = shape(FeedKind::Dsa, &format!("{newer}{NOTICES}"), None).unwrap();
    assert!(shape(FeedKind::Dsa, &older, Some(&former)).unwrap_err().contains("it is of 2020-02-02T00:00:00Z"));
    shape(FeedKind::Dsa, &format!("{older}{NOTICES}"), Some(&former))
        .expect("a date was put right and nothing is missing");
}
