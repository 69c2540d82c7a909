/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The readers of recordings: as a state to load, and as operations to verify. */
#include "fuzz.h"

#include <mmsh/audit.h>
#include <mmsh/page_alloc.h>
#include <mmsh/state.h>
#include <mmsh/verify.h>

/* A state that audit passes is a machine: it must go on working. */
static void use_machine(struct machine *m)
{
	struct strbuf out = STRBUF_INIT;
	struct mm_error e;
	int64_t pfn;

	if (!machine_audit(m, &e)) {
		pfn = alloc_pages(m, GFP_HIGHUSER_MOVABLE | __GFP_NOWARN, 1);
		if (pfn >= 0)
			__free_pages(m, (pfn_t)pfn, 1);
		state_write(m, "now", &out);
		strbuf_free(&out);
	}
	machine_free(m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct verify_result r = {0};
	struct mm_error e;
	struct machine *m = state_load(text, size, &e);

	if (m)
		use_machine(m);
	verify_text(text, size, &r, &e);
	strbuf_free(&r.report);
	return 0;
}
