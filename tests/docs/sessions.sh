#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Runs the sessions in the tutorial's chapters and in the README, and compares. A session is a
# block that begins with ```mmsh: what is typed stands after `mmsh> `, the rest is what mmsh
# must print, to the byte. The blocks of a file are one session, typed at one prompt.
#
#   UPDATE=1  writes what mmsh prints into the files: read the difference before keeping it
#
# Of a command over several lines, all lines up to the last } or after a \ are typed.
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failed=0

# What is typed, an echo before each block to find its output by.
typed()
{
	awk '
	/^```mmsh$/ { inside = 1; depth = 0; print "echo @@" ++nr; next }
	/^```/ { inside = 0 }
	!inside { next }
	sub(/^mmsh> /, "") || depth > 0 || more {
		print
		more = /\\$/
		depth += gsub(/{/, "{") - gsub(/}/, "}")
	}' "$1"
}

# The prompt comes before the echo: one of them is enough.
transcript()
{
	sed -e 's/^mmsh> \(> \)*mmsh> /mmsh> /' -e '/^mmsh> echo @@[0-9]*$/d' -e '$d'
}

# The file again, with the output of $work/out in its blocks.
filled()
{
	awk '
	NR == FNR && /^@@[0-9]+$/ { nr = substr($0, 3) + 0; next }
	NR == FNR { block[nr] = block[nr] $0 "\n"; next }
	/^```mmsh$/ { inside = 1; print; printf "%s", block[++shown]; next }
	/^```/ { inside = 0 }
	!inside { print }' "$work/out" "$1"
}

run_sessions()
{
	typed "$1" >"$work/typed"
	(cd "$work" && XDG_STATE_HOME=$work exec "$MMSH" --no-rc --interactive --echo) \
		<"$work/typed" >"$work/raw" 2>&1
	status=$?
	transcript <"$work/raw" >"$work/out"
	filled "$1" >"$work/new"
	[ -z "${UPDATE-}" ] || cmp -s "$1" "$work/new" || cp "$work/new" "$1"
	diff -u "$1" "$work/new" && [ $status -eq 0 ] && return
	echo "$1: the sessions differ (exit status $status); make update-docs writes them anew" >&2
	failed=$((failed + 1))
}

nr=0
for file in "$TEST_SRCDIR"/man/tutorial/*.md "$TEST_SRCDIR/README.md"; do
	grep -q '^```mmsh$' "$file" || continue
	run_sessions "$file"
	nr=$((nr + 1))
done
echo "$nr files with sessions, $failed differ"
[ $nr -gt 0 ] && [ $failed -eq 0 ]
