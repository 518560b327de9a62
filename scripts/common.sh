# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# What the scripts of this directory share; sourced by them, never run by itself.
#
# Every script prints its own header comment for --help, says what it is doing on stderr, and ends with "error: what; remedy"
# when it cannot go on.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# Another python may come first in PATH (pyenv, conda); pytest and meson are those of Debian.
python=/usr/bin/python3
export LC_ALL=C.UTF-8

say() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
}

die() {
	printf '%s: error: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

usage_error() {
	printf '%s: error: %s (see %s --help)\n' "${0##*/}" "$*" "$0" >&2
	exit 2
}

# The help text of a script is the comment at its top, after the SPDX line.
print_help() {
	awk 'NR <= 2 { next } !/^#/ { exit } { sub(/^# ?/, ""); print }' "$0"
}

need_root() {
	[ "$(id -u)" = 0 ] || die "$1 needs root; run it with sudo"
}
