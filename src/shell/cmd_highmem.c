/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands that give pages kernel addresses for a while, and their values. */
#include <stdlib.h>
#include <string.h>

#include <mmsh/highmem.h>
#include <mmsh/pgtable.h>

#include "command.h"
#include "kernel_addr.h"
#include "out.h"
#include "shell.h"

/* ---- the window ---- */

static vaddr_t pkmap_end(const struct machine *m)
{
	return m->layout.pkmap_base + PFN_PHYS(m->arch->last_pkmap);
}

static bool in_pkmap(const struct machine *m, vaddr_t addr)
{
	return m->pkmap && addr >= m->layout.pkmap_base && addr < pkmap_end(m);
}

static unsigned slot_of(const struct machine *m, vaddr_t addr)
{
	return (unsigned)PFN_DOWN(addr - m->layout.pkmap_base);
}

static unsigned users(const struct machine *m, vaddr_t addr)
{
	unsigned count = in_pkmap(m, addr) ? m->pkmap->count[slot_of(m, addr)] : 0;

	return count ? count - 1 : 0;
}

static int by_number(const void *a, const void *b)
{
	pfn_t x = *(const pfn_t *)a, y = *(const pfn_t *)b;

	return x < y ? -1 : x > y;
}

#define RANGES_SHOWN 8

/* The pages that have the slots, as ranges. */
static void print_holders(struct shell *sh)
{
	unsigned n = sh->m->arch->last_pkmap, ranges = 0;
	pfn_t pfn[PKMAP_MAX];

	memcpy(pfn, sh->m->pkmap->pfn, n * sizeof(*pfn));
	qsort(pfn, n, sizeof(*pfn), by_number);
	for (unsigned i = 0, first; i < n; i++) {
		first = i;
		while (i + 1 < n && pfn[i + 1] == pfn[i] + 1)
			i++;
		if (ranges++ >= RANGES_SHOWN)
			continue;
		out(sh, first == i ? "%s%u" : "%s%u-%u", ranges > 1 ? ", " : "", pfn[first], pfn[i]);
	}
	if (ranges > RANGES_SHOWN)
		out(sh, " and %u more (see layout pkmap)", ranges - RANGES_SHOWN);
}

static void print_full(struct shell *sh, pfn_t pfn)
{
	const struct pkmap *pk = sh->m->pkmap;

	out(sh, "all %u slots have users: pfn ", sh->m->arch->last_pkmap);
	print_holders(sh);
	out(sh, "\nthe caller sleeps with pfn %u until a kunmap", pfn);
	if (pk->nr_waiting > 1)
		out(sh, "; %u other%s already", pk->nr_waiting - 1,
		    pk->nr_waiting == 2 ? " sleeps" : "s sleep");
	out_char(sh, '\n');
}

/* Sleepers keep their order: whoever is not in the line any more was woken. */
static void print_woken(struct shell *sh, const pfn_t *before, unsigned n)
{
	const struct pkmap *pk = sh->m->pkmap;

	for (unsigned i = 0, left = 0; i < n; i++) {
		if (left < pk->nr_waiting && pk->waiting[left] == before[i]) {
			left++;
			continue;
		}
		out(sh, "the caller that slept with pfn %u wakes up: it has 0x%llx\n", before[i],
		    (unsigned long long)page_address(sh->m, before[i]));
	}
}

static int unmap_page(struct shell *sh, pfn_t pfn)
{
	unsigned n = sh->m->pkmap ? sh->m->pkmap->nr_waiting : 0;
	pfn_t before[PKMAP_WAITERS];
	int r;

	if (n)
		memcpy(before, sh->m->pkmap->waiting, n * sizeof(*before));
	r = kunmap(sh->m, pfn);
	if (!r && n)
		print_woken(sh, before, n);
	return r;
}

/* ---- values: .id is the pfn ---- */

static void kmap_print(struct shell *sh, const struct item *t)
{
	out_hex(sh, t->at);
	out(sh, " (%s of pfn %u", t->type->name, t->id);
	if (!in_pkmap(sh->m, t->at))
		out_str(sh, ", low memory: its direct-map address");
	else if (!t->freed)
		out(sh, ", slot %u, %u user%s", slot_of(sh->m, t->at), users(sh->m, t->at),
		    users(sh->m, t->at) == 1 ? "" : "s");
	out_char(sh, ')');
}

static void pfn_json(struct shell *sh, const struct item *t, json_t *o)
{
	(void)sh;
	json_object_set_new(o, "pfn", json_integer(t->id));
}

static int kmap_check_free(struct shell *sh, const struct item *t, const char *what)
{
	if (!in_pkmap(sh->m, t->at) ||
	    (users(sh->m, t->at) && sh->m->pkmap->pfn[slot_of(sh->m, t->at)] == t->id))
		return 0;
	return cmd_fail(sh, EINVAL, "%s: pfn %u has no user any more", what, t->id);
}

static void kmap_free(struct shell *sh, struct item *t)
{
	value_forget(sh, t);
	unmap_page(sh, (pfn_t)t->id);
}

/* The address of a low page is not its own: other values may be found by it. */
static const struct value_type kmap_type = {
	"kmap", ITEM_ADDRESS, .print = kmap_print, .json = pfn_json,
	.check_free = kmap_check_free, .free = kmap_free,
}, kmap_low_type = {
	"kmap", ITEM_USER, .print = kmap_print, .json = pfn_json,
	.check_free = kmap_check_free, .free = kmap_free,
};

static void atomic_print(struct shell *sh, const struct item *t)
{
	out_hex(sh, t->at);
	out(sh, " (%s of pfn %u", t->type->name, t->id);
	if (is_lowmem_addr(sh->m, t->at))
		out_str(sh, ", low memory: its direct-map address)");
	else
		out(sh, ", cpu %u, depth %u)", (unsigned)t->size, t->order);
}

/* Whether it is the current CPU's latest. */
static int atomic_check(struct shell *sh, vaddr_t addr, const char *what)
{
	const struct kmap_atomic *ka = sh->m->kmap_atomic ? &sh->m->kmap_atomic[sh->m->cpu] : NULL;
	vaddr_t latest;

	if (is_lowmem_addr(sh->m, addr))
		return 0;
	if (!ka || !ka->depth)
		return cmd_fail(sh, EINVAL, "%s: cpu %u has no atomic mapping", what, sh->m->cpu);
	latest = kmap_atomic_address(sh->m, sh->m->cpu, ka->depth - 1);
	if ((addr & ~(vaddr_t)(PAGE_SIZE - 1)) == latest)
		return 0;
	return cmd_fail(sh, EINVAL,
			"%s is not the latest atomic mapping of cpu %u: that is 0x%llx, of pfn %u",
			what, sh->m->cpu, (unsigned long long)latest, ka->pfn[ka->depth - 1]);
}

static int atomic_check_free(struct shell *sh, const struct item *t, const char *what)
{
	return atomic_check(sh, t->at, what);
}

static void atomic_free(struct shell *sh, struct item *t)
{
	value_forget(sh, t);
	kunmap_atomic(sh->m, t->at);
}

static const struct value_type atomic_type = {
	"kmap_atomic", ITEM_ADDRESS, .print = atomic_print, .json = pfn_json,
	.check_free = atomic_check_free, .free = atomic_free,
}, atomic_low_type = {
	"kmap_atomic", ITEM_USER, .print = atomic_print, .json = pfn_json,
	.check_free = atomic_check_free, .free = atomic_free,
};

/* ---- the commands ---- */

static int exec_kmap(struct shell *sh, const struct args *a)
{
	uint64_t pfn;
	vaddr_t addr;
	int r = need_kernel_tables(sh);

	if (!r)
		r = val_to_pfn(sh, &a->v[0].val, a->v[0].w->text, &pfn);
	if (r)
		return r;
	begin_change(sh);
	r = kmap(sh->m, (pfn_t)pfn, &addr);
	if (r == -EWOULDBLOCK) {
		print_full(sh, (pfn_t)pfn);
		return 0;
	}
	if (r)
		return cmd_fail(sh, -r, "all slots have users, and %d callers sleep already",
				PKMAP_WAITERS);
	value_add(sh, in_pkmap(sh->m, addr) ? &kmap_type : &kmap_low_type, addr)->id = (uint32_t)pfn;
	value_print(sh, value_done(sh));
	return 0;
}

/* A page, or an address in the window. */
static int mapped_page(struct shell *sh, const struct arg *a, uint64_t *pfn)
{
	const struct val *v = &a->val;
	unsigned slot;

	if (v->kind != VAL_NUM || v->n < 0 || v->n > UINT32_MAX || !in_pkmap(sh->m, (vaddr_t)v->n))
		return val_to_pfn(sh, v, a->w->text, pfn);
	slot = slot_of(sh->m, (vaddr_t)v->n);
	if (!sh->m->pkmap->count[slot])
		return cmd_fail(sh, EINVAL, "no page has slot %u", slot);
	*pfn = sh->m->pkmap->pfn[slot];
	return 0;
}

static int exec_kunmap(struct shell *sh, const struct args *a)
{
	const struct arg *x = &a->v[0];
	struct item *t;
	uint64_t pfn;
	uint32_t n;
	vaddr_t addr;
	int r = need_kernel_tables(sh);

	if (!r)
		r = mapped_page(sh, x, &pfn);
	if (r)
		return r;
	addr = page_address(sh->m, (pfn_t)pfn);
	begin_change(sh);
	r = unmap_page(sh, (pfn_t)pfn);
	if (r && !addr)
		return cmd_fail(sh, EINVAL, "pfn %llu has no kernel address", (unsigned long long)pfn);
	if (r)
		return cmd_fail(sh, EINVAL, "pfn %llu: slot %u has no user left",
				(unsigned long long)pfn, slot_of(sh->m, addr));
	t = value_items(sh, &x->val, &n);
	if (!t || (t->type != &kmap_type && t->type != &kmap_low_type))
		t = value_at(sh, addr);
	if (t && (t->type == &kmap_type || t->type == &kmap_low_type) && !t->freed)
		value_forget(sh, t);
	return 0;
}

static int exec_kmap_atomic(struct shell *sh, const struct args *a)
{
	struct item *t;
	uint64_t pfn;
	vaddr_t addr;
	int r = need_kernel_tables(sh);

	if (!r)
		r = val_to_pfn(sh, &a->v[0].val, a->v[0].w->text, &pfn);
	if (r)
		return r;
	begin_change(sh);
	if (kmap_atomic(sh->m, (pfn_t)pfn, &addr))
		return cmd_fail(sh, ENOSPC,
				"cpu %u has %d atomic mappings of high pages, and no more slots: the "
				"kernel would overwrite those of the next CPU",
				sh->m->cpu, KM_TYPE_NR);
	t = value_add(sh, is_lowmem_addr(sh->m, addr) ? &atomic_low_type : &atomic_type, addr);
	t->id = (uint32_t)pfn;
	t->size = sh->m->cpu;
	t->order = sh->m->kmap_atomic ? (uint8_t)(sh->m->kmap_atomic[sh->m->cpu].depth - 1) : 0;
	value_print(sh, value_done(sh));
	return 0;
}

static int exec_kunmap_atomic(struct shell *sh, const struct args *a)
{
	struct item *t;
	vaddr_t addr;
	int r = need_kernel_tables(sh);

	if (!r)
		r = kernel_address(sh, &a->v[0], &addr);
	if (!r)
		r = atomic_check(sh, addr, quoted(sh, a->v[0].w->text));
	if (r)
		return r;
	begin_change(sh);
	kunmap_atomic(sh->m, addr);
	t = kernel_item(sh, &a->v[0], addr & ~(vaddr_t)(PAGE_SIZE - 1));
	if (t && (t->type == &atomic_type || t->type == &atomic_low_type) && !t->freed)
		value_forget(sh, t);
	return 0;
}

#define CHANGES (CMD_CHANGES | CMD_MACHINE)

const struct command commands_highmem[] = {
	{
		.name = "kmap",
		.args = {{"PAGE", ARG_PAGE, 0}},
		.help = "Give a page a kernel address, one more user of it.",
		.text = "A high page gets a slot of the pkmap window, or the one that it has. A low page "
			"has its address anyway. When every slot has a user, the caller sleeps until "
			"a kunmap: it is said which pages have the slots, and later who woke up.",
		.example = "p = alloc 0 GFP_HIGHUSER\nkmap $p\nkunmap $p",
		.flags = CHANGES | CMD_VALUE,
		.exec = exec_kmap,
	},
	{
		.name = "kunmap",
		.args = {{"PAGE", ARG_PAGE, 0}},
		.help = "One user less of a page's kernel address.",
		.text = "PAGE may be the address in the window, too. Without users the page stays mapped "
			"until the search for a slot comes round and flushes.",
		.example = "kunmap $p",
		.flags = CHANGES,
		.exec = exec_kunmap,
	},
	{
		.name = "kmap_atomic",
		.args = {{"PAGE", ARG_PAGE, 0}},
		.help = "Map a page in the current CPU's next slot, for a moment.",
		.text = "Each CPU has slots of its own in the fixmap, taken and given back like a stack.",
		.example = "p = alloc 0 GFP_HIGHUSER\nk = kmap_atomic $p\nkunmap_atomic $k",
		.flags = CHANGES | CMD_VALUE,
		.exec = exec_kmap_atomic,
	},
	{
		.name = "kunmap_atomic",
		.args = {{"X", ARG_VALUE, 0}},
		.help = "Undo the current CPU's latest kmap_atomic.",
		.example = "kunmap_atomic $k",
		.flags = CHANGES,
		.exec = exec_kunmap_atomic,
	},
	{0},
};
