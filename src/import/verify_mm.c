/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * E1: a process that maps, unmaps, protects, moves and touches memory. The recording holds
 * what the process itself saw: its maps, smaps and statm at the start and every few operations.
 *
 * Not inside, and so learned from the first line that tells: device and inode numbers of files
 * that are mapped later, the first inode number of shared anonymous memory, and which pages of
 * its own heap and stack the program touched between the operations.
 */
#include "verify_kinds.h"
#include <errno.h>
#include <mmsh/fault.h>
#include <mmsh/proc_task.h>
#include <stdio.h>
#include <stdlib.h>

#define RECORDED_MEM (512ull << 20)

struct replay {
	struct verify *v;
	struct machine *m;
	struct task_struct *t;
	struct file *ro, *rw;
	vaddr_t brk0; /* the heap's end at the start: below it are the program's own pages */
	vaddr_t last_brk;
	bool ino_known;
	long own_pages; /* that the program touched by itself, in a statm but in no smaps yet */
};

/* ---- lines of maps and smaps ---- */

struct map_line {
	uint64_t start, end, offset, ino, major, minor;
	char perm[5];
	char name[128];
};

struct smap_line {
	uint64_t start, end;
	uint64_t rss, pss, sc, sd, pc, pd, anon;
	uint32_t flags;
};

static bool scan_hex(struct scan *s, uint64_t *n)
{
	return scan_digits(s, 16, n);
}

static bool parse_map(struct scan *s, struct map_line *l)
{
	const char *name;
	size_t n;

	*l = (struct map_line){0};
	if (!scan_hex(s, &l->start) || !scan_char(s, '-') || !scan_hex(s, &l->end) || !scan_char(s, ' ') ||
	    scan_left(s) < 5)
		return false;
	memcpy(l->perm, s->p, 4);
	s->p += 4;
	if (!scan_char(s, ' ') || !scan_hex(s, &l->offset) || !scan_char(s, ' ') || !scan_hex(s, &l->major) ||
	    !scan_char(s, ':') || !scan_hex(s, &l->minor) || !scan_char(s, ' ') ||
	    !scan_digits(s, 10, &l->ino) || !scan_char(s, ' '))
		return false;
	scan_blanks(s);
	n = scan_until(s, '\n', &name);
	if (n >= sizeof(l->name) || l->start >= l->end || ((l->start | l->end) & (PAGE_SIZE - 1)))
		return false;
	memcpy(l->name, name, n);
	return true;
}

static bool parse_flags(struct scan *s, uint32_t *flags)
{
	*flags = 0;
	while (scan_left(s) >= 3) {
		unsigned i = 0;

		while (i < 32 && memcmp(vm_flag_letters[i], s->p, 2) != 0)
			i++;
		if (i == 32)
			return false;
		*flags |= 1u << i;
		s->p += 2;
		if (!scan_char(s, ','))
			return false;
	}
	return scan_at_end(s);
}

static bool parse_smap(struct scan *s, struct smap_line *l)
{
	const struct {
		const char *key;
		uint64_t *value;
	} keys[] = {{" rss=", &l->rss}, {" pss=", &l->pss}, {" sc=", &l->sc},	  {" sd=", &l->sd},
		    {" pc=", &l->pc},	{" pd=", &l->pd},   {" anon=", &l->anon}};

	*l = (struct smap_line){0};
	if (!scan_hex(s, &l->start) || !scan_char(s, '-') || !scan_hex(s, &l->end) || scan_left(s) < 5)
		return false;
	s->p += 5;
	for (unsigned i = 0; i < ARRAY_SIZE(keys); i++)
		if (!scan_key(s, keys[i].key) || !scan_u64(s, keys[i].value))
			return false;
	return scan_word(s, " flags=") && parse_flags(s, &l->flags);
}

/* ---- the start ---- */

/* The first line of the recording, from here on, that maps a file of that name. */
static bool find_map(const struct replay *r, const char *name, struct map_line *l)
{
	struct scan s = r->v->d.s;

	while (scan_line(&s))
		if (scan_word(&s, "m ") && parse_map(&s, l) && !strcmp(l->name, name))
			return true;
	return false;
}

static const struct fs_kind *fs_of(const struct map_line *l)
{
	/* the root file system is the third one that a kernel mounts */
	return l->major ? &fs_disk : l->minor == 2 ? &fs_ram : &fs_shmem;
}

/* A file of the experiment: its pages were written, and so are cached and dirty. */
static struct file *open_file(struct replay *r, const char *name, const struct fs_kind *fs, unsigned mode)
{
	struct map_line l;
	bool known = find_map(r, name, &l);
	struct address_space *a;
	struct file *f;

	a = file_create(r->m, fs, name, known ? (unsigned)l.major : 0, known ? (unsigned)l.minor : 0,
			known ? l.ino : 0, 64 << 10);
	f = a ? file_open(r->m, a, mode) : NULL;
	for (uint64_t i = 0; f && i < (64 << 10) >> PAGE_SHIFT; i++) {
		int64_t pfn = page_cache_get(r->m, a, i);

		if (pfn < 0)
			return NULL;
		pfn_to_page(r->m, (pfn_t)pfn)->flags |= PG(dirty);
	}
	return f;
}

static int no_memory(const struct replay *r)
{
	return mm_error(r->v->e, -ENOMEM, "no memory for the process");
}

/* The program's own file, by its first area. */
static struct file *program_file(struct replay *r, const struct map_line *l)
{
	struct address_space *a = file_find(r->m, l->name);

	if (r->t->mm->exe_file && r->t->mm->exe_file->mapping == a)
		return r->t->mm->exe_file;
	a = file_create(r->m, fs_of(l), l->name, (unsigned)l->major, (unsigned)l->minor, l->ino, 1ull << 32);
	if (a && !r->t->mm->exe_file) {
		r->t->mm->exe_file = file_open(r->m, a, FMODE_READ);
		r->t->mm->start_code = l->start;
		return r->t->mm->exe_file;
	}
	return a ? file_open(r->m, a, FMODE_READ) : NULL;
}

static int make_area(struct replay *r, const struct map_line *l, const struct smap_line *sm)
{
	struct mm_struct *mm = r->t->mm;
	struct file *f = NULL;
	enum special_area special = !strcmp(l->name, "[vvar]")	 ? SPECIAL_VVAR
				    : !strcmp(l->name, "[vdso]") ? SPECIAL_VDSO
								 : SPECIAL_NONE;

	if (l->name[0] == '/') {
		f = program_file(r, l);
		if (!f)
			return no_memory(r);
		if (sm->flags & VM_EXEC)
			mm->end_code = l->end;
	}
	if (!strcmp(l->name, "[heap]") && !mm->start_brk) {
		mm->start_brk = l->start;
		mm->brk = r->brk0;
	}
	if (!strcmp(l->name, "[stack]"))
		mm->start_stack = r->t->sp = l->end - 16;
	if (vma_restore(r->m, r->t, l->start, l->end, sm->flags, f,
			f ? l->offset >> PAGE_SHIFT : l->start >> PAGE_SHIFT, special))
		return no_memory(r);
	return 0;
}

/* Pages as many as smaps says, those written to first. Which ones is not told: a stack's are its
   upper ones, all others come from the low end. */
static int populate(struct replay *r, const struct smap_line *sm)
{
	struct vm_area_struct *v = vma_lookup(r->t->mm, sm->start);
	uint64_t anon = sm->anon >> 2, file = (sm->rss - sm->anon) >> 2;
	uint64_t shared = sm->pss ? sm->rss / sm->pss : 1;
	struct fault_report f;

	if (!v || sm->rss < sm->anon || sm->rss > (sm->end - sm->start) >> 10)
		return scan_error(&r->v->d.s, r->v->e, "an area's pages make no sense");
	for (uint64_t i = 0; i < anon; i++) {
		vaddr_t va = v->vm_flags & VM_GROWSDOWN ? v->vm_end - PFN_PHYS(i + 1)
							: v->vm_start + PFN_PHYS(i);

		if (vma_restore_page(r->m, v, va, true, &f))
			return no_memory(r);
	}
	for (uint64_t i = 0; i < file; i++) {
		if (vma_restore_page(r->m, v, v->vm_start + PFN_PHYS(anon + i), false, &f))
			return no_memory(r);
		if (sm->pd + sm->sd > sm->anon)
			pfn_to_page(r->m, f.pfn)->flags |= PG(dirty);
		/* others map it as well */
		if (v->special && shared > 1)
			pfn_to_page(r->m, f.pfn)->mapcount += (int32_t)min_of(shared, (uint64_t)1000) - 1;
	}
	return 0;
}

/* The maps lines from the current one on, and after them the smaps lines: one pass over both. */
static int load_areas(struct replay *r)
{
	struct verify *v = r->v;
	struct scan *s = &v->d.s, sm = *s;
	struct map_line l;
	struct smap_line p;

	while (scan_line(&sm) && !scan_word(&sm, "smaps op="))
		;
	while (scan_line(s) && !scan_word(s, "endmaps")) {
		if (!scan_word(s, "m ") || !parse_map(s, &l))
			return scan_error(s, v->e, "not a line of maps");
		if (!scan_line(&sm) || !scan_word(&sm, "s ") || !parse_smap(&sm, &p) || p.start != l.start ||
		    p.end != l.end)
			return scan_error(&sm, v->e, "smaps does not go with maps");
		if (make_area(r, &l, &p))
			return -EINVAL;
	}
	return 0;
}

/* statm is behind by what the task has counted and not passed on yet. */
static int load_statm(struct replay *r)
{
	struct scan *s = &r->v->d.s;
	struct mm_struct *mm = r->t->mm;
	uint64_t size, resident, shared;

	if (!scan_u64(s, &size) || !scan_char(s, ' ') || !scan_u64(s, &resident) || !scan_char(s, ' ') ||
	    !scan_u64(s, &shared))
		return scan_error(s, r->v->e, "not a line of statm");
	mm->rss_unsynced[MM_FILEPAGES] = (long)shared;
	mm->rss_unsynced[MM_ANONPAGES] = (long)(resident - shared);
	return 0;
}

static int load_start(struct replay *r)
{
	struct scan *s = &r->v->d.s;
	struct mm_struct *mm = r->t->mm;
	struct smap_line p;
	long shown[NR_MM_COUNTERS];

	if (!scan_line(s) || !scan_word(s, "brk0=") || !scan_u64(s, &r->brk0) || !scan_line(s) ||
	    !scan_word(s, "maps op=-1"))
		return scan_error(s, r->v->e, "expects brk0= and the maps of the start");
	if (load_areas(r))
		return -EINVAL;
	if (!scan_line(s) || !scan_word(s, "statm op=-1 "))
		return scan_error(s, r->v->e, "expects the statm of the start");
	if (load_statm(r))
		return -EINVAL;
	memcpy(shown, mm->rss_unsynced, sizeof(shown));
	if (!scan_line(s) || !scan_word(s, "smaps op=-1"))
		return scan_error(s, r->v->e, "expects the smaps of the start");
	while (scan_line(s) && !scan_word(s, "endsmaps"))
		if (!scan_word(s, "s ") || !parse_smap(s, &p) || populate(r, &p))
			return scan_error(s, r->v->e, "not a line of smaps");
	for (int i = 0; i < NR_MM_COUNTERS; i++)
		mm->rss_unsynced[i] = i == MM_SWAPENTS ? 0 : mm->rss_stat[i] - shown[i];
	mm->rss_events = 0;
	return 0;
}

static int begin(struct replay *r)
{
	struct scan *s = &r->v->d.s;
	struct boot_params p;
	uint64_t personality = 0;
	const char *key = memmem(s->line, (size_t)(s->end - s->line), "personality=", 12);

	if (key) {
		s->p = key + 12;
		if (!scan_u64(s, &personality))
			return scan_error(s, r->v->e, "expects a personality");
	}
	boot_params_init(&p);
	p.mem = RECORDED_MEM;
	verify_machine(r->v, machine_boot(&p, r->v->e));
	r->m = r->v->m;
	if (!r->m)
		return -EINVAL;
	r->t = task_new(r->m, NULL, "e1");
	if (!r->t)
		return no_memory(r);
	r->t->personality = (unsigned)personality;
	r->t->mm = mm_alloc(r->m, r->t);
	if (!r->t->mm)
		return no_memory(r);
	arch_pick_mmap_layout(r->m, r->t, 0, false);
	r->ro = open_file(r, "/data/file.bin", &fs_ram, FMODE_READ);
	r->rw = open_file(r, "/tmp/rw.bin", &fs_shmem, FMODE_READ | FMODE_WRITE);
	return r->ro && r->rw ? load_start(r) : no_memory(r);
}

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

/* A refusal whose cause is not inside the recording may be given. */
static int op_brk(struct replay *r)
{
	static const char *const keys[] = {"addr=", NULL};
	struct mm_struct *mm = r->t->mm;
	vaddr_t old = mm->brk;
	uint64_t a[1];
	int64_t want, got;

	if (!scan_args(&r->v->d.s, keys, a) || !scan_result(&r->v->d.s, &want))
		return -EINVAL;
	got = sys_brk(r->m, r->t, a[0]);
	if (got != want && (vaddr_t)want == old && got > want) {
		sys_brk(r->m, r->t, old);
		compare(r, want, got, true);
		return 0;
	}
	compare(r, want, got, false);
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
	uint32_t n;
	int err = -EINVAL;

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

	for (vaddr_t va = v->vm_start; va < end; va += PAGE_SIZE) {
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

/* Where the recording has a page or two more in the program's own areas, they are given. */
static int adopt_own_pages(struct replay *r, unsigned long *given)
{
	struct scan s = r->v->d.s;
	struct smap_line p;

	*given = 0;
	while (scan_line(&s) && !scan_word(&s, "endsmaps")) {
		struct vm_area_struct *v;
		struct mem_size_stats st;
		unsigned n = 0;

		if (!scan_word(&s, "s ") || !parse_smap(&s, &p))
			return scan_error(&s, r->v->e, "not a line of smaps");
		v = vma_lookup(r->t->mm, p.start);
		if (!v || v->vm_start != p.start || !is_own(v))
			continue;
		smap_gather(r->m, v, &st);
		while (st.resident >> 10 < p.rss && n++ < 2 && own_touch(r, v)) {
			st.resident += PAGE_SIZE;
			if (!r->own_pages) {
				++*given;
			} else { /* a statm has shown it already */
				r->own_pages--;
				r->t->mm->rss_unsynced[MM_ANONPAGES]--;
			}
		}
	}
	return 0;
}

static int dump_smaps(struct replay *r, unsigned long op)
{
	struct strbuf text = STRBUF_INIT;
	uint64_t total[2] = {0};
	unsigned long given, matched;
	long differ;

	if (adopt_own_pages(r, &given))
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
	int err = begin(&r);

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
		else if (!scan_word(s, "note "))
			err = scan_error(s, v->e, "not a line of this kind of recording");
		if (err && !v->e->text[0])
			scan_error(s, v->e, "not a line of this kind of recording");
	}
	return err;
}
