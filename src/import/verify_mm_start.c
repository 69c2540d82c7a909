/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The start of an E1 recording: a machine of that address-space split, and on it the process
 * with the areas and pages that its first maps and smaps tell of.
 */
#include "verify_mm.h"
#include <errno.h>
#include <mmsh/fault.h>
#include <mmsh/proc_task.h>

#define RECORDED_MEM (512ull << 20)
#define FILE_SIZE (64 << 10) /* of the files that the operations map */

/* ---- lines of maps and smaps ---- */

static bool scan_hex(struct scan *s, uint64_t *n)
{
	return scan_digits(s, 16, n);
}

bool parse_map(struct scan *s, struct map_line *l)
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

bool parse_smap(struct scan *s, struct smap_line *l)
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
			known ? l.ino : 0, FILE_SIZE);
	f = a ? file_open(r->m, a, mode) : NULL;
	for (uint64_t i = 0; f && i < FILE_SIZE >> PAGE_SHIFT; i++) {
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

/* The file of an area that is there from the start. The first one is the program's; the areas of
   a library are mapped by one open file. */
static struct file *start_file(struct replay *r, const struct map_line *l)
{
	struct mm_struct *mm = r->t->mm;
	struct address_space *a;
	struct file *f;

	for (const struct vm_area_struct *v = mm->mmap; v; v = v->vm_next)
		if (v->vm_file && !strcmp(v->vm_file->mapping->name, l->name))
			return v->vm_file;
	a = file_create(r->m, fs_of(l), l->name, (unsigned)l->major, (unsigned)l->minor, l->ino, 1ull << 32);
	f = a ? file_open(r->m, a, FMODE_READ) : NULL;
	if (f && !mm->exe_file) {
		mm->exe_file = f;
		mm->start_code = l->start;
	}
	return f;
}

static int make_area(struct replay *r, const struct map_line *l, const struct smap_line *sm)
{
	struct mm_struct *mm = r->t->mm;
	struct file *f = NULL;
	struct fault_report fault;
	enum special_area special = !strcmp(l->name, "[vvar]")	 ? SPECIAL_VVAR
				    : !strcmp(l->name, "[vdso]") ? SPECIAL_VDSO
								 : SPECIAL_NONE;

	if (l->name[0] == '/') {
		f = start_file(r, l);
		if (!f)
			return no_memory(r);
		if ((sm->flags & VM_EXEC) && f == mm->exe_file)
			mm->end_code = l->end;
	}
	if (!strcmp(l->name, "[heap]") && !mm->start_brk) {
		mm->start_brk = l->start;
		mm->brk = r->brk0;
	}
	if (!strcmp(l->name, "[stack]")) {
		/* the stack pointer is in the lowest page in use; where, is not told */
		mm->start_stack = l->end - 16;
		r->t->sp = l->end - PFN_PHYS(max_of(sm->anon >> 2, 1ull)) + PAGE_SIZE / 2;
	}
	if (vma_restore(r->m, r->t, l->start, l->end, sm->flags, f,
			f ? l->offset >> PAGE_SHIFT : l->start >> PAGE_SHIFT, special))
		return scan_error(&r->v->d.s, r->v->e, "the area overlaps another, or lies beyond 0x%llx",
				  (unsigned long long)mm->task_size);
	if (special == SPECIAL_VVAR &&
	    vma_restore_page(r->m, vma_lookup(mm, l->start), l->start, false, &fault))
		return no_memory(r);
	return 0;
}

void set_sharers(struct replay *r, const struct vm_area_struct *v, const struct smap_line *sm)
{
	uint64_t users = sm->pss ? sm->rss / sm->pss : sm->rss + 1;
	struct pte_info i;

	for (vaddr_t va = v->vm_start; va < v->vm_end; va += PAGE_SIZE)
		if (pte_lookup(r->m, r->t->mm, va, &i) && vm_normal_page(r->m, v, &i) != PFN_NONE)
			pfn_to_page(r->m, i.pfn)->mapcount = (int32_t)clamp_of(users, 1ull, 1000ull);
}

/* Pages as many as smaps says, those written to first. Which ones is not told: a stack's are its
   upper ones, all others come from the low end. */
static int populate(struct replay *r, const struct smap_line *sm)
{
	struct vm_area_struct *v = vma_lookup(r->t->mm, sm->start);
	uint64_t pages = sm->rss >> 2, anon = sm->anon >> 2;
	struct fault_report f;
	int err = 0;

	if (!v || sm->rss < sm->anon || sm->rss > (sm->end - sm->start) >> 10 ||
	    (pages && (v->vm_flags & VM_PFNMAP)))
		err = -EFAULT;
	for (uint64_t i = 0; i < pages && !err; i++) {
		bool down = i < anon && (v->vm_flags & VM_GROWSDOWN);

		err = vma_restore_page(r->m, v, down ? v->vm_end - PFN_PHYS(i + 1) : v->vm_start + PFN_PHYS(i),
				       i < anon, &f);
		if (!err && i >= anon && sm->pd + sm->sd > sm->anon)
			pfn_to_page(r->m, f.pfn)->flags |= PG(dirty);
	}
	if (err == -ENOMEM)
		return no_memory(r);
	if (err)
		return scan_error(&r->v->d.s, r->v->e, "an area's pages make no sense");
	if (v->special)
		set_sharers(r, v, sm);
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

	while (scan_line(s) && (scan_word(s, "note ") || scan_word(s, "const ")))
		;
	if (!scan_word(s, "brk0=") || !scan_u64(s, &r->brk0) || !scan_line(s) || !scan_word(s, "maps op=-1"))
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
	while (scan_line(s) && !scan_word(s, "endsmaps")) {
		if (!scan_word(s, "s ") || !parse_smap(s, &p))
			return scan_error(s, r->v->e, "not a line of smaps");
		if (populate(r, &p))
			return -EINVAL;
	}
	for (int i = 0; i < NR_MM_COUNTERS; i++)
		mm->rss_unsynced[i] = i == MM_SWAPENTS ? 0 : mm->rss_stat[i] - shown[i];
	mm->rss_events = 0;
	return 0;
}

/* ---- the header ---- */

/* What follows @key in the header; false: it is not there. */
static bool header_value(const struct replay *r, const char *key, struct scan *value)
{
	const struct scan *s = &r->v->d.s;
	const char *at = memmem(s->line, (size_t)(s->end - s->line), key, strlen(key));

	*value = *s;
	if (at)
		value->p = at + strlen(key);
	return at;
}

static int read_header(struct replay *r, uint64_t *personality)
{
	struct verify *v = r->v;
	struct scan value;

	if (header_value(r, " personality=", &value) &&
	    (!scan_u64(&value, personality) || *personality > UINT32_MAX))
		return scan_error(&v->d.s, v->e, "expects a personality");
	if (header_value(r, " n=", &value) && !scan_u64(&value, &r->n))
		return scan_error(&v->d.s, v->e, "expects a number of operations");
	if (!header_value(r, " layout=", &value) || scan_word(&value, "topdown"))
		return 0;
	if (!scan_word(&value, "legacy"))
		return scan_error(&v->d.s, v->e, "layout= is topdown or legacy");
	*personality |= ADDR_COMPAT_LAYOUT;
	return 0;
}

/* Without randomness the stack ends where the addresses of users do. */
static const struct vm_split *recorded_split(const struct replay *r)
{
	const struct vm_split *split = arch_ia32.splits;
	struct map_line l;

	if (find_map(r, "[stack]", &l))
		while (split->name && split->page_offset != l.end)
			split++;
	return split->name ? split : arch_ia32.splits;
}

int verify_mm_start(struct replay *r)
{
	uint64_t personality = 0;
	struct boot_params p;

	if (read_header(r, &personality))
		return -EINVAL;
	boot_params_init(&p);
	p.mem = RECORDED_MEM;
	p.split = recorded_split(r);
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
