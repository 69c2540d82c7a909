#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The manual pages: all there, without complaints from mandoc and man (where they are
# installed), and each command, boot key and option is told of.
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
# A release has the pages in its source, a clone makes them in the build directory.
for page in mmsh.1 mmsh-tutorial.7; do
	if [ -f "man/$page" ]; then cp "man/$page" "$work"; else cp "$TEST_SRCDIR/man/$page" "$work"; fi
done
cd "$work" || exit 1
status=0
complain()
{
	echo "$*" >&2
	status=1
}

has()
{
	grep -qF -e "$2" "$1" || complain "$1: nothing about $2"
}

lint()
{
	if command -v mandoc >/dev/null; then
		mandoc -T lint -W warning "$1" >&2 || complain "$1: mandoc complains"
	fi
	if command -v man >/dev/null && command -v groff >/dev/null; then
		said=$(LC_ALL=C.UTF-8 MANROFFSEQ='' MANWIDTH=100 \
			man --warnings -E UTF-8 -l -Tutf8 -Z "$1" 2>&1 >/dev/null)
		[ -z "$said" ] || complain "$1: man complains: $said"
	fi
}

for section in NAME SYNOPSIS DESCRIPTION OPTIONS WORDS COMMANDS 'BOOT KEYS' SETTINGS FILES \
	ENVIRONMENT 'EXIT STATUS' EXAMPLES DIAGNOSTICS 'SEE ALSO'; do
	has mmsh.1 ".Sh $section"
done
for name in $("$MMSH" --dump-commands=man | sed -n 's/^\.Ic \([a-z_]*\)$/\1/p' | sort -u); do
	has mmsh.1 ".Ic $name"
done
for key in $("$MMSH" --dump-commands=boot-keys | sed -n 's/^\.It Cm \([a-z0-9_]*\).*/\1/p'); do
	has mmsh.1 ".It Cm $key"
done
for option in $("$MMSH" --help | sed -n 's/^ .*--\([a-z-]*\).*/\1/p'); do
	has mmsh.1 "Fl \-$option"
done
for chapter in "$TEST_SRCDIR"/man/tutorial/*.md; do
	has mmsh-tutorial.7 "$(sed -n '1s/^# //p' "$chapter" | tr '[:lower:]' '[:upper:]')"
done
lint mmsh.1
lint mmsh-tutorial.7
grep -n '@[A-Z]*@' mmsh.1 mmsh-tutorial.7 && complain 'something was not filled in'
exit $status
