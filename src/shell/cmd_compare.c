/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `compare`: one scenario on all allocators. */
#include "cmd_slab.h"
#include "command.h"
#include "shell.h"

int exec_compare(struct shell *sh, const struct args *a)
{
	(void)a;
	return cmd_fail(sh, ENOSYS, "not there yet");
}
