"""Fetches a page over TLS from a server of a private CA; Debian's CAs must refuse it."""
import os
import ssl
import urllib.error
import urllib.request

url = os.environ["SMOKE_URL"]
trusting = ssl.create_default_context(cafile="/smoke/ca.pem")
with urllib.request.urlopen(url, context=trusting, timeout=20) as answer:
    assert answer.status == 200, answer.status

default = ssl.create_default_context()
try:
    urllib.request.urlopen(url, context=default, timeout=20)
except urllib.error.URLError as error:
    assert isinstance(error.reason, ssl.SSLCertVerificationError), error
else:
    raise AssertionError("Debian's CAs accepted a private server")
assert len(default.get_ca_certs()) > 100, len(default.get_ca_certs())
print("tls ok", ssl.OPENSSL_VERSION)
