"""Does real work with every library that the interpreter links to."""
import asyncio
import bz2
import ctypes
import dbm
import hashlib
import lzma
import os
import sqlite3
import tempfile
import threading
import uuid
import xmlrpc.client
import xml.etree.ElementTree as tree
import zlib

with tempfile.TemporaryDirectory() as folder:
    with sqlite3.connect(os.path.join(folder, "base.sqlite")) as base:
        base.execute("create table fix (name text, days real)")
        base.executemany("insert into fix values (?, ?)", [("openssl", 0.5), ("zlib", 1.5)])
        assert base.execute("select sum(days), json_object('a', 1) from fix").fetchone() == (2.0, '{"a":1}')
    with dbm.open(os.path.join(folder, "table"), "c") as table:
        table[b"key"] = b"value"
        assert table[b"key"] == b"value"

text = b"bedplate" * 1000
for library in (bz2, lzma, zlib):
    assert library.decompress(library.compress(text)) == text, library
assert hashlib.sha256(b"abc").hexdigest().startswith("ba7816bf")
assert hashlib.new("blake2b", b"abc").digest() and hashlib.new("md5", b"abc").digest()
assert ctypes.CDLL("libc.so.6").strlen(b"four") == 4
assert uuid.uuid1() != uuid.uuid1() and xmlrpc.client.dumps((1,))
assert tree.fromstring("<a><b>1</b></a>").findtext("b") == "1"

done = []
workers = [threading.Thread(target=lambda: done.append(sum(range(10000)))) for _ in range(8)]
for worker in workers:
    worker.start()
for worker in workers:
    worker.join()
assert done == [49995000] * 8


async def answer():
    await asyncio.sleep(0)
    return 42


assert asyncio.run(answer()) == 42
print("work ok")
