"""Imports every module of the standard library: only those of other systems and the dropped ones may be missing."""
import importlib
import sys
import warnings

OTHER_SYSTEMS = {
    "_android_support", "_apple_support", "_ios_support", "_aix_support", "_osx_support", "_msi", "_overlapped", "_scproxy",
    "_winapi", "_wmi", "msilib", "msvcrt", "nt", "ntpath", "nturl2path", "winreg", "winsound", "ossaudiodev",
}
DROPPED = {"_dbm", "_tkinter", "idlelib", "nis", "pydoc_data", "test", "tkinter", "turtle", "turtledemo"}
ELSEWHERE = {"ensurepip", "venv", "distutils", "lib2to3", "_gdbm", "_pyrepl"}  # packages of their own in Debian
PLAYFUL = {"antigravity", "this"}

warnings.simplefilter("ignore")
missing = {}
for name in sorted(sys.stdlib_module_names - OTHER_SYSTEMS - DROPPED - ELSEWHERE - PLAYFUL):
    try:
        importlib.import_module(name)
    except ImportError as error:
        missing[name] = str(error)
assert not missing, missing
assert importlib.import_module("dbm").whichdb("/nothing") is None
print("imports ok")
