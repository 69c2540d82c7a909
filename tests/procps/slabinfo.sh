#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The real slabtop and vmstat read the model's slabinfo, and must show its numbers: those of
# the exported file, and those that mmsh tells itself. The file is put over /proc/slabinfo in a
# private mount namespace; where there are none, a preloaded library opens it instead.
export LC_ALL=C
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failed=0

bad()
{
	echo "$*" >&2
	failed=$((failed + 1))
}

for tool in slabtop vmstat; do
	command -v $tool >/dev/null || { echo "$tool is missing: install procps" >&2; exit 1; }
done

# ---- ways to make a program see another /proc/slabinfo; $slabinfo is its path

by_namespace()
{
	unshare -m -r sh -c 'mount --bind "$0" /proc/slabinfo && exec "$@"' "$slabinfo" "$@"
}

by_preload()
{
	MMSH_ROOT=$work/export LD_PRELOAD=$work/root.so "$@"
}

build_preload()
{
	# Without the build's sanitizers: it is loaded into programs that have none.
	${CC:-cc} -shared -fPIC -o root.so "$TEST_SRCDIR/tests/procps/root_preload.c" -ldl
}

# ---- what the tools must print, out of slabinfo itself

# name active total slabs objects-a-slab KiB
of_slabtop()
{
	awk 'seen && NF >= 8 { sub(/K$/, "", $7); print $8, $2, $1, $5, $6, $7 }
		$1 == "OBJS" { seen = 1 }' | sort
}

wanted_of_slabtop()
{
	awk 'NR > 2 { print $1, $2, $3, $15, $5, $15 * $6 * 4 }' "$slabinfo" | sort
}

# name active total size objects-a-slab
of_vmstat()
{
	awk 'NR > 1 && $1 != "Cache" { print $1, $2, $3, $4, $5 }' | sort
}

wanted_of_vmstat()
{
	awk 'NR > 2 { print $1, $2, $3, $4, $5 }' "$slabinfo" | sort
}

# The model's own words: `cache info` lists every cache.
wanted_of_cache_info()
{
	sed -nE 's/^([^ ]+) .* ([0-9]+) in order [0-9]+; ([0-9]+) of ([0-9]+) in use$/\1 \3 \4 \2/p' \
		"$1" | sort
}

compare()
{
	cmp -s "$2" "$3" && [ -s "$2" ] && return
	bad "$1 differs"
	diff "$2" "$3" >&2
}

check_allocator()
{
	rm -rf export
	"$MMSH" --no-rc --quiet \
		-c "boot mem=256M cpus=2 slab=$1" -c 'cache create foo 700' \
		-c 'x = cache alloc foo count=100' -c 'free $x[3] $x[40] $x[41]' \
		-c 'kmalloc 100 count=50' -c 'kmalloc 3000 count=9' -c 'cache alloc dentry count=70' \
		-c 'export export' -c 'cache info' >"info.$1" || bad "mmsh fails with slab=$1"
	slabinfo=$work/export/proc/slabinfo
	wanted_of_slabtop >want.slabtop
	wanted_of_vmstat >want.vmstat
	wanted_of_cache_info "info.$1" >want.info
	grep -q '^foo ' want.slabtop || bad "$1: no cache foo in slabinfo"
	for way in $ways; do
		"$way" slabtop -o | of_slabtop >got.slabtop
		compare "$1 $way: slabtop -o" want.slabtop got.slabtop
		cut -d' ' -f1-3,5 got.slabtop >got.info
		compare "$1 $way: cache info and slabtop" want.info got.info
		"$way" vmstat -m | of_vmstat >got.vmstat
		compare "$1 $way: vmstat -m" want.vmstat got.vmstat
	done
}

ways=by_preload
build_preload || { echo "the preloaded library cannot be built" >&2; exit 1; }
slabinfo=/dev/null
if by_namespace true 2>/dev/null; then
	ways="by_namespace by_preload"
else
	echo "no private mount namespaces here: by the preloaded library alone"
fi
for allocator in slub slab; do
	check_allocator $allocator
done
echo "slabtop and vmstat read slub's and slab's slabinfo ($ways): $failed failed"
[ $failed -eq 0 ]
