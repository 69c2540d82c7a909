#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# mmsh from outside: options, exit statuses, files, pipes. $MMSH is the program.
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
mkdir home
XDG_CONFIG_HOME=$work/home XDG_STATE_HOME=$work/home
export XDG_CONFIG_HOME XDG_STATE_HOME
failed=0
nr=0

# run STATUS ARGUMENT...: standard input is ours; leaves out and err
run()
{
	want=$1
	shift
	nr=$((nr + 1))
	what="mmsh $*"
	timeout 120 "$MMSH" "$@" >out 2>err
	status=$?
	[ $status -eq "$want" ] || bad "exit status $status, wanted $want"
}

bad()
{
	echo "$what: $*" >&2
	sed 's/^/	/' out err >&2
	failed=$((failed + 1))
}

has_out() { grep -qF -e "$1" out || bad "no \"$1\" in the output"; }
has_err() { grep -qF -e "$1" err || bad "no \"$1\" in the errors"; }
is_err() { [ "$(cat err)" = "$1" ] || bad "the error is not \"$1\""; }
is_out() { [ "$(cat out)" = "$1" ] || bad "the output is not \"$1\""; }
# The numbers are the model's affair.
masked()
{
	sed -E 's/0x[0-9a-f]+|[0-9]+/N/g; s/ +/ /g' out >masked
	mv masked out
}
no_err() { [ ! -s err ] || bad "errors"; }

# ---- the command line

run 0 --version </dev/null; has_out 'mmsh '; no_err
run 0 --help; has_out 'Usage: mmsh [OPTION]... [SCRIPT]...'; no_err
run 2 --nope; has_err 'nope'
run 2 --color=purple; has_err 'always, never or auto'
run 2 --seed=x; has_err 'not a number'
run 2 nosuch.mmsh; is_err 'mmsh: nosuch.mmsh: No such file or directory'
run 2 -b foo=1; has_err 'mmsh: --boot: '
run 2 -b mem=1; has_err 'at least 8M'
run 0 --dump-commands=man; has_out '.Ic alloc'
run 2 --dump-commands=nope

run 0 -c 'echo a' -c 'echo b'; is_out 'a
b'
run 1 -c 'alloc 11' -c 'echo b'; is_err '-c:1: alloc: order 11: the largest order is 10'; is_out ''
run 1 -k -c 'alloc 11' -c 'echo b'; is_out b
echo 'echo script' >s.mmsh
run 0 -c 'echo a' s.mmsh -c 'echo b'; is_out 'a
script
b'
echo 'echo from stdin' >in
run 0 <in; is_out 'from stdin'
run 0 - s.mmsh <in; is_out 'from stdin
script'
printf 'echo one\nalloc 11\necho two\n' >in
run 1 <in; is_out one; is_err '<stdin>:2: alloc: order 11: the largest order is 10'
run 1 -k <in; is_out 'one
two'
printf '\n\necho 3; repeat 2 {\n echo r\n alloc 99 }\n' >deep.mmsh
run 1 deep.mmsh; is_err 'deep.mmsh:5: alloc: order 99: the largest order is 10'
run 0 -x -c 'echo a;echo b'; is_out 'mmsh> echo a
a
mmsh> echo b
b'
run 0 -q -c 'alloc 3'; masked
is_out '$N = pfn N (order N, zone Normal, phys N, vaddr N)'
run 0 -b 'mem=64M cpus=2' -c 'cpu 1; cpu'; is_out 1
run 0 -i -c 'echo a' <in; has_out one; has_out two; has_out 'mmsh> '
run 0 -c quit -c 'echo never'; is_out ''
run 1 -c 'repeat 3 {'; is_err '-c:1: the { of line 1 is never closed'
run 0 -b mem=64M -c 'expect "MemTotal" cat meminfo' -c "expect 'MemTotal < 65536'"; no_err; is_out ''

# ---- rc file

mkdir -p home/mmsh
echo 'echo rc; set echo on' >home/mmsh/mmshrc
run 0 -c 'echo a'; is_out 'rc
mmsh> echo a
a'
run 0 -n -c 'echo a'; is_out a
echo 'nosuch' >home/mmsh/mmshrc
run 1 -c 'echo a' </dev/null; has_err 'mmshrc:1: nosuch: unknown command'
rm -r home/mmsh

# ---- output that fails

if [ -w /dev/full ]; then
	nr=$((nr + 1)) what='output to /dev/full'
	: >out
	"$MMSH" -c 'cat zoneinfo' >/dev/full 2>err
	[ $? -eq 1 ] || bad "exit status"
	is_err 'mmsh: standard output: No space left on device'
	run 1 -c 'cat zoneinfo > /dev/full'; is_err '-c:1: cat: /dev/full: No space left on device'
	run 1 -c 'save /dev/full'; has_err 'No space left on device'
fi
nr=$((nr + 1)) what='a pipe that nobody reads'
{ "$MMSH" -c 'repeat 100000 cat zoneinfo' 2>err; echo $? >status; } | head -n 1 >out
is_out 'Node 0, zone      DMA'; no_err
[ "$(cat status)" = 141 ] || bad "exit status $(cat status)"

# ---- pipes, files, the host

run 0 -c 'cat buddyinfo | wc -l' -c 'echo after'; is_out '3
after'
run 0 -c 'echo 1 > f' -c 'echo 2 >> f' -c 'echo 3 >>f; ! cat f'; is_out '1
2
3'
run 0 -c 'cat zoneinfo | head -n 1'; is_out 'Node 0, zone      DMA'
run 1 -c 'echo x | false' -c 'echo never'; is_err '-c:1: echo: "false": exit status 1'
run 1 -c '! exit 3'; is_err '-c:1: !: "exit 3": exit status 3'
printf 'echo a\n! cat\necho b\n' >in
run 0 <in; is_out 'a
b'
run 0 -c 'n = print 7' -c 'echo x > f$n' -c '! ls f7'; is_out '$1 = $n = 7 (0x7)
f7'
run 1 -c 'alloc 0 > no/such/dir' -c 'values'; is_err '-c:1: alloc: no/such/dir: No such file or directory'
run 0 -c 'export d' -c 'export d'; no_err
"$MMSH" -q -c 'ls /proc > /dev/null' -c 'cat zoneinfo' >want
cmp -s want d/proc/zoneinfo || bad 'export writes another zoneinfo'
grep -q '/sbin/init' d/proc/1/maps && cmp -s d/proc/1/maps d/proc/self/maps ||
	bad 'export leaves init out'
[ -f d/proc/sys/vm/min_free_kbytes ] && [ -s d/proc/kpageflags ] || bad 'export'

# ---- --safe

for c in '! ls' 'echo x | cat' 'echo x > f9' 'echo x >> f9' 'save f9' 'state f9' 'export f9'; do
	run 1 --safe -c "$c"; has_err 'not with --safe'
	[ ! -e f9 ] || bad 'wrote a file'
done
run 0 --safe -c 'echo 1 > /proc/sys/vm/compact_memory' -c 'cat buddyinfo'; no_err

# ---- programs of the host's

le() # VALUE BYTES: the least one first
{
	n=$2 v=$1
	while [ "$n" -gt 0 ]; do
		# shellcheck disable=SC2059
		printf "\\$(printf %03o $((v & 255)))"
		v=$((v >> 8)) n=$((n - 1))
	done
}
elf() # 32|64 MACHINE TYPE BASE INTERPRETER: a program header for it, and one segment
{
	w=$(($1 / 8)) head=$((40 + 3 * $1 / 8)) ph=$((8 + 6 * $1 / 8))
	printf '\177ELF'; le $(($1 / 32)) 1; le 257 2; le 0 9
	le "$3" 2; le "$2" 2; le 1 4; le $4 $w; le $head $w; le 0 $w; le 0 4
	le $head 2; le $ph 2; le 2 2; le 0 6
	for p in "3 4 $((head + 2 * ph)) $((${#5} + 1))" "1 5 0 $((head + 2 * ph + ${#5} + 1))"; do
		set -- "$1" "$2" "$3" "$4" "$5" $p
		le $6 4; [ $1 = 32 ] || le $7 4
		le $8 $w; le $(($4 + $8)) $w; le $(($4 + $8)) $w; le $9 $w; le $9 $w
		[ $1 = 64 ] || le $7 4
		le 4096 $w
		set -- "$1" "$2" "$3" "$4" "$5"
	done
	printf '%s\0' "$5"
}
elf 32 3 2 $((0x8048000)) ld32 >prog32
elf 32 3 3 0 '' >ld32
elf 64 62 2 $((0x400000)) ld64 >prog64
elf 64 62 3 0 '' >ld64
elf 32 3 2 $((0x8048000)) nowhere >lost
head -c 60 prog32 >short
head -c 16 prog32 >shorter
run 0 -q -c 'exec a file=prog32' -c maps; has_out '08048000-08049000 r-xp 00000000 08:01 1001       prog32'
has_out ' ld32'; no_err
run 0 -q -b arch=amd64 -c 'exec a file=prog64' -c maps
has_out '00400000-00401000 r-xp 00000000 08:01 1001                               prog64'; has_out ' ld64'
run 1 -q -c 'exec a file=prog64'; is_err '-c:1: exec: ENOEXEC: prog64 is no program for ia32'
run 1 -q -c 'exec a file=lost'; is_err '-c:1: exec: nowhere: No such file or directory'
run 1 -q -c 'exec a file=short'; has_err 'exec: ENOEXEC: short: '
run 1 -q -c 'exec a file=shorter'; is_err '-c:1: exec: ENOEXEC: shorter is not an ELF file'
run 1 -q -c 'exec a file=/'; is_err '-c:1: exec: / cannot be read'
truncate -s 65M large
run 1 -q -c 'exec a file=large'; is_err '-c:1: exec: large is larger than 64 MiB'
rm large

# ---- a session run again for `diff`: the host is left alone

echo old >f1
run 0 -q -c 'alloc 0 >> f1' -c '! echo host' -c 'alloc 1 > f1' -c 'repeat 2 { alloc 0; ! echo again }' -c 'set quiet on' \
	-c 'alloc 2' -c 'echo kept > f1' -c 'diff buddyinfo' -c 'alloc 0 | cat' -c 'diff zoneinfo > f2'
[ "$(cat f1)" = kept ] || bad 'diff wrote to a file'
[ "$(grep -c '^host$' out)" = 1 ] || bad 'diff ran a host command'
[ "$(grep -c '^again$' out)" = 2 ] || bad 'diff ran a host command'
grep -q '^/proc/zoneinfo$' f2 || bad 'no difference'
printf '%s\n' '[mem 0x0000000000000000-0x000000000009fbff] usable' \
	'[mem 0x0000000000100000-0x0000000003ffffff] usable' >map
run 1 -q -c 'boot e820=map' -c 'alloc 0' -c '! rm map' -c 'diff'
is_err '-c:1: diff: the session could not be repeated'
long=$(printf '%300s' '' | sed 's/ /+0/g')
run 1 -q -c 'a = kmalloc 100' -c "kfree \$a$long" -c 'free $a'; has_err 'by "kfree $a+0+0'; has_err '+0..."'
run 1 -c '! kill -9 $$'; is_err '-c:1: !: "kill -9 $$": ended by signal 9 (Killed)'
nr=$((nr + 1)) what='no locale'
env -u LC_ALL -u LC_CTYPE -u LANG "$MMSH" -q -c 'layout' >out 2>err
grep -q '^|' out || bad 'not drawn in ASCII'

# ---- save, state

cat >session.mmsh <<'END'
boot mem=64M cpus=2
a = alloc 0 count=5; free $a[1] $a[3]
display meminfo
repeat 3 alloc $i
END
run 0 -q session.mmsh -c 'save s1' -c 'state st1' -c 'source s1' -c 'state st2' -c 'save s2'; no_err
cmp -s st1 st2 || bad 'the saved session makes another machine'
run 1 -qk -c 'alloc 10 GFP_DMA count=9' -c 'alloc 11' -c 'save s3'
run 0 -q s3; no_err
echo precious >old
ln -s old link
run 1 -c 'save no/such/dir/file'
run 0 -c 'save link'; no_err
[ -L link ] && grep -q '^boot' old || bad 'save through a symbolic link'
run 0 -q -c 'state load st1' -c 'state st3'; no_err
cmp -s st1 st3 || bad 'a loaded state is written differently'
run 1 -c 'state load session.mmsh'; has_err 'state: '
printf '%s\n' 'boot mem=64M slab=none' 'exec cat > /dev/null' fork 'touch 0x8050000' 'state st4' \
	'state load st4' audit 'ps > /dev/null' audit 'state st5' 'state load st5' >in
run 0 -q in; has_out "without 2 processes, 1 cached file: their pages are in it as nobody's"
has_out 'without 1 process: their'

# A full disk: a tiny file system if we may mount one, else a limit on file sizes.
echo precious >old
nr=$((nr + 1)) what='save on a full disk'
(ulimit -f 0 && trap '' XFSZ && exec "$MMSH" -c 'repeat 1000 set quiet on' -c 'save old') >/dev/null 2>err
: >out
[ "$(cat old)" = precious ] || bad 'the old file is gone'
what='state on a full disk'
(ulimit -f 0 && trap '' XFSZ && exec "$MMSH" -c 'state old') >/dev/null 2>err
[ "$(cat old)" = precious ] || bad 'the old file is gone'
ls old.* >/dev/null 2>&1 && bad 'left a temporary file'

# ---- strange input

run 1 -c "source self.mmsh"
echo 'source self.mmsh' >self.mmsh
run 1 self.mmsh; is_err 'self.mmsh:1: source: self.mmsh: a script cannot source itself'
echo 'source b.mmsh' >a.mmsh; echo 'source a.mmsh' >b.mmsh
run 1 a.mmsh; is_err 'b.mmsh:1: source: a.mmsh: a script cannot source itself'
run 1 -c 'source .'; has_err 'Is a directory'
head -c 1000000 /dev/zero | tr '\0' x >in
run 1 <in; has_err 'unknown command'
[ "$(wc -c <err)" -lt 200 ] || bad 'a long error'
{ printf 'alloc '; head -c 1000000 /dev/zero | tr '\0' '1'; } >in
run 1 <in; has_err 'not a number'
{ printf 'print '; head -c 1000000 /dev/zero | tr '\0' '('; } >in
run 1 <in; has_err 'nested too deep'
head -c 100000 /dev/zero >in
run 1 <in; is_err '<stdin>:1: a NUL byte: this is no text'
awk 'BEGIN { for (i = 0; i < 100000; i++) printf "repeat 1 " }' >in
run 1 <in; has_err 'commands nested more than 100 deep'
awk 'BEGIN { for (i = 0; i < 100000; i++) printf "{ " }' >in
run 1 <in; has_err 'blocks nested more than 64 deep'
printf '\001\002\377\n' >in
run 1 <in; has_err 'unknown command'
printf 'echo a\r\necho b\r\n' >in
run 0 <in; is_out 'a
b'
printf 'echo no newline' >in
run 0 <in; is_out 'no newline'

# ---- --json

run 1 --json -k -c 'alloc 3' -c 'alloc 11' -c 'print 5'; masked
is_out '{"file":"-c","line":N,"command":"alloc N","ok":true,"value":{"value":"$N","type":"pages","pfn":N,"order":N,"zone":"Normal","phys":N,"vaddr":"N"},"output":"$N = pfn N (order N, zone Normal, phys N, vaddr N)\n","changed":{"/proc/buddyinfo":["Node N, zone Normal N N N N N N N N N N N "]}}
{"file":"-c","line":N,"command":"alloc N","ok":false,"error":{"command":"alloc","code":"EINVAL","text":"order N: the largest order is N"}}
{"file":"-c","line":N,"command":"print N","ok":true,"output":"N (N)\n"}'
echo 'echo a; alloc 0 count=2' >in
run 0 --json -c 'source in'; has_out '"list":['
[ "$(wc -l <out)" -eq 2 ] || bad 'one object a command'

echo "$nr runs, $failed failed"
[ $failed -eq 0 ]
