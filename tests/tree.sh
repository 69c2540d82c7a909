#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The rules of the tree: no floor includes a higher one, the model does not print, and every
# file is in the lists that build, ship and run it.
cd "${TEST_SRCDIR:-$(dirname "$0")/..}" || exit 1
status=0
complain()
{
	echo "$*" >&2
	status=1
}

# The height of a floor; of nothing: unknown.
height()
{
	case $1 in
	base) echo 1 ;; mm) echo 2 ;; proc) echo 3 ;; import) echo 4 ;; shell) echo 5 ;;
	esac
}

# The floor of a public header: the model's, but for these.
header_floor()
{
	case $1 in
	base | types) echo base ;;
	kmsg | proc | proc_* | why*) echo proc ;;
	bootline | state | verify) echo import ;;
	*) echo mm ;;
	esac
}

for file in $(find src include -name '*.[ch]' | sort); do
	case $file in
	include/*) from=$(header_floor "$(basename "$file" .h)") ;;
	*) from=${file#src/} from=${from%%/*} ;;
	esac
	if [ -z "$(height "$from")" ]; then
		complain "$file: belongs to no floor"
		continue
	fi
	for inc in $(sed -n 's/^[ 	]*#[ 	]*include[ 	]*[<"]\([^>"]*\)[>"].*/\1/p' "$file"); do
		case $inc in
		mmsh/*) to=$(header_floor "$(basename "$inc" .h)") ;;
		base/* | mm/* | proc/* | import/* | shell/*) to=${inc%%/*} ;;
		../*) to=${inc#../} to=${to%%/*} ;;
		*) continue ;;
		esac
		if [ -z "$(height "$to")" ]; then
			complain "$file: includes $inc, which belongs to no floor"
		elif [ "$(height "$to")" -gt "$(height "$from")" ]; then
			complain "$file: $from includes $inc of the higher floor $to"
		fi
	done
done

for file in $(grep -lE '(^|[^[:alnum:]_])(v?f?printf|f?puts|f?putc|putchar|perror) *\(' src/mm/*.[ch]); do
	complain "$file: the model never prints"
done

for file in $(find src include tests -name '*.[ch]' | sort); do
	grep -q "^	$file \\\\\$" Makefile.am || complain "$file: is not in Makefile.am"
done
for file in $(find tests -name '*.sh' | sort); do
	grep -q "^	$file \\\\\$" Makefile.am || complain "$file: is not in Makefile.am"
done
for file in $(find tests -name 'check_*.c' | sort); do
	name=$(basename "$file" .c) name=${name#check_}
	[ "$name" = main ] && continue
	grep -q "X($name)" tests/suites.h || complain "$file: has no row in tests/suites.h"
done
exit $status
