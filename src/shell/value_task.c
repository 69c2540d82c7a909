/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Values that are tasks (their PIDs) and mappings of a task's. */
#include <string.h>

#include <mmsh/fault.h>
#include <mmsh/proc_task.h>

#include "cmd_task.h"
#include "out.h"
#include "shell.h"

/* ---- tasks ---- */

static void print_task(struct shell *sh, const struct item *i)
{
	const struct task_struct *t = i->freed ? NULL : task_find(sh->m, (int)i->at);

	if (t)
		out(sh, "PID %d (%s, child of PID %d)", t->pid, t->comm, t->ppid);
	else
		out(sh, "PID %d", (int)i->at);
}

static void json_task(struct shell *sh, const struct item *i, json_t *o)
{
	const struct task_struct *t = i->freed ? NULL : task_find(sh->m, (int)i->at);

	if (!t)
		return;
	json_object_set_new(o, "comm", json_stringn_nocheck(t->comm, strlen(t->comm)));
	json_object_set_new(o, "ppid", json_integer(t->ppid));
}

static void free_task(struct shell *sh, struct item *i)
{
	task_exit(sh->m, task_find(sh->m, (int)i->at));
	values_lose_task(sh, (int)i->at, true);
}

const struct value_type value_task_type = {
	"task",
	ITEM_NUMBER,
	.print = print_task,
	.json = json_task,
	.free = free_task,
};

/* ---- mappings ---- */

static void print_mapping(struct shell *sh, const struct item *i)
{
	const struct task_struct *t = i->freed ? NULL : task_find(sh->m, (int)i->id);

	out_hex(sh, i->at);
	out(sh, " (mapping of %llu bytes", (unsigned long long)i->size);
	if (t)
		out(sh, ", PID %d %s", t->pid, t->comm);
	out_char(sh, ')');
}

static void json_mapping(struct shell *sh, const struct item *i, json_t *o)
{
	(void)sh;
	json_object_set_new(o, "size", json_integer((json_int_t)i->size));
	json_object_set_new(o, "pid", json_integer(i->id));
}

static int check_free_mapping(struct shell *sh, const struct item *i, const char *what)
{
	const struct vm_area_struct *v = find_vma(task_find(sh->m, (int)i->id)->mm, i->at);

	if (!v || v->vm_start >= i->at + i->size)
		return cmd_fail(sh, EINVAL, "%s: nothing is mapped there any more", what);
	return 0;
}

static void free_mapping(struct shell *sh, struct item *i)
{
	if (!sys_munmap(sh->m, task_find(sh->m, (int)i->id), i->at, i->size))
		value_forget(sh, i);
}

const struct value_type value_mapping_type = {
	"mapping",
	ITEM_USER,
	.print = print_mapping,
	.json = json_mapping,
	.check_free = check_free_mapping,
	.free = free_mapping,
};

void mapping_value(struct shell *sh, const struct task_struct *t, vaddr_t addr, uint64_t len)
{
	struct item *i = value_add(sh, &value_mapping_type, addr);

	i->size = len;
	i->id = (uint32_t)t->pid;
	value_print(sh, value_done(sh));
}

/* From the newest one back to the task itself: it is older than what it maps. */
void values_lose_task(struct shell *sh, int pid, bool gone)
{
	struct values *vs = &sh->values;

	for (uint32_t n = vs->nr_items; n-- > 0;) {
		struct item *i = &vs->item[n];
		bool self = i->type == &value_task_type && (int)i->at == pid;

		if (!i->freed && ((self && gone) || (i->type == &value_mapping_type && (int)i->id == pid)))
			value_forget(sh, i);
		if (self)
			return;
	}
}
