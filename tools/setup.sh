#!/bin/sh
# Make a virtual environment: some packages, and the project itself. Call: tools/setup.sh PYTHON [FOLDER REQUIREMENTS]
# Either FOLDER/.installed exists at the end and everything is there, or FOLDER is gone and the message says why.
set -u
python=$1
folder=${2:-.venv}
requirements=${3:-requirements.txt}

if ! "$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
    found=$("$python" --version 2>/dev/null || echo "no Python")
    echo "This project needs Python 3.11, 3.12 or 3.13, and '$python' is $found: choose another with 'make PYTHON=python3.12 ...'." >&2
    exit 1
fi

fail() {
    rm -rf "$folder"
    echo "Set-up failed while $1; the lines above say why. Nothing was kept: mend the cause and call make again." >&2
    exit 1
}
trap 'fail "it was interrupted"' INT TERM

rm -rf "$folder"
echo "Setting up $folder; the first time this downloads about a gigabyte."
"$python" -m venv "$folder" || fail "making the virtual environment $folder"
"$folder/bin/pip" install --disable-pip-version-check -r "$requirements" || fail "installing the packages of $requirements"
# setuptools, which builds the project, comes with the packages: so that it is pinned too
"$folder/bin/pip" install --disable-pip-version-check --no-deps --no-build-isolation -e . || fail "installing the project itself"
touch "$folder/.installed"
