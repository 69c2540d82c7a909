/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Recordings of SLAB and SLOB replay; what cannot be a state of theirs is refused. */
#include "golden.h"
#include "suites.h"
#include <mmsh/verify.h>
#include <string.h>

#define SLAB_SMP "slab/slab-hm4g-512M-smp4-s1-nomerge.rec.gz"
#define SLAB_MERGE "slab/slab-hm4g-512M-s4-merge.rec.gz"
#define SLOB "slab/slob-hm4g-512M-s1-nomerge.rec.gz"

START_TEST(recordings_match)
{
	static const char *const names[] = {SLAB_SMP, SLAB_MERGE, SLOB};
	struct verify_result r;
	struct mm_error e;

	ck_assert_msg(!verify_file(golden_path(names[_i]), &r, &e), "%s", e.text);
	ck_assert_msg(r.ops > 20000 && r.matched == r.ops, "%s", strbuf_str(&r.report));
	strbuf_free(&r.report);
}
END_TEST

static const struct edited {
	const char *file, *after, *from, *to;
	const char *says; /* NULL: it replays, and differs */
} edits[] = {
	/* SLAB */
	{SLAB_SMP, "slabparams", "max_order=1", "max_order=11", "orders end at 10"},
	{SLAB_SMP, "slabs stage=before", "slabparams", "sleepparams", "no allocator"},
	{SLAB_SMP, "slabparams", "name=o24 ", "name=o8 ", "second time"},
	{SLAB_SMP, "slabparams", "alloc=SLAB", "alloc=SLUB", "expects alloc=SLAB"},
	{SLAB_SMP, "slabparams", " size=16", " size=32", "laid out otherwise"},
	{SLAB_SMP, "slabparams", "object_size=8", "object_size=0", "no layout of a cache"},
	{SLAB_SMP, "slabparams", "object_size=8", "object=8", "no object_size"},
	{SLAB_SMP, "slabparams", "freelist_size=240", "freelists=240", "no freelist_size"},
	{SLAB_SMP, "slabparams", "batchcount=60", "batch=60", "no batchcount"},
	{SLAB_SMP, "slabparams", "limit=120", "limit=0", "no layout of a cache"},
	{SLAB_SMP, "slabparams", "align=8", "align=12", "no layout of a cache"},
	{SLAB_SMP, "slabparams", "shared=8", "shared=100000", "no layout of a cache"},
	{SLAB_SMP, "slabparams", "arraycache cache=o8", "arraycache cache=p8", "no cache that"},
	{SLAB_SMP, "slabparams", "kind=cpu", "kind=bus", "kind=cpu or kind=shared"},
	{SLAB_SMP, "slabparams", "id=3", "id=4", "no CPU 4"},
	{SLAB_SMP, "slabparams", "kind=shared id=0", "kind=shared id=1", "no node 1"},
	{SLAB_SMP, "arraycache", "limit=120", "limit=121", "no such array"},
	{SLAB_SMP, "arraycache", "touched=0", "torched=0", "no touched"},
	{SLAB_SMP, "arraycache", "entries=", "entries=0xdf000000", "1 entries, not 0"},
	{SLAB_SMP, "arraycache", "entries=", "entries=dead", "not a list of addresses"},
	{SLAB_SMP, "arraycache", "entries=", "exits=", "expects entries="},
	{SLAB_SMP, "slabparams", "cnode cache=o8", "cnode cache=p8", "no cache that"},
	{SLAB_SMP, "slabparams", "node=0", "knot=0", "expects node="},
	{SLAB_SMP, "slabparams", "node=0", "node=1", "no node"},
	{SLAB_SMP, "slabparams", "colour_next=0", "colour_next=7", "no such colour"},
	{SLAB_SMP, "slabparams", "free_limit=540", "free_limit=many", "no value of free_limit"},
	{SLAB_SMP, "slabparams", "slab cache=kmalloc-96", "slab cache=k", "no cache that"},
	{SLAB_SMP, "slab cache=", "where=partial", "where=astray", "no such place"},
	{SLAB_SMP, "slab cache=", "idx=0", "index=0", "no idx"},
	{SLAB_SMP, "slab cache=", "pfn=128288", "pfn=1282880", "no such block"},
	{SLAB_SMP, "slab cache=", "pfn=128288", "pfn=128240", "that is no slab"},
	{SLAB_SMP, "slab cache=", "active=16", "active=17", "that is no slab"},
	{SLAB_SMP, "slab cache=", "s_mem=0xdf520040", "s_mem=0xdf520080", "that is no slab"},
	{SLAB_SMP, "slab cache=", "freelist_addr=0xdf520000", "freelist_addr=0x20000",
	 "that is no slab"},
	{SLAB_SMP, "slab cache=", "freelist=16,17", "freelist=16,99", "no object 99"},
	{SLAB_SMP, "slab cache=", "freelist=16,17", "freelist=16;17", "not a list of objects"},
	{SLAB_SMP, "slab cache=", " freelist=", " list=", "expects freelist="},
	{SLAB_SMP, "slab cache=", "where=partial", "where=full", "not on that list"},
	{SLAB_SMP, "idx=0", "pfn=128100", "pfn=128240", "spoken for"},
	{SLAB_SMP, "slabs stage=before", "\ncnode", "\ncode", "not a line of a slab dump"},
	{SLAB_SMP, "endslabs stage=before", "addr=0xd", "addr=0xe", NULL},
	{SLAB_SMP, "slabs stage=after", "free_objects=104", "free_objects=105", NULL},
	{SLAB_SMP, "slabs stage=after", "touched=1", "touched=0", NULL},
	{SLAB_MERGE, "slabs stage=final", "active=", "active=1", NULL},
	/* SLOB */
	{SLOB, "slobparams", "SLOB_UNIT=2", "SLOB_UNIT=4", "units have 2 bytes"},
	{SLOB, "slobparams", "SLOB_UNIT=2", "SLAB_UNIT=2", "no SLOB_UNIT"},
	{SLOB, "slobparams", "slobpage list=small", "slobpage list=tiny", "no such list"},
	{SLOB, "slobparams", "slobpage list=small", "slobpage small", "expects list="},
	{SLOB, "slobparams", "pfn=128142", "pfn=1281420", "no such page"},
	{SLOB, "slobparams", "pfn=128102", "pfn=128142", "spoken for"},
	{SLOB, "slobparams", "idx=0", "index=0", "no idx"},
	{SLOB, "slobparams", "blocks=50:6", "blocks=50;6", "not a list of blocks"},
	{SLOB, "slobparams", "blocks=50:6", "blocks=50:6000", "no blocks of a page"},
	{SLOB, "slobparams", " blocks=50", " blcks=50", "no blocks of a page"},
	{SLOB, "slobparams", "cache name=o24 ", "cache name=o8 ", "second time"},
	{SLOB, "slobparams", "alloc=SLOB", "alloc=SLAB", "expects alloc=SLOB"},
	{SLOB, "slobparams", " size=8", " size=7", "no layout of a cache"},
	{SLOB, "slobparams", "align=8", "alien=8", "no align"},
	{SLOB, "slobparams", "addr=0xd", "addr=0xc", "not that of the page"},
	{SLOB, "slobparams", "\nslobpage", "\nblobpage", "not a line of a slab dump"},
	{SLOB, "slabs stage=after", "free_units=", "free_units=1", NULL},
};

START_TEST(edited_recordings)
{
	const struct edited *x = &edits[_i];
	struct strbuf text = golden(x->file);
	struct mm_error e = {""};
	struct verify_result r;
	int err;

	edit(&text, x->after, x->from, x->to);
	err = verify_text(text.s, text.len, &r, &e);
	if (x->says) {
		ck_assert_int_lt(err, 0);
		ck_assert_msg(strstr(e.text, x->says) != NULL, "%s", e.text);
	} else {
		ck_assert_int_eq(err, 0);
		ck_assert_uint_gt(r.diverged, 0);
	}
	strbuf_free(&r.report);
	strbuf_free(&text);
}
END_TEST

Suite *slab_dump_suite(void)
{
	Suite *s = suite_create("slab_dump");
	TCase *t = tcase_create("slab_dump");

	tcase_add_loop_test(t, recordings_match, 0, 3);
	tcase_add_loop_test(t, edited_recordings, 0, (int)ARRAY_SIZE(edits));
	suite_add_tcase(s, t);
	return s;
}
