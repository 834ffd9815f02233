"""Judges reports and VEX documents with other people's validators. In: the folder of the schemas, then files whose endings say what they are.
Out: what is wrong, a line each; exit 1 if anything is."""

import json
import sys
from pathlib import Path

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from jsonschema import FormatChecker
from jsonschema.validators import validator_for
from packageurl import PackageURL

schemas = Path(sys.argv[1])


def by_schema(name, text):
    schema = json.loads((schemas / name).read_text())
    validator = validator_for(schema)
    validator.check_schema(schema)
    for error in validator(schema, format_checker=FormatChecker()).iter_errors(json.loads(text)):
        yield f"{error.json_path}: {error.message[:200]}"


def cyclonedx(text):
    error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if error is not None:
        yield str(error).splitlines()[0]
    document = json.loads(text)
    known = {component["bom-ref"] for component in document["components"]}
    for component in document["components"]:
        yield from canonical(component["purl"])
    for vulnerability in document["vulnerabilities"]:
        for affected in vulnerability["affects"]:
            if affected["ref"] not in known:
                yield f"`{affected['ref']}` is no component"


def openvex(text):
    yield from by_schema("openvex_json_schema.json", text)
    seen = set()
    for statement in json.loads(text)["statements"]:
        for product in statement["products"]:
            yield from canonical(product["@id"])
            for part in product.get("subcomponents", [{"@id": None}]):
                if part["@id"]:
                    yield from canonical(part["@id"])
                key = (statement["vulnerability"]["name"], parsed(product["@id"]), parsed(part["@id"]))
                if key in seen:
                    yield f"two statements on {key}"
                seen.add(key)


def parsed(purl):
    return purl and str(PackageURL.from_string(purl).to_dict())


def canonical(text):
    """A package URL is well formed and canonical, but for slashes in qualifiers, which this library leaves, and the case of hexadecimal digits, which
    it lowers in names."""
    again = PackageURL.from_string(text).to_string()
    if again.replace("/", "%2F").lower() != text.replace("/", "%2F").lower():
        yield f"`{text}` is canonically `{again}`"


judges = {
    ".cdx.json": cyclonedx,
    "vex.json": openvex,
    "index.json": lambda text: by_schema("vex-repo-index.schema.json", text),
    "vex-repository.json": lambda text: by_schema("vex-repository.schema.json", text),
}
wrong = []
for path in sys.argv[2:]:
    judge = next(judge for ending, judge in judges.items() if path.endswith(ending))
    wrong += [f"{path}: {problem}" for problem in judge(Path(path).read_text())]
print("\n".join(wrong[:50]))
sys.exit(1 if wrong else 0)
