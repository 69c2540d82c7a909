/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The areas of an address space: the list, the tree with the largest gap of each subtree,
 * merging and splitting (address-space.md 5.1, 6).
 */
#include "mm.h"

static uint64_t vma_gap(const struct machine *m, const struct vm_area_struct *v)
{
	vaddr_t start = v->vm_prev ? v->vm_prev->vm_end : 0, end = vm_start_gap(m, v);

	return end > start ? end - start : 0;
}

#define RB_LEFT_GAP(v) (RB_LEFT(v, vm_rb) ? RB_LEFT(v, vm_rb)->rb_subtree_gap : 0)
#define RB_RIGHT_GAP(v) (RB_RIGHT(v, vm_rb) ? RB_RIGHT(v, vm_rb)->rb_subtree_gap : 0)

/*
 * rb_subtree_gap is a bound: no gap of the subtree is larger, and no bound is larger than the
 * parent's. A gap that grows raises the bounds above it; one that shrinks leaves them, and the
 * search that looks below such a bound in vain makes it exact. So an area that comes and goes
 * changes next to no bound.
 */
static void raise_to_children(struct vm_area_struct *v);
#undef RB_AUGMENT
#define RB_AUGMENT(v) raise_to_children(v)

static int by_start(const struct vm_area_struct *a, const struct vm_area_struct *b)
{
	return a->vm_start < b->vm_start ? -1 : a->vm_start > b->vm_start;
}

RB_GENERATE_INTERNAL(vma_tree, vm_area_struct, vm_rb, by_start, static __attribute__((unused)))

/* After a rotation, or when @v took the place of another. */
static void raise_to_children(struct vm_area_struct *v)
{
	uint64_t below = max_of(RB_LEFT_GAP(v), RB_RIGHT_GAP(v));

	if (v->rb_subtree_gap < below)
		v->rb_subtree_gap = below;
}

static void tighten(struct vm_area_struct *v)
{
	v->rb_subtree_gap = v->own_gap;
	raise_to_children(v);
}

static void set_gap(struct vm_area_struct *v, uint64_t gap)
{
	struct highest_gap *top = &v->vm_mm->highest_gap;

	if (top->vma && gap >= top->len && v->vm_start > top->vma->vm_start)
		top->vma = NULL;
	v->own_gap = gap;
	for (; v && v->rb_subtree_gap < gap; v = RB_PARENT(v, vm_rb))
		v->rb_subtree_gap = gap;
}

void vma_gap_update(struct machine *m, struct vm_area_struct *v)
{
	if (v)
		set_gap(v, vma_gap(m, v));
}

vaddr_t vm_start_gap(const struct machine *m, const struct vm_area_struct *v)
{
	vaddr_t guard = v->vm_flags & VM_GROWSDOWN ? PFN_PHYS(m->mm->stack_guard_gap) : 0;

	return v->vm_start > guard ? v->vm_start - guard : 0;
}

/* ---- finding ---- */

struct vm_area_struct *find_vma(struct mm_struct *mm, vaddr_t addr)
{
	struct vm_area_struct *n = mm->vmacache, *found = NULL;

	if (n && n->vm_start <= addr && addr < n->vm_end)
		return n;
	for (n = RB_ROOT(&mm->mm_rb); n;) {
		if (n->vm_end > addr) {
			found = n;
			if (n->vm_start <= addr)
				break;
			n = RB_LEFT(n, vm_rb);
		} else {
			n = RB_RIGHT(n, vm_rb);
		}
	}
	if (found)
		mm->vmacache = found;
	return found;
}

struct vm_area_struct *vma_lookup(struct mm_struct *mm, vaddr_t addr)
{
	struct vm_area_struct *v = find_vma(mm, addr);

	return v && v->vm_start <= addr ? v : NULL;
}

struct vm_area_struct *find_vma_before(struct mm_struct *mm, vaddr_t addr)
{
	struct vm_area_struct *n = mm->vmacache, *found = NULL;

	if (n && n->vm_start < addr && (!n->vm_next || n->vm_next->vm_start >= addr))
		return n;
	for (n = RB_ROOT(&mm->mm_rb); n;) {
		if (n->vm_start < addr) {
			found = n;
			n = RB_RIGHT(n, vm_rb);
		} else {
			n = RB_LEFT(n, vm_rb);
		}
	}
	return found;
}

/* ---- gaps ---- */

struct gap_search {
	struct machine *m;
	uint64_t len;
	vaddr_t low, high; /* a gap ends at or above low + len, begins at or below high - len */
};

static bool gap_fits(const struct gap_search *s, const struct vm_area_struct *v, vaddr_t *start,
		     vaddr_t *end)
{
	if (v->own_gap < s->len)
		return false;
	*end = vm_start_gap(s->m, v);
	*start = *end - v->own_gap;
	return *start <= s->high - s->len && *end >= s->low + s->len;
}

/* The child on that side, if a gap that fits may be below it: by its bound, and by where it lies. */
static inline struct vm_area_struct *promising(const struct gap_search *s, const struct vm_area_struct *n,
					       bool right)
{
	struct vm_area_struct *c = right ? RB_RIGHT(n, vm_rb) : RB_LEFT(n, vm_rb);

	if (!c || c->rb_subtree_gap < s->len)
		return NULL;
	return (right ? n->vm_end <= s->high - s->len : n->vm_start >= s->low + s->len) ? c : NULL;
}

/* The highest or lowest area with a gap that fits. */
static struct vm_area_struct *find_gap(const struct gap_search *s, struct vm_area_struct *n, bool highest)
{
	vaddr_t start, end;
	struct vm_area_struct *c;

	if (!n || n->rb_subtree_gap < s->len)
		return NULL;
	for (;;) {
		while ((c = promising(s, n, highest)))
			n = c;
		/* what is nearer to the end than @n has no such gap */
		while (!gap_fits(s, n, &start, &end)) {
			c = promising(s, n, !highest);
			if (c)
				break;
			/* nor has all below @n, nor what @n ends */
			do {
				tighten(c = n);
				n = RB_PARENT(n, vm_rb);
				if (!n)
					return NULL;
			} while (c == (highest ? RB_LEFT(n, vm_rb) : RB_RIGHT(n, vm_rb)));
			c = NULL;
		}
		if (!c)
			return n;
		n = c;
	}
}

static void trace_gap(const struct gap_search *s, vaddr_t start, vaddr_t end, bool topdown)
{
	mm_step(s->m, MM_GAP, s->low, s->high, start, end, .order = topdown);
}

/* As find_gap(), but begins at what is known to be the highest place for as much. */
static struct vm_area_struct *find_highest(const struct gap_search *s, struct mm_struct *mm)
{
	struct highest_gap *top = &mm->highest_gap;
	struct vm_area_struct *v = top->vma;
	vaddr_t start, end;

	if (v && s->len >= top->len && s->low >= top->low && s->high <= top->high &&
	    gap_fits(s, v, &start, &end))
		return v;
	v = find_gap(s, RB_ROOT(&mm->mm_rb), true);
	*top = (struct highest_gap){v, s->len, s->low, s->high};
	return v;
}

/* address-space.md 5.1. Returns: an address or NO_GAP. */
vaddr_t vma_find_gap(struct machine *m, struct mm_struct *mm, uint64_t len, vaddr_t low,
		     vaddr_t high, bool topdown)
{
	struct gap_search s = {m, len, low, high};
	struct vm_area_struct *v;
	vaddr_t start = 0, end = 0;

	if (high < len || low > high - len) {
		mm_step(m, MM_NO_GAP, low, high, len, 0, .order = topdown);
		return NO_GAP;
	}
	if (topdown && mm->highest_vm_end <= high - len) {
		trace_gap(&s, mm->highest_vm_end, high, topdown);
		return high - len;
	}
	v = topdown ? find_highest(&s, mm) : find_gap(&s, RB_ROOT(&mm->mm_rb), false);
	if (v) {
		gap_fits(&s, v, &start, &end);
		trace_gap(&s, start, end, topdown);
		if (v->vm_prev) /* who asks is likely to put something there */
			mm->vmacache = v->vm_prev;
		return topdown ? min_of(end, high) - len : max_of(start, low);
	}
	if (!topdown && mm->highest_vm_end <= high - len) {
		trace_gap(&s, mm->highest_vm_end, high, topdown);
		return max_of(mm->highest_vm_end, low);
	}
	mm_step(m, MM_NO_GAP, low, high, len, 0, .order = topdown);
	return NO_GAP;
}

/* ---- linking ---- */

struct vm_area_struct *vma_alloc(struct machine *m, struct mm_struct *mm)
{
	vaddr_t obj;
	struct vm_area_struct *v = mm_object_new(m, &m->mm->vma_pool, sizeof(*v), m->mm->vma_cache, &obj);

	if (v) {
		v->obj = obj;
		v->vm_mm = mm;
		TAILQ_INIT(&v->anon_vma_chain);
	}
	return v;
}

void vma_free(struct machine *m, struct vm_area_struct *v)
{
	mm_object_free(m, &m->mm->vma_pool, v, m->mm->vma_cache, v->obj);
}

/* As a leaf between its neighbours: of two that follow each other, one has no child in between. */
static void tree_insert(struct mm_struct *mm, struct vm_area_struct *v, uint64_t gap)
{
	struct vm_area_struct *prev = v->vm_prev, *next = v->vm_next;

	if (prev && !RB_RIGHT(prev, vm_rb)) {
		RB_SET(v, prev, vm_rb);
		RB_RIGHT(prev, vm_rb) = v;
	} else {
		RB_SET(v, next, vm_rb);
		if (next)
			RB_LEFT(next, vm_rb) = v;
		else
			RB_ROOT(&mm->mm_rb) = v;
	}
	v->rb_subtree_gap = 0;
	set_gap(v, gap);
	vma_tree_RB_INSERT_COLOR(&mm->mm_rb, v);
}

void vma_link(struct machine *m, struct mm_struct *mm, struct vm_area_struct *v, struct vm_area_struct *prev)
{
	struct vm_area_struct *next = prev ? prev->vm_next : mm->mmap;

	v->vm_prev = prev;
	v->vm_next = next;
	if (prev)
		prev->vm_next = v;
	else
		mm->mmap = v;
	if (next) {
		next->vm_prev = v;
		vma_gap_update(m, next);
	} else {
		mm->highest_vm_end = v->vm_end;
	}
	tree_insert(mm, v, vma_gap(m, v));
	if (next && mm->highest_gap.vma == next && next->own_gap < mm->highest_gap.len)
		mm->highest_gap.vma = v;
	if (v->vm_file)
		LIST_INSERT_HEAD(&v->vm_file->mapping->i_mmap, v, shared);
	mm->vmacache = v;
	mm->map_count++;
}

void vma_unlink(struct machine *m, struct vm_area_struct *v)
{
	struct mm_struct *mm = v->vm_mm;
	struct vm_area_struct *next = v->vm_next;

	if (v->vm_prev)
		v->vm_prev->vm_next = next;
	else
		mm->mmap = next;
	if (next) {
		next->vm_prev = v->vm_prev;
	} else {
		mm->highest_vm_end = v->vm_prev ? v->vm_prev->vm_end : 0;
	}
	RB_REMOVE(vma_tree, &mm->mm_rb, v);
	if (mm->highest_gap.vma == v)
		mm->highest_gap.vma = next;
	vma_gap_update(m, next);
	if (v->vm_file)
		LIST_REMOVE(v, shared);
	if (mm->vmacache == v)
		mm->vmacache = NULL;
	mm->map_count--;
}

void vma_remove(struct machine *m, struct vm_area_struct *v)
{
	vma_unlink(m, v);
	unlink_anon_vmas(m, v);
	if (v->vm_file)
		fput(m, v->vm_file);
	vma_free(m, v);
}

void vma_set_bounds(struct machine *m, struct vm_area_struct *v, vaddr_t start, vaddr_t end,
		    uint64_t pgoff)
{
	v->vm_start = start;
	v->vm_end = end;
	v->vm_pgoff = pgoff;
	if (!v->vm_next)
		v->vm_mm->highest_vm_end = end;
	vma_gap_update(m, v);
	vma_gap_update(m, v->vm_next);
}

/* ---- merging (6) ---- */

/* Whether pages of @a, @b may come into one area; @v the area that has @b, NULL: any. */
static bool anon_vma_compatible(const struct anon_vma *a, const struct anon_vma *b,
				const struct vm_area_struct *v)
{
	/* a chain of several comes from fork: spreading it would make rmap walks longer */
	if ((!a || !b) && (!v || chain_is_singular(v)))
		return true;
	return a == b;
}

static bool mergeable(const struct vm_area_struct *v, const struct vma_request *r)
{
	return v->vm_flags == r->flags && v->vm_file == r->file && !v->special &&
	       anon_vma_compatible(r->anon_vma, v->anon_vma, v);
}

static uint64_t request_pages(const struct vma_request *r)
{
	return (r->end - r->addr) >> PAGE_SHIFT;
}

/* @to gets the chain of @from, whose pages it will hold, unless it has one. */
static int import_chain(struct machine *m, struct vm_area_struct *to, struct vm_area_struct *from)
{
	if (!from->anon_vma || to->anon_vma)
		return 0;
	to->anon_vma = from->anon_vma;
	if (!anon_vma_clone(m, to, from))
		return 0;
	to->anon_vma = NULL;
	return -ENOMEM;
}

/* Why @r and a neighbour at @at that it touches stay two. */
static void trace_apart(struct machine *m, const struct vma_request *r,
			const struct vm_area_struct *v, bool below)
{
	bool offset = below ? v->vm_pgoff + vma_pages(v) == r->pgoff
			    : v->vm_pgoff == r->pgoff + request_pages(r);
	enum mm_apart why = v->vm_flags != r->flags ? APART_FLAGS
			    : v->special	    ? APART_SPECIAL
			    : v->vm_file != r->file ? APART_FILE
			    : !offset		    ? APART_OFFSET
						    : APART_ANON;

	mm_step(m, MM_APART, r->addr, r->end, v->vm_start, v->vm_end, .order = (uint8_t)why,
		.mt = below ? -1 : 1);
}

/* No merge. Returns: NULL. */
static struct vm_area_struct *apart(struct machine *m, const struct vma_request *r,
				    const struct vm_area_struct *prev,
				    const struct vm_area_struct *next)
{
	if (!trace_on(m, TRACE_MM_STEP))
		return NULL;
	if (prev && prev->vm_end == r->addr)
		trace_apart(m, r, prev, true);
	if (next && next->vm_start == r->end)
		trace_apart(m, r, next, false);
	return NULL;
}

static void trace_merge(struct machine *m, const struct vma_request *r, unsigned nr, vaddr_t start,
			vaddr_t end)
{
	mm_step(m, MM_MERGE, r->addr, r->end, start, end, .order = (uint8_t)nr);
}

/* Cases 1, 2, 6, 7: @prev extends to @end, over one or two areas. */
static int extend_over(struct machine *m, struct vm_area_struct *prev, vaddr_t end)
{
	struct vm_area_struct *next = prev->vm_next, *from = next;

	if (next && end > next->vm_end && !next->anon_vma)
		from = next->vm_next;
	if (next && end > next->vm_start && import_chain(m, prev, from))
		return -ENOMEM;
	while ((next = prev->vm_next) && next->vm_end <= end)
		vma_remove(m, next);
	if (next && next->vm_start < end)
		vma_set_bounds(m, next, end, next->vm_end,
			       next->vm_pgoff + ((end - next->vm_start) >> PAGE_SHIFT));
	vma_set_bounds(m, prev, prev->vm_start, end, prev->vm_pgoff);
	return 0;
}

struct vm_area_struct *vma_merge(struct machine *m, struct mm_struct *mm,
				 struct vm_area_struct *prev, const struct vma_request *r)
{
	struct vm_area_struct *area = prev ? prev->vm_next : mm->mmap, *next = area;
	uint64_t pages = request_pages(r);
	bool p, n;

	if (r->flags & VM_SPECIAL)
		return NULL;
	if (next && next->vm_end == r->end) /* cases 6, 7, 8 */
		next = next->vm_next;
	p = prev && prev->vm_end == r->addr && mergeable(prev, r) &&
	    prev->vm_pgoff + vma_pages(prev) == r->pgoff;
	n = next && next->vm_start == r->end && mergeable(next, r) &&
	    next->vm_pgoff == r->pgoff + pages;
	if (p) {
		bool both = n && anon_vma_compatible(prev->anon_vma, next->anon_vma, NULL);
		bool over = area && area->vm_start < r->end, whole = over && area->vm_end == r->end;
		vaddr_t end = both ? next->vm_end : r->end;

		trace_merge(m, r,
			    both    ? over ? 6 : 1
			    : whole ? 7
			    : over  ? 5
				    : 2,
			    prev->vm_start, end);
		return extend_over(m, prev, end) ? NULL : prev;
	}
	if (!n)
		return apart(m, r, prev, next);
	trace_merge(m, r,
		    prev && r->addr < prev->vm_end ? 4
		    : area == next		   ? 3
						   : 8,
		    r->addr, next->vm_end);
	if (prev && r->addr < prev->vm_end) { /* case 4 */
		if (import_chain(m, next, prev))
			return NULL;
		vma_set_bounds(m, prev, prev->vm_start, r->addr, prev->vm_pgoff);
		vma_set_bounds(m, next, r->addr, next->vm_end, next->vm_pgoff - pages);
		return next;
	}
	if (area == next) { /* case 3 */
		vma_set_bounds(m, next, r->addr, next->vm_end, next->vm_pgoff - pages);
		return next;
	}
	return extend_over(m, area, next->vm_end) ? NULL : area; /* case 8 */
}

/* ---- splitting ---- */

struct vm_area_struct *vma_copy(struct machine *m, const struct vm_area_struct *v)
{
	struct vm_area_struct *n = vma_alloc(m, v->vm_mm);

	if (!n)
		return NULL;
	n->vm_start = v->vm_start;
	n->vm_end = v->vm_end;
	n->vm_pgoff = v->vm_pgoff;
	n->vm_flags = v->vm_flags;
	n->vm_file = v->vm_file;
	n->special = v->special;
	n->anon_vma = v->anon_vma;
	return n;
}

int __split_vma(struct machine *m, struct vm_area_struct *v, vaddr_t addr, bool new_below)
{
	struct vm_area_struct *n = vma_copy(m, v);
	uint64_t below = (addr - v->vm_start) >> PAGE_SHIFT;

	if (!n)
		return -ENOMEM;
	if (anon_vma_clone(m, n, v)) {
		vma_free(m, n);
		return -ENOMEM;
	}
	mm_step(m, MM_SPLIT, v->vm_start, addr, v->vm_end, 0);
	if (n->vm_file)
		n->vm_file->count++;
	if (new_below) {
		n->vm_end = addr;
		vma_set_bounds(m, v, addr, v->vm_end, v->vm_pgoff + below);
	} else {
		n->vm_start = addr;
		n->vm_pgoff += below;
		vma_set_bounds(m, v, v->vm_start, addr, v->vm_pgoff);
	}
	vma_link(m, v->vm_mm, n, new_below ? v->vm_prev : v);
	return 0;
}

int split_vma(struct machine *m, struct vm_area_struct *v, vaddr_t addr, bool new_below)
{
	if (v->vm_mm->map_count >= (unsigned)m->mm->max_map_count)
		return refuse_map_count(m, v->vm_mm);
	return __split_vma(m, v, addr, new_below);
}

int vma_modify(struct machine *m, struct vm_area_struct **pv, vaddr_t start, vaddr_t end, uint32_t flags)
{
	struct vm_area_struct *v = *pv, *merged;
	struct vma_request r = {.addr = start, .end = end, .flags = flags, .anon_vma = v->anon_vma,
				.file = v->vm_file,
				.pgoff = v->vm_pgoff + ((start - v->vm_start) >> PAGE_SHIFT)};

	if (flags == v->vm_flags)
		return 0;
	/* a special mapping's request would look like one for anonymous memory */
	merged = v->special ? NULL : vma_merge(m, v->vm_mm, start > v->vm_start ? v : v->vm_prev, &r);
	if (merged)
		v = merged;
	else if ((start != v->vm_start && split_vma(m, v, start, true)) ||
		 (end != v->vm_end && split_vma(m, v, end, false)))
		return -ENOMEM;
	*pv = v;
	v->vm_flags = flags;
	return 0;
}
