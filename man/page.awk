# SPDX-License-Identifier: GPL-3.0-or-later
#
# Fills in a manual page: a line @NAME@ is replaced by what the command in the variable NAME
# prints, and @VERSION@ anywhere by the version.
#
#   awk -v version=0.1.0 -v commands='./mmsh --dump-commands=man' -f page.awk mmsh.1.in

function insert(command,   line)
{
	while ((command | getline line) > 0)
		print line
	if (close(command)) {
		print FILENAME ":" FNR ": " command " failed" > "/dev/stderr"
		exit 1
	}
}

/^@DUMP .*@$/ { insert(mmsh " --dump-commands=" substr($2, 1, length($2) - 1)); next }
/^@CHAPTERS@$/ { insert(chapters); next }
{ gsub(/@VERSION@/, version); print }
