#!/bin/sh
# What `make demo` and `make test` begin with: system libraries, .venv with uv in it, the locked packages, the test portraits.
set -eu
cd "$(dirname "$0")/.."
say() { printf '\033[1m== %s\033[0m\n' "$*"; }
stop() { printf 'setup: %s\n' "$*" >&2; exit 1; }

say "1/4 system libraries (requirements-debian.txt)"
if command -v dpkg-query >/dev/null 2>&1; then
  installed=$(dpkg-query -W -f='${db:Status-Status}\t${binary:Package}\t${Provides}\n' | sed -n 's/^installed\t//p' | tr ',\t' '\n\n' | sed 's/:[a-z0-9]*$//; s/^ *//; s/ (.*//')
  missing=""
  for package in $(sed 's/#.*//' requirements-debian.txt); do
    printf '%s\n' "$installed" | grep -qx -- "$package" || missing="$missing $package"
  done
  if [ -n "$missing" ]; then
    if [ "$(id -u)" = 0 ]; then
      echo "installing:$missing"
      apt-get update -qq
      DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing
    else
      stop "the system lacks$missing. Run:  sudo apt-get install --no-install-recommends$missing"
    fi
  fi
else
  echo "not Debian: make sure these are there: $(sed 's/#.*//' requirements-debian.txt | tr '\n' ' ')"
fi

say "2/4 Python environment (.venv)"
if [ ! -x .venv/bin/python ]; then
  chosen=""
  for python in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
    if "$python" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1; then
      chosen=$python; break
    fi
  done
  [ -n "$chosen" ] || stop "no Python 3.11 to 3.13 with venv was found. Run:  sudo apt-get install python3 python3-venv   (or name one: make PYTHON=/path/to/python setup)"
  "$chosen" -m venv .venv || { rm -rf .venv; stop "$chosen could not make a virtual environment; see the lines above"; }
fi
[ -x .venv/bin/uv ] || .venv/bin/python -m pip install --progress-bar on 'uv==0.13.9'

say "3/4 packages (uv.lock; about 700 MB the first time)"
UV_COMPILE_BYTECODE=1 UV_PROJECT_ENVIRONMENT=.venv .venv/bin/uv sync --frozen

say "4/4 public-domain portraits for the demo and the tests"
.venv/bin/python -m identity.faces.portraits

touch .venv/ready
