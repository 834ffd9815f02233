"""Judges SBOMs with other people's validators. In: pairs of files, SPDX then CycloneDX. Out: what is wrong, a line each; exit 1 if anything is."""

import json
import sys

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL
from spdx_tools.spdx.parser.error import SPDXParsingError
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document


def spdx(path):
    try:
        messages = validate_full_spdx_document(parse_file(path))
    except SPDXParsingError as error:
        messages = []
        yield from error.get_messages()
    for message in messages:
        yield f"{message.validation_message} [{message.context.spdx_id}]"
    for package in json.load(open(path))["packages"]:
        for reference in package.get("externalRefs", []):
            if reference["referenceType"] == "purl":
                yield from purl(reference["referenceLocator"])


def cyclonedx(path):
    text = open(path).read()
    error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if error is not None:
        yield str(error).splitlines()[0]
    for component in json.loads(text)["components"]:
        if "purl" in component:
            yield from purl(component["purl"])


def purl(text):
    """A package URL is well formed and canonical, the escaping of slashes in qualifiers aside: this library leaves them."""
    again = PackageURL.from_string(text).to_string()
    if again.replace("/", "%2F") != text.replace("/", "%2F"):
        yield f"`{text}` is canonically `{again}`"


wrong = []
for at, path in enumerate(sys.argv[1:]):
    wrong += [f"{path}: {problem}" for problem in (cyclonedx if at % 2 else spdx)(path)]
print("\n".join(wrong[:50]))
sys.exit(1 if wrong else 0)
