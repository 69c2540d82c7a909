/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands on the machine's shape: memory that comes and goes, where pages come from. */
#include <string.h>

#include <mmsh/memory_hotplug.h>

#include "command.h"
#include "map.h"
#include "out.h"
#include "shell.h"

enum { HOT_ACTION, HOT_RANGE, HOT_NODE, HOT_MOVABLE, HOT_KERNEL };

/* PFN..PFN, or one page: its section. */
static int hotplug_range(struct shell *sh, const struct arg *a, uint64_t *pfn, uint64_t *pages)
{
	uint64_t per = pages_per_section(sh->m);

	if (a->val.kind == VAL_RANGE) {
		if (a->val.n < 0 || a->val.end < a->val.n)
			return cmd_fail(sh, EINVAL, "%s: no range of pages", quoted(sh, a->w->text));
		*pfn = (uint64_t)a->val.n;
		*pages = (uint64_t)(a->val.end - a->val.n) + 1;
		return 0;
	}
	if ((a->val.kind != VAL_NUM && a->val.kind != VAL_PFN) || a->val.n < 0)
		return cmd_fail(sh, EINVAL, "%s: expects PFN..PFN", quoted(sh, a->w->text));
	*pages = per;
	*pfn = per ? ROUND_DOWN((uint64_t)a->val.n, per) : (uint64_t)a->val.n;
	return 0;
}

static int do_hotplug(struct shell *sh, const struct args *a, uint64_t pfn, uint64_t pages,
		      struct mm_error *e)
{
	const char *what = a->v[HOT_ACTION].w->text;
	enum mmop how = a->v[HOT_MOVABLE].w  ? MMOP_ONLINE_MOVABLE
			: a->v[HOT_KERNEL].w ? MMOP_ONLINE_KERNEL
					     : MMOP_ONLINE_KEEP;

	if (!strcmp(what, "add"))
		return add_memory(sh->m, a->v[HOT_NODE].w ? (int)a->v[HOT_NODE].num : -1, pfn, pages, e);
	if (!strcmp(what, "online"))
		return online_pages(sh->m, pfn, pages, how, e);
	if (!strcmp(what, "offline"))
		return offline_pages(sh->m, pfn, pages, e);
	return remove_memory(sh->m, pfn, pages, e);
}

static int exec_hotplug(struct shell *sh, const struct args *a)
{
	static const char *const actions[] = {"add", "online", "offline", "remove"};
	const char *what = a->v[HOT_ACTION].w->text;
	struct mm_error e = {""};
	uint64_t pfn = 0, pages = 0;
	size_t i = 0;
	int r;

	while (i < ARRAY_SIZE(actions) && strcmp(actions[i], what))
		i++;
	if (i == ARRAY_SIZE(actions))
		return cmd_fail(sh, EINVAL, "%s: add, online, offline or remove", quoted(sh, what));
	if (a->v[HOT_NODE].w && (i != 0 || a->v[HOT_NODE].num < 0 || a->v[HOT_NODE].num >= MAX_NUMNODES))
		return cmd_fail(sh, EINVAL, "node= says where memory is added");
	if ((a->v[HOT_MOVABLE].w || a->v[HOT_KERNEL].w) && i != 1)
		return cmd_fail(sh, EINVAL, "movable and kernel say how memory is onlined");
	if (a->v[HOT_MOVABLE].w && a->v[HOT_KERNEL].w)
		return cmd_fail(sh, EINVAL, "movable or kernel, not both");
	r = hotplug_range(sh, &a->v[HOT_RANGE], &pfn, &pages);
	if (r)
		return r;
	begin_change(sh);
	r = do_hotplug(sh, a, pfn, pages, &e);
	return r ? cmd_fail(sh, -r, "%s", e.text) : 0;
}

/* ---- policy ---- */

enum { POL_MODE, POL_BIND, POL_PREFERRED, POL_INTERLEAVE };

static int exec_policy(struct shell *sh, const struct args *a)
{
	static const enum mpol_mode modes[] = {
		[POL_BIND] = MPOL_BIND,
		[POL_PREFERRED] = MPOL_PREFERRED,
		[POL_INTERLEAVE] = MPOL_INTERLEAVE,
	};
	enum mpol_mode mode = MPOL_DEFAULT;
	struct mm_error e = {""};
	uint64_t nodes = 0;
	unsigned given = 0;
	int r;

	for (unsigned i = POL_MODE; i <= POL_INTERLEAVE; i++)
		given += a->v[i].w != NULL;
	if (!given) {
		mpol_to_str(sh->m->mempolicy, sh->out);
		out_char(sh, '\n');
		return 0;
	}
	if (given > 1)
		return cmd_fail(sh, EINVAL, "one policy at a time");
	if (a->v[POL_MODE].w && mpol_parse_str(a->v[POL_MODE].text, &mode, &nodes, &e))
		return cmd_fail(sh, EINVAL, "%s", e.text);
	for (unsigned i = POL_BIND; i <= POL_INTERLEAVE; i++) {
		if (!a->v[i].w)
			continue;
		mode = modes[i];
		if (bitlist_parse(a->v[i].text, &nodes))
			return cmd_fail(sh, EINVAL, "%s: not a list of nodes such as 0-2,5",
					quoted(sh, a->v[i].text));
	}
	begin_change(sh);
	r = set_mempolicy(sh->m, mode, nodes, &e);
	return r ? cmd_fail(sh, -r, "%s", e.text) : 0;
}

const struct command commands_shape[] = {
	{
		.name = "hotplug",
		.args = {{"ACTION", ARG_WORD, 0},
			 {"PFN..PFN", ARG_PAGE, 0},
			 {"node", ARG_NUM, ARG_KEY},
			 {"movable", ARG_WORD, ARG_FLAG},
			 {"kernel", ARG_WORD, ARG_FLAG}},
		.synopsis = "hotplug add PFN..PFN [node=N]\n"
			    "hotplug online PFN..PFN [movable] [kernel]\n"
			    "hotplug offline PFN..PFN\n"
			    "hotplug remove PFN..PFN",
		.help = "Memory comes and goes, in whole sections of SPARSEMEM.",
		.text = "Memory that was added has page descriptors, which cost a block of the memory "
			"that is there, but is not used before it is online. Offlining moves what is "
			"on the LRU away, and fails if there is anything else. A single PFN stands "
			"for its section. With movable or kernel, memory at the border of "
			"ZONE_MOVABLE goes into it or out of it.",
		.example = "boot arch=amd64 mem=1G\n"
			   "hotplug add 1048576..1081343\n"
			   "hotplug online 1048576..1081343\n"
			   "hotplug offline pfn:131072",
		.flags = CMD_CHANGES | CMD_MACHINE,
		.exec = exec_hotplug,
	},
	{
		.name = "policy",
		.args = {{"POLICY", ARG_TEXT, ARG_OPT},
			 {"bind", ARG_TEXT, ARG_KEY},
			 {"preferred", ARG_TEXT, ARG_KEY},
			 {"interleave", ARG_TEXT, ARG_KEY}},
		.synopsis = "policy [default|local]\n"
			    "policy bind=N-N\n"
			    "policy preferred=N\n"
			    "policy interleave=N-N",
		.help = "From which nodes the current task's pages come.",
		.text = "Without an argument, the policy as the kernel writes it; what it writes is "
			"understood, too (bind:0-1). A bind holds for the highest zone that there is, "
			"and above. A request with node=N asks for no policy.",
		.example = "boot arch=amd64 mem=2G numa=fake=4\n"
			   "policy interleave=0-3\n"
			   "alloc 0 count=8",
		.flags = CMD_CHANGES | CMD_MACHINE,
		.exec = exec_policy,
	},
	{
		.name = "map",
		.args = {{"WHAT", ARG_WORD, ARG_OPT | ARG_MANY}},
		.synopsis = "map [ZONE|PFN..PFN]\n"
			    "map --svg FILE [ZONE|PFN..PFN]",
		.help = "Draw physical memory: nodes, zones, holes, pageblocks and how full they are.",
		.text = "Two lines belong together: above, the type of the pageblocks (U M R H, I for "
			"isolated, k for what boot kept, o for what is offline, - for a hole); below, "
			"how much of them is in use. A character stands for as many pages as the first "
			"line says: as few as fit. ZONE is a name, or NODE:NAME. With --svg, a picture "
			"for a page or a slide is written to the host's FILE.",
		.example = "map\nmap Normal\nmap 0..8191",
		.flags = CMD_MACHINE,
		.exec = exec_map,
	},
	{0},
};
