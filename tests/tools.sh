#!/usr/bin/env bash
# Brings the registry clients that Debian's stable suite lacks, for the judges under tests/tests/peers.
# In: `sigstore`, if the servers of a private Sigstore are wanted too; the folder to fill, by default `target/tools` (the tests look there, or
# where BEDPLATE_TOOLS says). Needs Debian's APT; Python's venv and npm for the validators; Go for two tools, and for the servers, which take
# minutes each.
# Out: programs of newer suites unpacked below FOLDER/SUITE, built ones in FOLDER/bin, Python's in FOLDER/python, npm's in FOLDER/npm.
# What is there is kept: delete the folder to renew it.
# A program that cannot be had is named, and is no failure: its tests then say `not run`.
set -euo pipefail
sigstore=
[ "${1:-}" = sigstore ] && sigstore=yes && shift
folder=$(realpath -m "${1:-${BEDPLATE_TOOLS:-$(dirname "$0")/../target/tools}}")
mkdir -p "$folder"

# The machine's first Debian source, with another suite: nothing of it is installed, and the machine's own lists stay as they are.
newer() {
  local apt=$folder/apt/$1
  apt_get=(apt-get -qq -o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$apt/sources" -o "Dir::State::lists=$apt/lists"
    -o "Dir::Cache=$apt/cache" -o Dir::State::status=/dev/null -o Acquire::Check-Valid-Until=false -o APT::Sandbox::User=root)
  [ -e "$apt/updated" ] && return
  mkdir -p "$apt"/{sources,lists/partial,cache/archives/partial}
  local address
  address=$(apt-get indextargets --format '$(REPO_URI) $(LABEL) $(COMPONENT)' 2>/dev/null | awk '$2 == "Debian" && $3 == "main" {print $1; exit}')
  printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n' \
    "$address" "$1" >"$apt/sources/debian.sources"
  "${apt_get[@]}" update && touch "$apt/updated"
}

# unpack SUITE PACKAGE…: each lies in FOLDER/SUITE once it is whole.
unpack() {
  local suite=$1 package
  for package in "${@:2}"; do
    [ -e "$folder/$suite/.$package" ] && continue
    if ! (newer "$suite" && cd "$folder/apt/$suite" && "${apt_get[@]}" download "$package" && mkdir -p "$folder/$suite" &&
      dpkg-deb -x "$package"_*.deb "$folder/$suite" && rm "$package"_*.deb && touch "$folder/$suite/.$package"); then
      echo "not had: $package of Debian's suite $suite"
    fi
  done
}

# build NAME MODULE VERSION
build() {
  [ -x "$folder/bin/$1-$3" ] && return
  if GOBIN=$folder/bin go install -ldflags '-s -w' "$2@$3"; then
    mv "$folder/bin/$1" "$folder/bin/$1-$3" && ln -sf "$1-$3" "$folder/bin/$1"
  else
    echo "not had: $1 $3, a Go module"
  fi
}

# with_libraries SUITE PROGRAM…: they find the suite's own C library and what else lies there.
with_libraries() {
  local root=$folder/$1 program file
  for program in "${@:2}"; do
    file=$root/usr/bin/$program
    [ -e "$root/.with-$program" ] && continue
    if ! (patchelf --set-interpreter "$root/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2" --force-rpath \
      --set-rpath "$root/usr/lib/x86_64-linux-gnu" "$file" && "$file" --version >/dev/null && touch "$root/.with-$program"); then
      echo "not had: $program of Debian's suite $1 does not start"
      rm -f "$file"
    fi
  done
}

# python NAME PACKAGE…: an environment of its own in FOLDER/python/NAME.
python() {
  local place=$folder/python/$1
  [ -e "$place/.whole" ] && return
  if ! (python3 -m venv "$place" && "$place/bin/pip" install -q "${@:2}" && touch "$place/.whole"); then
    echo "not had: ${*:2}, of Python"
    rm -rf "$place"
  fi
}

# npm_packages NAME PACKAGE…: packages in FOLDER/npm/NAME.
npm_packages() {
  local place=$folder/npm/$1
  [ -e "$place/.whole" ] && return
  if ! (mkdir -p "$place" && npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$place" "${@:2}" && touch "$place/.whole"); then
    echo "not had: ${*:2}, of npm"
    rm -rf "$place"
  fi
}

unpack forky docker.io docker-cli docker-buildx containerd crane oras cosign notation
unpack forky podman netavark skopeo libc6 libgpgme45 libassuan9 libgpg-error0 libsqlite3-0 libseccomp2 libsubid6
with_libraries forky podman skopeo
unpack trixie cosign
build regctl github.com/regclient/regclient/cmd/regctl v0.11.7
build helm helm.sh/helm/v3/cmd/helm v3.22.0
python sbom spdx-tools==0.8.5 'cyclonedx-python-lib[json-validation]==11.12.0'
npm_packages sarif @microsoft/sarif-multitool-linux@5.7.0
# Its own script would make it so, and no script of a package is run.
chmod -f +x "$folder/npm/sarif/node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool" || true
npm_packages sigstore @sigstore/verify@3.1.0 @sigstore/bundle@4.0.0

if [ -n "$sigstore" ]; then
  export GOFLAGS=-p=1
  build fulcio github.com/sigstore/fulcio v1.8.8
  build timestamp-server github.com/sigstore/timestamp-authority/v2/cmd/timestamp-server v2.0.6
  build posix github.com/sigstore/rekor-tiles/v2/cmd/rekor-server/posix v2.2.0
fi
