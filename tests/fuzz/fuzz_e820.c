/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The memory map reader, and a boot with what it read. */
#include "fuzz.h"

#include <mmsh/audit.h>
#include <mmsh/bootline.h>

#include <stdio.h>
#include <stdlib.h>

/* Small machines boot fast, and what can go wrong with a map goes wrong below this. */
#define MEM_LIMIT (48ull << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct boot_params p;
	struct mm_error e = {""};
	struct machine *m;

	boot_params_init(&p);
	p.mem = 0;
	if (e820_read(&p, (const char *)data, size, &e))
		return 0;
	p.mem = MEM_LIMIT;
	m = machine_boot(&p, &e);
	if (!m)
		return 0;
	if (machine_audit(m, &e)) {
		fprintf(stderr, "audit: %s\n", e.text);
		abort();
	}
	machine_free(m);
	return 0;
}
