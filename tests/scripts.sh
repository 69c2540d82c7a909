#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Runs each scenario NAME.mmsh of examples/ and tests/scripts/ in its own folder and compares:
# standard output with NAME.out, standard error with NAME.err (no such file: nothing). The
# script may have comments `# options: ...` (default: none) and `# status: N` (default: 0).
#
#   UPDATE=1 make check     writes the expected files anew: read the difference before keeping it
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failed=0

setting()
{
	sed -n "s/^# $1: *//p" "$2" | head -n 1
}

compare()
{
	[ -f "$1" ] || set -- /dev/null "$2"
	diff -u "$1" "$2"
}

run_script()
{
	name=${1%.mmsh}
	# shellcheck disable=SC2046
	(cd "$(dirname "$1")" && exec "$MMSH" --no-rc $(setting options "$1") "$(basename "$1")") \
		</dev/null >"$work/out" 2>"$work/err"
	status=$?
	wanted=$(setting status "$1")
	if [ -n "${UPDATE-}" ]; then
		cp "$work/out" "$name.out"
		rm -f "$name.err"
		[ ! -s "$work/err" ] || cp "$work/err" "$name.err"
	fi
	compare "$name.out" "$work/out" && compare "$name.err" "$work/err" &&
		[ "$status" -eq "${wanted:-0}" ] && return
	echo "$1: exit status $status, wanted ${wanted:-0}" >&2
	failed=$((failed + 1))
}

nr=0
for script in "$TEST_SRCDIR"/examples/*.mmsh "$TEST_SRCDIR"/tests/scripts/*.mmsh; do
	[ -f "$script" ] || continue
	run_script "$script"
	nr=$((nr + 1))
done
echo "$nr scripts, $failed failed"
[ $nr -gt 0 ] && [ $failed -eq 0 ]
