"""Finds vulnerabilities by another way than bedplate: a few lines over the same data, with dpkg's own order of versions.

In: TRACKER RELEASE (status FILE | layout FOLDER TAG PLATFORM-ARCHITECTURE). Out: a JSON list of [source, version, id, status], sorted.
"""

import functools
import gzip
import io
import json
import pathlib
import subprocess
import sys
import tarfile


@functools.cache
def below(one, other):
    """Whether dpkg sorts one version below another."""
    return subprocess.run(["dpkg", "--compare-versions", one, "lt", other], check=False).returncode == 0


def judge(row, installed):
    """What one row says of an installed version; None where it has the fix."""
    status, urgency = row["status"], row["urgency"]
    if status == "resolved":
        fixed = row["fixed_version"]
        if fixed == "0":
            return "not-affected"
        if not below(installed, fixed):
            return None
        if urgency == "unimportant":
            return "negligible"
        there = any(not below(version, fixed) for version in row["repositories"].values())
        return "fixable" if there else "fix-announced"
    if status == "undetermined":
        return "under-investigation"
    if status != "open":
        return "unknown"
    if urgency in ("unimportant", "end-of-life"):
        return {"unimportant": "negligible"}.get(urgency, urgency)
    if row.get("next_point_update"):
        return "fix-pending"
    if "nodsa" in row:
        return {"": "no-dsa"}.get(row.get("nodsa_reason", ""), row.get("nodsa_reason"))
    return "affected"


def sources(text):
    """(source, version) of everything installed in records of dpkg's."""
    found = set()
    for record in text.split("\n\n"):
        fields = dict(line.split(":", 1) for line in record.splitlines() if ":" in line and line[0] not in " \t")
        fields = {name: value.strip() for name, value in fields.items()}
        if "Package" not in fields or fields.get("Status", "x y installed").split()[2] != "installed":
            continue
        source, _, version = fields.get("Source", fields["Package"]).partition(" (")
        found.add((source.strip(), version.rstrip(")") or fields["Version"]))
    return found


def records(folder, tag, architecture):
    """All records in the layers of an image in a layout, upper layers over lower ones; ours take nothing away."""
    root = pathlib.Path(folder)

    def blob(descriptor):
        return (root / "blobs" / descriptor["digest"].replace(":", "/")).read_bytes()

    index = json.loads((root / "index.json").read_text())["manifests"]
    top = next(it for it in index if it.get("annotations", {}).get("org.opencontainers.image.ref.name", tag) == tag)
    one = next(it for it in json.loads(blob(top))["manifests"] if it["platform"]["architecture"] == architecture)
    texts = {}
    for layer in json.loads(blob(one))["layers"]:
        with tarfile.open(fileobj=io.BytesIO(gzip.decompress(blob(layer)))) as archive:
            for entry in archive:
                path = entry.name.removeprefix("./").lstrip("/")
                assert ".wh." not in path, path
                if path.startswith("var/lib/dpkg/status.d/") and entry.isfile() and not path.endswith(".md5sums"):
                    texts[path] = archive.extractfile(entry).read().decode()
    return "\n\n".join(text.strip() for text in texts.values())


def main(tracker, release, kind, *where):
    rows = json.loads(pathlib.Path(tracker).read_text())
    text = pathlib.Path(where[0]).read_text() if kind == "status" else records(*where)
    found = []
    for source, version in sources(text):
        for name, record in rows.get(source, {}).items():
            status = release in record["releases"] and judge(record["releases"][release], version)
            if status:
                found.append([source, version, name, status])
    json.dump(sorted(found), sys.stdout)


main(*sys.argv[1:])
