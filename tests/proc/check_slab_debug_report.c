/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What SLAB's debugging finds, as the kernel log tells it. */
#include "suites.h"
#include "mm/slab_fixture.h"

#include <mmsh/kmsg.h>
#include <stdio.h>
#include <string.h>

static struct machine *m;
static struct kmem_cache *s;
static vaddr_t first, o;

static void begin(void)
{
	struct slab_params p;

	slab_params_init(&p);
	p.slab_debug = true;
	m = slab_machine("slab", "mem=64M", &p);
	s = cache_of(m, "test", 100, 0, 0);
	first = object_of(m, s);
	o = object_of(m, s);
	ck_assert_int_eq(kmsg_attach(m), 0);
	strbuf_reset(&m->kmsg);
}

static void end(void)
{
	machine_free(m);
}

/* The log has these lines one behind the other, "..." standing for any number. An address is
   written as {o+8}. */
static void assert_log(const char *const *want)
{
	const char *at = strbuf_str(&m->kmsg);
	bool skip = true;

	for (; *want; want++) {
		char text[256] = "", *open;
		const char *hit;

		if (!strcmp(*want, "...")) {
			skip = true;
			continue;
		}
		snprintf(text, sizeof(text), "%s", *want);
		open = strstr(text, "{o");
		if (open) {
			char rest[128];
			int off = 0;

			snprintf(rest, sizeof(rest), "%s", strchr(open, '}') + 1);
			sscanf(open + 2, "%d", &off);
			snprintf(open, (size_t)(text + sizeof(text) - open), "%08llx%s",
				 (unsigned long long)(o + (vaddr_t)off), rest);
		}
		strncat(text, "\n", sizeof(text) - strlen(text) - 1);
		hit = strstr(at, text);
		ck_assert_msg(hit != NULL, "no line\n%sin\n%s", text, at);
		if (!skip)
			ck_assert_msg(!memchr(at, '\n', (size_t)(hit - at)), "not next:\n%sin\n%s",
				      text, at);
		at = hit + strlen(text);
		skip = false;
	}
}

START_TEST(corruption)
{
	kmem_cache_free(m, s, o);
	memset(bytes_at(m, o + 20), 0x41, 3);
	object_of(m, s);
	assert_log((const char *const[]){
		"Slab corruption (Not tainted): test start={o+0}, len=100",
		"Redzone: 0x9f911029d74e35b/0x9f911029d74e35b.",
		"...",
		"010: 6b 6b 6b 6b 41 41 41 6b 6b 6b 6b 6b 6b 6b 6b 6b  kkkkAAAkkkkkkkkk",
		"Prev obj: start={o-128}, len=100",
		"...",
		"000: 6b 6b 6b 6b 6b 6b 6b 6b 6b 6b 6b 6b 6b 6b 6b 6b  kkkkkkkkkkkkkkkk",
		"010: 6b 6b 6b 6b 6b 6b 6b 6b 6b 6b 6b 6b 6b 6b 6b 6b  kkkkkkkkkkkkkkkk",
		"Next obj: start={o+128}, len=100",
		"Redzone: 0xd84156c5635688c0/0xd84156c5635688c0.",
		"...",
		"000: 5a 5a 5a 5a 5a 5a 5a 5a 5a 5a 5a 5a 5a 5a 5a 5a  ZZZZZZZZZZZZZZZZ",
		NULL});
}
END_TEST

START_TEST(last_line_and_one_bit)
{
	kmem_cache_free(m, s, o);
	*bytes_at(m, o + 40) ^= 4;
	memset(bytes_at(m, o + 97), 0, 3);
	kmem_cache_free(m, s, first);
	kmem_cache_shrink(m, s);
	assert_log((const char *const[]){
		"Slab corruption (Not tainted): test start={o+0}, len=100", "...",
		"020: 6b 6b 6b 6b 6b 6b 6b 6b 6f 6b 6b 6b 6b 6b 6b 6b  kkkkkkkkokkkkkkk",
		"Single bit error detected. Probably bad RAM.",
		"Run memtest86+ or a similar memory test tool.",
		"060: 6b 00 00 00                                      k...", NULL});
}
END_TEST

START_TEST(many_damaged_lines)
{
	kmem_cache_free(m, s, o);
	memset(bytes_at(m, o), 0, 100);
	object_of(m, s);
	ck_assert_ptr_nonnull(strstr(m->kmsg.s, "050: 00"));
	ck_assert_ptr_null(strstr(m->kmsg.s, "060: 00"));
}
END_TEST

START_TEST(red_zones)
{
	*bytes_at(m, o + 104) = 0;
	kmem_cache_free(m, s, o);
	assert_log((const char *const[]){
		"slab error in verify_redzone_free(): cache `test': memory outside object was"
		" overwritten",
		"...", "Disabling lock debugging due to kernel taint",
		"{o-8}: redzone 1:0xd84156c5635688c0, redzone 2:0xd84156c563568800.", NULL});
	strbuf_reset(&m->kmsg);
	*bytes_at(m, o - 1) = 0;
	object_of(m, s);
	assert_log((const char *const[]){
		"slab error in cache_alloc_debugcheck_after(): cache `test': double free, or memory"
		" outside object was overwritten",
		"...", "{o-8}: redzone 1:0xf911029d74e35b, redzone 2:0x9f911029d74e35b", NULL});
	strbuf_reset(&m->kmsg);
	kmem_cache_free(m, s, first);
	kmem_cache_free(m, s, o);
	*bytes_at(m, o - 1) = 0;
	*bytes_at(m, o + 104) = 0;
	kmem_cache_shrink(m, s);
	assert_log((const char *const[]){
		"slab error in slab_destroy_debugcheck(): cache `test': start of a freed object was"
		" overwritten",
		"...",
		"slab error in slab_destroy_debugcheck(): cache `test': end of a freed object was"
		" overwritten",
		NULL});
}
END_TEST

START_TEST(double_free)
{
	kmem_cache_free(m, s, o);
	kmem_cache_free(m, s, o);
	assert_log((const char *const[]){
		"slab error in verify_redzone_free(): cache `test': double free detected", "...",
		"{o-8}: redzone 1:0x9f911029d74e35b, redzone 2:0x9f911029d74e35b.", NULL});
	kmem_cache_shrink(m, s);
	assert_log((const char *const[]){"slab: double free detected in cache 'test', objp {o-8}",
					 "...", "kernel BUG at mm/slab.c!", NULL});
}
END_TEST

START_TEST(no_object)
{
	kmem_cache_free(m, s, o + 4);
	assert_log((const char *const[]){"kernel BUG at mm/slab.c!", NULL});
}
END_TEST

static void clumsy(struct machine *mm, const struct kmem_cache *c, vaddr_t object)
{
	memset(bytes_at(mm, object - 4), 0xee, c->object_size + 16);
}

START_TEST(constructor)
{
	static const struct kmem_ctor ctor = {"clumsy+0x0/0x10", clumsy};
	struct kmem_cache_params p = {.name = "ctor", .size = 100, .ctor = &ctor,
				      .flags = SLAB_DESTROY_BY_RCU};
	struct mm_error e;

	object_of(m, kmem_cache_create(m, &p, &e));
	assert_log((const char *const[]){
		"slab error in cache_init_objs(): cache `ctor': constructor overwrote the end of an"
		" object",
		"...",
		"slab error in cache_init_objs(): cache `ctor': constructor overwrote the start of"
		" an object",
		NULL});
}
END_TEST

START_TEST(no_memory)
{
	while (kmem_cache_alloc(m, s, GFP_KERNEL))
		;
	ck_assert_ptr_nonnull(strstr(m->kmsg.s, "SLAB: Unable to allocate memory on node 0"));
	assert_log((const char *const[]){"  cache: test, object size: 128, order: 0", NULL});
}
END_TEST

Suite *slab_debug_report_suite(void)
{
	Suite *suite = suite_create("slab_debug_report");
	TCase *t = tcase_create("slab_debug_report");

	tcase_add_checked_fixture(t, begin, end);
	tcase_add_test(t, corruption);
	tcase_add_test(t, last_line_and_one_bit);
	tcase_add_test(t, many_damaged_lines);
	tcase_add_test(t, red_zones);
	tcase_add_test(t, double_free);
	tcase_add_test(t, no_object);
	tcase_add_test(t, constructor);
	tcase_add_test(t, no_memory);
	suite_add_tcase(suite, t);
	return suite;
}
