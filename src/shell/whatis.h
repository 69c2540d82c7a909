/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * `whatis`: an address or a page is handed from finder to finder. Each says what it knows, a
 * line or more, and may tell the later ones which page lies behind an address.
 */
#ifndef SHELL_WHATIS_H
#define SHELL_WHATIS_H

#include <stdbool.h>

#include <mmsh/types.h>

struct args;
struct shell;

struct whatis {
	vaddr_t addr;
	bool virt;	/* .addr is what was asked about */
	uint64_t pfn;	/* PFN_NONE: not known */
};

/* Each in its own way; @w->pfn may be filled in. */
void whatis_value(struct shell *sh, struct whatis *w);
void whatis_direct_map(struct shell *sh, struct whatis *w);
void whatis_object(struct shell *sh, struct whatis *w);
void whatis_kernel_range(struct shell *sh, struct whatis *w); /* vmalloc, pkmap, fixmap */
void whatis_kernel_map(struct shell *sh, struct whatis *w);
void whatis_mapped(struct shell *sh, struct whatis *w); /* pages there, and page tables */
void whatis_user(struct shell *sh, struct whatis *w); /* the current task's areas and pages */
void whatis_sharers(struct shell *sh, struct whatis *w); /* of a user's page */
void whatis_page(struct shell *sh, struct whatis *w);

int exec_whatis(struct shell *sh, const struct args *a);

#endif
