#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The real pmap, free and numastat read what `export` writes, and must show the model's numbers:
# those of maps and smaps, meminfo, and the nodes' files. A preloaded library opens the exported
# files for them.
export LC_ALL=C
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failed=0

for tool in pmap free numastat; do
	command -v $tool >/dev/null || { echo "$tool is missing: install procps and numactl" >&2; exit 1; }
done
# Without the build's sanitizers: it is loaded into programs that have none.
${CC:-cc} -shared -fPIC -o root.so "$TEST_SRCDIR/tests/procps/root_preload.c" -ldl || exit 1

modelled()
{
	MMSH_ROOT=$work/export LD_PRELOAD=$work/root.so "$@"
}

exported()
{
	rm -rf export
	"$MMSH" --no-rc --quiet "$@" -c 'export export' >out || {
		echo "mmsh fails: $*" >&2
		failed=$((failed + 1))
	}
}

compare()
{
	sort "$2" >want.sorted
	sort "$3" >got.sorted
	cmp -s want.sorted got.sorted && [ -s want.sorted ] && return
	echo "$1 differs" >&2
	diff want.sorted got.sorted >&2
	failed=$((failed + 1))
}

# start KiB rss dirty
of_smaps()
{
	perl -ne '
		print join(" ", hex $from, @v), "\n" if defined $from && /^VmFlags/;
		($from, @v) = ($1) if /^([0-9a-f]+)-[0-9a-f]+ /;
		push @v, $1 if /^(?:Size|Rss): +(\d+)/;
		$v[2] += $1 if /^(?:Shared|Private)_Dirty: +(\d+)/;' "$1"
}

of_pmap()
{
	perl -ne 'print join(" ", hex $1, $2, $3, $4), "\n" if /^([0-9a-f]{16}) +(\d+) +(\d+) +(\d+) /'
}

check_pmap()
{
	exported -c "boot $1" -c 'exec prog' -c 'a = mmap 64K' -c 'write $a "parent"' -c 'brk +128K' \
		-c 'mmap 32K rw- shared file=/data' -c 'fork' -c 'touch $a 5'
	for pid in 1 2; do
		of_smaps "export/proc/$pid/smaps" >want
		modelled pmap -x $pid | of_pmap >got
		compare "$1: pmap -x $pid" want got
		# [vsyscall] is a row that VmSize does not count
		gate=$(grep -c '\[vsyscall\]$' "export/proc/$pid/maps")
		awk -v gate="$gate" '{ print ($1 + gate) * 4 }' "export/proc/$pid/statm" >want
		modelled pmap -x $pid | awk '/^total/ { print $3 }' >got
		compare "$1: total of pmap -x $pid" want got
	done
}

check_free()
{
	awk '/^(MemTotal|MemFree|MemAvailable):/ { print $2 }' export/proc/meminfo >want
	modelled free | awk '/^Mem:/ { print $2; print $4; print $7 }' >got
	compare "$1: free" want got
}

check_numastat()
{
	exported -c "boot $1" -c 'alloc 0 count=700' -c 'alloc 0 node=1 count=99'
	for file in export/sys/devices/system/node/node?/numastat; do
		cat "$file"
	done | awk '{ sum[$1] = sum[$1] " " $2 } END { for (k in sum) print k sum[k] }' >want
	modelled numastat | awk 'NF == 3 && $2 ~ /^[0-9]+$/ { print $1, $2, $3 }' >got
	compare "$1: numastat" want got
	awk '/MemTotal:/ { printf "%.2f\n", $4 / 1024 }' export/sys/devices/system/node/node?/meminfo >want
	modelled numastat -m | awk '$1 == "MemTotal" { print $2; print $3 }' >got
	compare "$1: numastat -m" want got
}

for machine in 'mem=512M' 'arch=ia32-pae mem=2G' 'arch=amd64 mem=1G'; do
	check_pmap "$machine"
	check_free "$machine"
done
check_numastat 'arch=amd64 mem=512M numa=fake=2'
echo "pmap, free and numastat read the export: $failed failed"
[ $failed -eq 0 ]
