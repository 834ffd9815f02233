"""Matches installed sources to the tracker's rows a second way: written after the tracker's own words, with none of the product's code.

In: the tracker's JSON, then lines `release source version`. Out: lines `release source version id status fixed`, sorted; `-` for no fixed version.
"""

import json
import sys


def weight(character):
    """Policy 5.6.12: the tilde, the end, letters, everything else."""
    if character == "~":
        return -1
    if character.isalpha():
        return ord(character)
    return ord(character) + 256


def pieces(text):
    """Words and numbers in turn, beginning with a word."""
    at = 0
    while at < len(text):
        begin = at
        while at < len(text) and not text[at].isdigit():
            at += 1
        word = [weight(character) for character in text[begin:at]] + [0]
        begin = at
        while at < len(text) and text[at].isdigit():
            at += 1
        yield word, int(text[begin:at] or "0")


def key(version):
    """Something that orders as the version does. An end is an empty word and nought, so both are put behind."""
    epoch, colon, rest = version.partition(":")
    if not colon:
        epoch, rest = "0", version
    upstream, _, revision = rest.rpartition("-") if "-" in rest else (rest, "", "")
    end = ([0], 0)
    return int(epoch), [*pieces(upstream), end], [*pieces(revision), end]


def compare(one, other):
    for left, right in zip(key(one), key(other)):
        if isinstance(left, int):
            if left != right:
                return -1 if left < right else 1
            continue
        length = max(len(left), len(right))
        left, right = (it + [([0], 0)] * (length - len(it)) for it in (left, right))
        if left != right:
            return -1 if left < right else 1
    return 0


def below(one, other):
    return compare(one, other) < 0


def status(row, version):
    """What a row means for an installed version, and from which version on it does not; None for nothing."""
    said, urgency, fixed = row["status"], row["urgency"], row.get("fixed_version")
    if said == "resolved" and fixed is None:
        return "unknown", None
    if said == "resolved" and fixed == "0":
        return "not-affected", None
    if said == "resolved":
        if not below(version, fixed):
            return None
        if urgency == "unimportant":
            return "negligible", fixed
        suites = row.get("repositories", {}).values()
        had = not suites or any(not below(it, fixed) for it in suites)
        return ("fixable" if had else "fix-announced"), fixed
    if said == "undetermined":
        return "under-investigation", None
    if said != "open":
        return "unknown", None
    if urgency == "unimportant":
        return "negligible", None
    if urgency == "end-of-life":
        return "end-of-life", None
    if row.get("next_point_update"):
        return "fix-pending", None
    if "nodsa" not in row and "nodsa_reason" not in row:
        return "affected", None
    reasons = {"": "no-dsa", "postponed": "postponed", "ignored": "ignored"}
    return reasons.get(row.get("nodsa_reason", ""), "unknown"), None


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        tracker = json.load(file)
    found = []
    for line in sys.stdin:
        release, source, version = line.split()
        for name, issue in tracker.get(source, {}).items():
            row = issue["releases"].get(release)
            verdict = row and status(row, version)
            if verdict:
                found.append((release, source, version, name, verdict[0], verdict[1] or "-"))
    for words in sorted(found):
        print(*words)


if __name__ == "__main__":
    main()
