# SPDX-License-Identifier: GPL-3.0-or-later
#
# Markdown to mdoc, as much of it as the tutorial's chapters use: # and ## headings, paragraphs,
# - lists, fenced blocks, `code` and *emphasis*. A chapter gets its number here.

function escape(s)
{
	gsub(/\\/, "\\e", s)
	gsub(/-/, "\\-", s)
	gsub(/'/, "\\(aq", s)
	gsub(/\^/, "\\(ha", s)
	gsub(/~/, "\\(ti", s)
	gsub(/`/, "\\(ga", s)
	return s
}

# No line of text may look like a request.
function guard(s)
{
	return s ~ /^[.']/ ? "\\&" s : s
}

# A sentence begins a line, as mdoc wants it.
function put(s,   lines, n, i)
{
	gsub(/[.] +/, ".\n", s)
	gsub(/[?] +/, "?\n", s)
	gsub(/[.][)] +/, ".)\n", s)
	n = split(s, lines, "\n")
	for (i = 1; i <= n; i++)
		print guard(lines[i])
}

# `code` in bold; in the text between, *emphasis* in italics.
function inline(s,   parts, n, i, res, t)
{
	n = split(s, parts, "`")
	if (n % 2 == 0)
		fail("a ` is without its other one")
	for (i = 1; i <= n; i++) {
		t = i % 2 ? parts[i] : escape(parts[i])
		if (i % 2) {
			gsub(/\\/, "\\e", t)
			while (match(t, /\*[^* ][^*]*\*/))
				t = substr(t, 1, RSTART - 1) "\\fI" \
				    substr(t, RSTART + 1, RLENGTH - 2) "\\fR" \
				    substr(t, RSTART + RLENGTH)
		} else {
			t = "\\fB" t "\\fR"
		}
		res = res t
	}
	return res
}

function fail(why)
{
	print FILENAME ":" FNR ": " why > "/dev/stderr"
	failed = 1
	exit 1
}

# A paragraph is gathered whole: `code` may run over the end of a line.
function flush_text()
{
	if (text == "")
		return
	if (spaced)
		print ".Pp"
	put(inline(text))
	text = ""
	spaced = 1
}

function end_list()
{
	flush_text()
	if (list)
		print ".El"
	list = 0
}

function heading(macro, s)
{
	end_list()
	print macro " " s
	spaced = 0
}

FNR == 1 { end_list() }

/^```/ {
	if (!fenced) {
		flush_text()
		print ".Bd -literal"
	} else {
		print ".Ed"
		spaced = 1
	}
	fenced = !fenced
	next
}
fenced { print guard(escape($0)); next }

/^# / { heading(".Sh", ++chapter ". " toupper(substr($0, 3))); next }
/^## / { heading(".Ss", substr($0, 4)); next }
/^[ \t]*$/ { flush_text(); next }
/^- / {
	flush_text()
	if (!list)
		print ".Bl -bullet"
	list = 1
	print ".It"
	spaced = 0
	text = substr($0, 3)
	next
}
/^  / && list { sub(/^ +/, ""); text = text (text == "" ? "" : "\n") $0; next }
{
	if (list && text == "")
		end_list()
	text = text (text == "" ? "" : "\n") $0
}

END {
	if (failed)
		exit 1
	if (fenced)
		fail("a ``` block has no end")
	end_list()
}
