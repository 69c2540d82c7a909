/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * E1: a process that maps, unmaps, protects, moves and touches memory. The recording holds
 * what the process itself saw: its maps, smaps and statm at the start and every few operations.
 *
 * Not inside, and so learned from the first line that tells: device and inode numbers of files
 * that are mapped later, the first inode number of shared anonymous memory, and which pages of
 * its own heap and stack the program touched between the operations.
 */
#include "verify_mm.h"
#include <errno.h>
#include <mmsh/fault.h>
#include <mmsh/proc_task.h>
#include <stdio.h>

/* ---- operations ---- */

static const struct {
	int err;
	const char *name;
} errnos[] = {
	{EPERM, "EPERM"},   {EAGAIN, "EAGAIN"}, {ENOMEM, "ENOMEM"}, {EACCES, "EACCES"},
	{EFAULT, "EFAULT"}, {ENODEV, "ENODEV"}, {EINVAL, "EINVAL"}, {EOVERFLOW, "EOVERFLOW"},
	{EBADF, "EBADF"},   {ETXTBSY, "ETXTBSY"},
};

static void result_text(char *buf, size_t size, int64_t got)
{
	for (unsigned i = 0; i < ARRAY_SIZE(errnos); i++)
		if (got == -errnos[i].err) {
			snprintf(buf, size, "%s", errnos[i].name);
			return;
		}
	if (got < 0)
		snprintf(buf, size, "errno %lld", (long long)-got);
	else
		snprintf(buf, size, "0x%llx", (unsigned long long)got);
}

static void compare(struct replay *r, int64_t want, int64_t got, bool may_be_given)
{
	char kernel[64], model[64];

	if (want == got) {
		verify_count(r->v, MATCHED);
		return;
	}
	if (may_be_given) {
		verify_count(r->v, GIVEN);
		return;
	}
	if (verify_first(r->v)) {
		result_text(kernel, sizeof(kernel), want);
		result_text(model, sizeof(model), got);
		verify_tell(r->v, &r->v->d.s, kernel, model);
	}
	verify_count(r->v, DIVERGED);
}

/* " ret=0x..", " ret=0", or " errno=N". */
static bool scan_result(struct scan *s, int64_t *want)
{
	uint64_t n;
	bool failed = scan_word(s, " errno=");

	if ((!failed && !scan_word(s, " ret=")) || !scan_u64(s, &n) || !scan_at_end(s) || (failed && n > 4095))
		return false;
	*want = failed ? -(int64_t)n : (int64_t)n;
	return true;
}

/* The arguments of an operation, each behind its key. */
static bool scan_args(struct scan *s, const char *const *keys, uint64_t *args)
{
	for (; *keys; keys++, args++)
		if (!scan_key(s, *keys) || !scan_u64(s, args))
			return false;
	return true;
}

static int op_mmap(struct replay *r)
{
	static const char *const keys[] = {"addr=", " len=", " prot=", " flags=", NULL};
	struct scan *s = &r->v->d.s;
	struct file *f = NULL;
	uint64_t a[4], pgoff;
	int64_t want;

	if (!scan_args(s, keys, a) || !scan_word(s, " file="))
		return -EINVAL;
	if (scan_word(s, "ro"))
		f = r->ro;
	else if (scan_word(s, "rw"))
		f = r->rw;
	else if (!scan_char(s, '-'))
		return -EINVAL;
	if (!scan_word(s, " pgoff=") || !scan_u64(s, &pgoff) || !scan_result(s, &want))
		return -EINVAL;
	compare(r, want, sys_mmap(r->m, r->t, a[0], a[1], (unsigned)a[2], (unsigned)a[3], f, pgoff), false);
	return 0;
}

static int op_range(struct replay *r, const char *op)
{
	static const char *const plain[] = {"addr=", " len=", NULL}, *const prot[] = {"addr=", " len=", " prot=", NULL};
	struct scan *s = &r->v->d.s;
	uint64_t a[3] = {0};
	int64_t want, got;

	if (!scan_args(s, op[1] == 'p' ? prot : plain, a) || !scan_result(s, &want))
		return -EINVAL;
	if (op[1] == 'p')
		got = sys_mprotect(r->m, r->t, a[0], a[1], (unsigned)a[2]);
	else if (op[1] == 'u')
		got = sys_munmap(r->m, r->t, a[0], a[1]);
	else
		got = sys_madvise(r->m, r->t, a[0], a[1], MADV_DONTNEED);
	compare(r, want, got, false);
	return 0;
}

static int op_mremap(struct replay *r)
{
	static const char *const keys[] = {"addr=", " old=", " new=", " flags=", " newaddr=", NULL};
	uint64_t a[5];
	int64_t want;

	if (!scan_args(&r->v->d.s, keys, a) || !scan_result(&r->v->d.s, &want))
		return -EINVAL;
	compare(r, want, sys_mremap(r->m, r->t, a[0], a[1], a[2], (unsigned)a[3], a[4]), false);
	return 0;
}

/* A refusal whose cause is not inside the recording may be given: a break that cannot grow, or
   that would come to lie below what the kernel has for the heap's start. */
static int op_brk(struct replay *r)
{
	static const char *const keys[] = {"addr=", NULL};
	vaddr_t old = r->t->mm->brk;
	bool refused;
	uint64_t a[1];
	int64_t want, got;

	if (!scan_args(&r->v->d.s, keys, a) || !scan_result(&r->v->d.s, &want))
		return -EINVAL;
	refused = (vaddr_t)want == old && a[0] != old;
	if (refused && a[0] < r->brk0 && a[0] < old && a[0] >= r->t->mm->start_brk) {
		compare(r, want, (int64_t)a[0], true);
		return 0;
	}
	got = sys_brk(r->m, r->t, a[0]);
	if (refused && got > want)
		sys_brk(r->m, r->t, old);
	compare(r, want, got, refused && got > want);
	return 0;
}

static int op_touch(struct replay *r)
{
	static const char *const keys[] = {"addr=", " pages=", NULL};
	struct scan *s = &r->v->d.s;
	bool write = scan_word(s, "write "), same;
	uint64_t a[2], ok = UINT64_MAX, sig = 0, at = 0, done;
	struct fault_report f = {.signal = 0};
	char kernel[64], model[64];

	if ((!write && !scan_word(s, "read ")) || !scan_args(s, keys, a) || a[1] > 1 << 20)
		return -EINVAL;
	if (scan_word(s, " ok=") ? !scan_u64(s, &ok)
				 : !scan_word(s, " sig=") || !scan_u64(s, &sig) || !scan_word(s, " at=") ||
					   !scan_u64(s, &at))
		return -EINVAL;
	if (!scan_at_end(s))
		return -EINVAL;
	/* without a signal the program stopped at the end of what it had mapped there */
	if (!sig)
		a[1] = min_of(a[1], ok);
	for (done = 0; done < a[1]; done++)
		if (task_touch(r->m, r->t, a[0] + PFN_PHYS(done), write ? FAULT_WRITE : 0, &f))
			break;
	same = sig ? f.signal == (int)sig && f.addr == at && done < a[1] : done == ok;
	if (!same && verify_first(r->v)) {
		snprintf(kernel, sizeof(kernel), "%llu pages, signal %llu at 0x%llx", (unsigned long long)ok,
			 (unsigned long long)sig, (unsigned long long)at);
		snprintf(model, sizeof(model), "%llu pages, signal %d at 0x%llx", (unsigned long long)done,
			 f.signal, (unsigned long long)f.addr);
		verify_tell(r->v, s, kernel, model);
	}
	verify_count(r->v, same ? MATCHED : DIVERGED);
	return 0;
}

static int op_line(struct replay *r)
{
	struct scan *s = &r->v->d.s;
	int err = -EINVAL;
	uint32_t n = 0;

	trace_buffer_reset(&r->v->trace);
	if (!scan_u32(s, &n) || !scan_char(s, ' '))
		err = -EINVAL;
	else if (scan_word(s, "mmap "))
		err = op_mmap(r);
	else if (scan_word(s, "munmap "))
		err = op_range(r, "munmap");
	else if (scan_word(s, "mprotect "))
		err = op_range(r, "mprotect");
	else if (scan_word(s, "madvise_dontneed "))
		err = op_range(r, "madvise");
	else if (scan_word(s, "mremap "))
		err = op_mremap(r);
	else if (scan_word(s, "brk "))
		err = op_brk(r);
	else if (scan_word(s, "touch "))
		err = op_touch(r);
	r->ops = n + 1ull;
	return err ? scan_error(s, r->v->e, "not an operation of this kind of recording") : 0;
}

/* ---- dumps ---- */

/* Shared anonymous memory: the recording's first such inode tells where the numbers began. */
static void learn_inodes(struct replay *r)
{
	struct scan s = r->v->d.s;
	struct map_line l;

	while (!r->ino_known && scan_line(&s) && !scan_word(&s, "endmaps")) {
		struct vm_area_struct *v;
		struct address_space *a;
		uint64_t delta;

		if (!scan_word(&s, "m ") || !parse_map(&s, &l) || strcmp(l.name, "/dev/zero (deleted)") != 0)
			continue;
		v = vma_lookup(r->t->mm, l.start);
		if (!v || !v->vm_file || strcmp(v->vm_file->mapping->name, l.name) != 0)
			continue;
		delta = l.ino - v->vm_file->mapping->ino;
		LIST_FOREACH (a, &r->m->mm->files, list)
			if (!strcmp(a->name, l.name))
				a->ino += delta;
		r->m->mm->next_ino += delta;
		r->ino_known = true;
	}
}

static void count_line(struct verify *v, enum verdict verdict)
{
	verify_count(v, verdict);
}

static int dump_maps(struct replay *r, unsigned long op)
{
	struct strbuf text = STRBUF_INIT;
	long differ;

	learn_inodes(r);
	strbuf_addf(&text, "maps op=%lu\n", op);
	for (struct vm_area_struct *v = r->t->mm->mmap; v; v = v->vm_next) {
		strbuf_adds(&text, "m ");
		vma_line(r->m, v, &text);
		strbuf_addc(&text, '\n');
	}
	strbuf_adds(&text, "endmaps\n");
	differ = verify_lines(r->v, &text, "endmaps", count_line);
	strbuf_free(&text);
	return differ < 0 ? -EINVAL : 0;
}

/* A page of the program's own, below the heap that the operations use or on its stack. */
static bool own_touch(struct replay *r, struct vm_area_struct *v)
{
	vaddr_t end = v->vm_start < r->brk0 ? min_of(v->vm_end, r->brk0) : v->vm_end;
	struct pte_info i;
	struct fault_report f;

	for (uint64_t n = 0; n < (end - v->vm_start) >> PAGE_SHIFT; n++) {
		vaddr_t va = v->vm_flags & VM_GROWSDOWN ? end - PFN_PHYS(n + 1) : v->vm_start + PFN_PHYS(n);

		pte_lookup(r->m, r->t->mm, va, &i);
		if (i.none)
			return !vma_restore_page(r->m, v, va, true, &f);
	}
	return false;
}

/* The areas in which a program touches pages by itself. */
static bool is_own(const struct vm_area_struct *v)
{
	const char *name = vma_name(v);

	return !strcmp(name, "[heap]") || !strcmp(name, "[stack]");
}

static int dump_statm(struct replay *r)
{
	struct scan *s = &r->v->d.s, line = *s;
	struct mm_struct *mm = r->t->mm;
	struct strbuf text = STRBUF_INIT;
	uint64_t n[3];
	long anon, more;
	uint32_t op;

	if (!scan_u32(&line, &op))
		return scan_error(s, r->v->e, "not a line of statm");
	for (int i = 0; i < 3; i++)
		if (!scan_char(&line, ' ') || !scan_u64(&line, &n[i]))
			return scan_error(s, r->v->e, "not a line of statm");
	anon = mm->rss_stat[MM_ANONPAGES] - mm->rss_unsynced[MM_ANONPAGES] + r->own_pages;
	more = (long)(n[1] - n[2]) - anon;
	if (more > 0 && more <= 2)
		r->own_pages += more;
	else
		more = 0;
	strbuf_addf(&text, "statm op=%u %llu %lld %lld %llu 0 %llu 0\n", op, (unsigned long long)mm->total_vm,
		    (long long)(anon + more + mm->rss_stat[MM_FILEPAGES] - mm->rss_unsynced[MM_FILEPAGES]),
		    (long long)(mm->rss_stat[MM_FILEPAGES] - mm->rss_unsynced[MM_FILEPAGES]),
		    (unsigned long long)((ROUND_UP(mm->end_code, PAGE_SIZE) - ROUND_DOWN(mm->start_code, PAGE_SIZE)) >> PAGE_SHIFT),
		    (unsigned long long)(mm->total_vm - mm->shared_vm));
	if (verify_lines(r->v, &text, "statm ", NULL))
		verify_count(r->v, DIVERGED);
	else
		verify_count(r->v, more ? GIVEN : MATCHED);
	strbuf_free(&text);
	return 0;
}

static void put_smap(struct replay *r, const struct vm_area_struct *v, struct strbuf *out, uint64_t total[2])
{
	struct mem_size_stats s;
	uint32_t f = v->vm_flags;
	char perms[5];

	smap_gather(r->m, v, &s);
	strbuf_addf(out, "s %08llx-%08llx %s rss=%llu pss=%llu sc=%llu sd=%llu pc=%llu pd=%llu anon=%llu flags=",
		    (unsigned long long)v->vm_start, (unsigned long long)v->vm_end, vma_perms(v, perms),
		    (unsigned long long)s.resident >> 10, (unsigned long long)s.pss >> 22,
		    (unsigned long long)s.shared_clean >> 10, (unsigned long long)s.shared_dirty >> 10,
		    (unsigned long long)s.private_clean >> 10, (unsigned long long)s.private_dirty >> 10,
		    (unsigned long long)s.anonymous >> 10);
	total[0] += s.resident >> 10;
	total[1] += s.pss >> 22;
	for (unsigned i = 0; i < 32; i++)
		if (f >> i & 1)
			strbuf_addf(out, "%s,", vm_flag_letters[i]);
	strbuf_addc(out, '\n');
}

/* Pages that the program has touched by itself since, two at most. Returns: how many. */
static unsigned long adopt_own(struct replay *r, struct vm_area_struct *v, const struct smap_line *p)
{
	unsigned long given = 0;
	struct mem_size_stats st;
	unsigned n = 0;

	smap_gather(r->m, v, &st);
	while (st.resident >> 10 < p->rss && n++ < 2 && own_touch(r, v)) {
		st.resident += PAGE_SIZE;
		if (!r->own_pages) {
			given++;
		} else { /* a statm has shown it already */
			r->own_pages--;
			r->t->mm->rss_unsynced[MM_ANONPAGES]--;
		}
	}
	return given;
}

/* Pages of the [vdso]: which are there, and how many others have them. */
static unsigned long adopt_shared(struct replay *r, struct vm_area_struct *v, const struct smap_line *p)
{
	struct mem_size_stats st;
	struct fault_report f;

	smap_gather(r->m, v, &st);
	if (!v->special || (v->vm_flags & VM_PFNMAP) || !p->rss ||
	    (st.resident >> 10 == p->rss && st.pss >> 22 == p->pss))
		return 0;
	for (uint64_t n = st.resident >> PAGE_SHIFT; n < min_of(p->rss >> 2, vma_pages(v)); n++)
		if (vma_restore_page(r->m, v, v->vm_start + PFN_PHYS(n), false, &f))
			return 0;
	set_sharers(r, v, p);
	return 1;
}

/* What the recording does not tell the cause of is given. Returns: 0 or -EINVAL. */
static int adopt_pages(struct replay *r, unsigned long *given)
{
	struct scan s = r->v->d.s;
	struct smap_line p;

	*given = 0;
	while (scan_line(&s) && !scan_word(&s, "endsmaps")) {
		struct vm_area_struct *v;

		if (!scan_word(&s, "s ") || !parse_smap(&s, &p))
			return scan_error(&s, r->v->e, "not a line of smaps");
		v = vma_lookup(r->t->mm, p.start);
		if (v && v->vm_start == p.start)
			*given += is_own(v) ? adopt_own(r, v, &p) : adopt_shared(r, v, &p);
	}
	return 0;
}

static int dump_smaps(struct replay *r, unsigned long op)
{
	struct strbuf text = STRBUF_INIT;
	uint64_t total[2] = {0};
	unsigned long given, matched;
	long differ;

	if (adopt_pages(r, &given))
		return -EINVAL;
	strbuf_addf(&text, "smaps op=%lu\n", op);
	for (struct vm_area_struct *v = r->t->mm->mmap; v; v = v->vm_next)
		put_smap(r, v, &text, total);
	strbuf_addf(&text, "endsmaps total_rss_kb=%llu total_pss_kb=%llu\n", (unsigned long long)total[0],
		    (unsigned long long)total[1]);
	matched = r->v->r->matched;
	differ = verify_lines(r->v, &text, "endsmaps", count_line);
	given = min_of(given, r->v->r->matched - matched);
	r->v->r->matched -= given;
	r->v->r->given += given;
	strbuf_free(&text);
	return differ < 0 ? -EINVAL : 0;
}

int verify_mm(struct verify *v)
{
	struct replay r = {.v = v};
	struct scan *s = &v->d.s;
	int err = verify_mm_start(&r);

	while (!err && scan_line(s)) {
		uint32_t op;

		if (scan_word(s, "op="))
			err = op_line(&r);
		else if (scan_word(s, "maps op="))
			err = scan_u32(s, &op) ? dump_maps(&r, op) : -EINVAL;
		else if (scan_word(s, "statm op="))
			err = dump_statm(&r);
		else if (scan_word(s, "smaps op="))
			err = scan_u32(s, &op) ? dump_smaps(&r, op) : -EINVAL;
		else if (!scan_word(s, "note ") && !scan_word(s, "const "))
			err = scan_error(s, v->e, "not a line of this kind of recording");
		if (err && !v->e->text[0])
			scan_error(s, v->e, "not a line of this kind of recording");
	}
	if (!err && r.ops < r.n)
		err = scan_error(s, v->e, "cut off: the header announces %llu operations, here are %llu",
				 (unsigned long long)r.n, (unsigned long long)r.ops);
	return err;
}
