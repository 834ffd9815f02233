"""Looks at what a program expects of the system around it."""
import grp
import locale
import mimetypes
import os
import pwd
import socket
import sys
import time
from datetime import datetime, timezone
from zoneinfo import ZoneInfo

winter = datetime(2026, 1, 1, tzinfo=timezone.utc)
summer = datetime(2026, 7, 1, tzinfo=timezone.utc)
paris = ZoneInfo("Europe/Paris")
assert winter.astimezone(paris).isoformat() == "2026-01-01T01:00:00+01:00"
assert summer.astimezone(paris).isoformat() == "2026-07-01T02:00:00+02:00"
assert time.tzname[0] == "UTC", time.tzname

assert sys.getfilesystemencoding() == "utf-8" and sys.stdout.encoding.lower() == "utf-8"
assert locale.setlocale(locale.LC_ALL, "C.UTF-8") == "C.UTF-8"
assert "žluťoučký".upper() == "ŽLUŤOUČKÝ" and "€".encode("cp1252") == b"\x80"

assert ("127.0.0.1", 443) in [info[4] for info in socket.getaddrinfo("localhost", "https", socket.AF_INET)]
assert socket.getservbyname("ssh") == 22 and socket.getprotobyname("udp") == 17
assert pwd.getpwuid(os.getuid()).pw_name == "nonroot" and grp.getgrnam("nogroup").gr_gid == 65534
assert mimetypes.guess_type("x.webp")[0] == "image/webp"
print("world ok")
