/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "suites.h"
#include "proc/capture.h"

#include <stdlib.h>
#include <string.h>

static char *extfrag_of(const unsigned long nr_free[MAX_ORDER], const char *file)
{
	struct machine *m = boot_mib(64);
	struct zone *z = zone_find(m, 0, "DMA");
	char *text;

	for (int order = 0; order < MAX_ORDER; order++)
		z->free_area[order].nr_free = nr_free[order];
	text = proc_text(m, file);
	text[strcspn(text, "\n")] = '\0';
	machine_free(m);
	return text;
}

static const struct {
	unsigned long nr_free[MAX_ORDER];
	const char *frag, *unusable;
} cases[] = {
	{{1, 1, 0, 1, 2, 1, 1, 0, 1, 1, 3},
	 "Node 0, zone      DMA -1.000 -1.000 -1.000 -1.000 -1.000 -1.000 -1.000 -1.000 -1.000 -1.000 "
	 "-1.000 ",
	 "Node 0, zone      DMA 0.000 0.000 0.000 0.000 0.002 0.010 0.018 0.034 0.034 0.099 0.227 "},
	{{1046, 527, 128, 36, 17, 5, 26, 40, 13, 16, 0},
	 "Node 0, zone      DMA -1.000 -1.000 -1.000 -1.000 -1.000 -1.000 -1.000 -1.000 -1.000 -1.000 "
	 "0.989 ",
	 "Node 0, zone      DMA 0.000 0.048 0.097 0.120 0.134 0.146 0.154 0.230 0.467 0.621 1.000 "},
	/* one block: a request for twice its size fails for lack of memory, oddly printed */
	{{0, 1},
	 "Node 0, zone      DMA -1.000 -1.000 0.-500 0.-250 0.-125 0.-62 0.-31 0.-15 0.-07 0.-03 0.-01 ",
	 "Node 0, zone      DMA 0.000 0.000 1.000 1.000 1.000 1.000 1.000 1.000 1.000 1.000 1.000 "},
	{{0},
	 "Node 0, zone      DMA 0.000 0.000 0.000 0.000 0.000 0.000 0.000 0.000 0.000 0.000 0.000 ",
	 "Node 0, zone      DMA 1.000 1.000 1.000 1.000 1.000 1.000 1.000 1.000 1.000 1.000 1.000 "},
};

START_TEST(indices)
{
	char *frag = extfrag_of(cases[_i].nr_free, "extfrag_index");
	char *unusable = extfrag_of(cases[_i].nr_free, "unusable_index");

	ck_assert_str_eq(frag, cases[_i].frag);
	ck_assert_str_eq(unusable, cases[_i].unusable);
	free(frag);
	free(unusable);
}
END_TEST

Suite *extfrag_suite(void)
{
	Suite *s = suite_create("extfrag");
	TCase *t = tcase_create("extfrag");

	tcase_add_loop_test(t, indices, 0, (int)ARRAY_SIZE(cases));
	suite_add_tcase(s, t);
	return s;
}
