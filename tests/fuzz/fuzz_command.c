/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The shell: any text as a script, on a small machine, with nothing of the host's in reach. */
#include "fuzz.h"

#include <mmsh/audit.h>

#include <stdio.h>
#include <stdlib.h>

#include "shell/shell.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct shell *sh = shell_new();
	struct mm_error e = {""};

	if (!sh)
		return 0;
	sh->safe = sh->silent = sh->set.keep_going = true;
	sh->bootline = "mem=16M cpus=2";
	sh->fuel = 500;
	run_text(sh, "fuzz", (const char *)data, size);
	if (sh->m && machine_audit(sh->m, &e)) {
		fprintf(stderr, "audit: %s\n", e.text);
		abort();
	}
	shell_free(sh);
	return 0;
}
