/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands on the machine as a whole. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mmsh/proc.h>

#include "command.h"
#include "out.h"
#include "shell.h"
#include "util.h"

static void print_booted(struct shell *sh)
{
	const struct machine *m = sh->m;
	const char *sep = "";

	out(sh, "%s, %u CPU%s; pages managed: ", m->arch->name, m->nr_cpus,
	    m->nr_cpus == 1 ? "" : "s");
	for_each_populated_zone(sh->m, z) {
		out(sh, "%s%s %lu", sep, z->name, z->managed_pages);
		sep = ", ";
	}
	out_char(sh, '\n');
}

static int exec_boot(struct shell *sh, const struct args *a)
{
	const struct arg *keys = &a->v[0];
	const char **words = mem_resize(NULL, keys->n + 1, sizeof(*words));
	int r = 0;

	for (unsigned i = 0; i < keys->n && !r; i++) {
		struct arg word = {0};

		r = arg_parse_word(sh, ARG_BOOT, &keys->w[i], &word);
		words[i] = word.text;
	}
	if (!r)
		r = shell_boot(sh, words, keys->n);
	free(words);
	if (!r)
		print_booted(sh);
	return r;
}

static int exec_dmesg(struct shell *sh, const struct args *a)
{
	(void)a;
	out_mem(sh, strbuf_str(&sh->m->kmsg), sh->m->kmsg.len);
	return 0;
}

static int exec_cpu(struct shell *sh, const struct args *a)
{
	if (!a->v[0].w) {
		out(sh, "%u\n", sh->m->cpu);
		return 0;
	}
	if (a->v[0].num < 0 || a->v[0].num >= sh->m->nr_cpus)
		return cmd_fail(sh, EINVAL, "%lld: the machine has %u CPU%s, numbered from 0",
				(long long)a->v[0].num, sh->m->nr_cpus,
				sh->m->nr_cpus == 1 ? "" : "s");
	begin_change(sh);
	machine_set_cpu(sh->m, (unsigned)a->v[0].num);
	return 0;
}

static int exec_tick(struct shell *sh, const struct args *a)
{
	int64_t n = a->v[0].w ? a->v[0].num : 1;

	if (n > 365ll * 24 * 3600 * HZ)
		return cmd_fail(sh, EINVAL, "%lld: more than a year", (long long)n);
	begin_change(sh);
	machine_tick(sh->m, (uint64_t)n);
	return 0;
}

/* ---- sysctl ---- */

static const char *next_sysctl(void *arg)
{
	const struct proc_file **f = arg;

	while ((*f)->path && strncmp((*f)->path, "/proc/sys/", 10))
		(*f)++;
	return (*f)->path ? (*f)++->path + 10 : NULL;
}

/* "vm.min_free_kbytes" is in @name. */
static int find_sysctl(struct shell *sh, char *name, const struct proc_file **file)
{
	const struct proc_file *f = proc_files;
	char path[128], meant[64], shown[128];

	snprintf(shown, sizeof(shown), "%s", name);
	for (char *p = name; *p; p++)
		if (*p == '.')
			*p = '/';
	snprintf(path, sizeof(path), "/proc/sys/%.100s", name);
	*file = proc_find(path);
	if (*file)
		return 0;
	suggestion(did_you_mean(name, next_sysctl, &f), meant, sizeof(meant));
	for (char *p = meant; *p; p++)
		if (*p == '/')
			*p = '.';
	return cmd_fail(sh, ENOENT, "there is no %s%s", quoted(sh, shown), meant);
}

static void print_sysctl(struct shell *sh, const struct proc_file *f)
{
	const char *name = f->path + strlen("/proc/sys/");
	struct strbuf text = STRBUF_INIT;

	if (!proc_read(sh->m, f->path, &text)) {
		for (; *name; name++)
			out_char(sh, *name == '/' ? '.' : *name);
		out(sh, " = %s%s", strbuf_str(&text), strchr(strbuf_str(&text), '\n') ? "" : "\n");
	}
	strbuf_free(&text);
}

static int exec_sysctl(struct shell *sh, const struct args *a)
{
	const struct proc_file *f;
	char name[128], *val;
	int r;

	if (strlen(a->v[0].text) >= sizeof(name))
		return cmd_fail(sh, ENOENT, "there is no %s", quoted(sh, a->v[0].text));
	strcpy(name, a->v[0].text);
	val = strchr(name, '=');
	if (val)
		*val++ = '\0';
	r = find_sysctl(sh, name, &f);
	if (r)
		return r;
	if (val) {
		begin_change(sh);
		r = proc_write(sh->m, f->path, val);
		if (r)
			return cmd_fail(sh, -r, "%s: %s", quoted(sh, a->v[0].text), strerror(-r));
	}
	print_sysctl(sh, f);
	return 0;
}

const struct command commands_machine[] = {
	{
		.name = "boot",
		.args = {{"KEY=VALUE", ARG_BOOT, ARG_OPT | ARG_MANY}},
		.help = "Boot a machine; the old one and its values are gone.",
		.text = "`help boot-keys` lists the keys. With none a PC with 1G is booted. If the keys "
			"describe no machine, the old one stays. The machine comes up with init as its only "
			"process (see ps).",
		.example = "boot mem=64M\nboot e820=dmesg.txt cpus=4",
		.flags = CMD_CHANGES,
		.exec = exec_boot,
	},
	{
		.name = "dmesg",
		.help = "Show the kernel log: the boot, and what the machine has reported since.",
		.example = "dmesg | less",
		.flags = CMD_MACHINE,
		.exec = exec_dmesg,
	},
	{
		.name = "cpu",
		.args = {{"N", ARG_NUM, ARG_OPT}},
		.help = "Show the current CPU, or change it.",
		.text = "What follows runs on that CPU and uses its per-CPU lists.",
		.example = "boot cpus=2\ncpu 1",
		.flags = CMD_CHANGES | CMD_MACHINE,
		.exec = exec_cpu,
	},
	{
		.name = "tick",
		.args = {{"N", ARG_COUNT, ARG_OPT}},
		.help = "Let N jiffies pass (1 if left out; 250 are a second).",
		.text = "What the kernel does by timer happens: each second every CPU folds its counters "
			"into the zones'.",
		.example = "tick 250",
		.flags = CMD_CHANGES | CMD_MACHINE,
		.exec = exec_tick,
	},
	{
		.name = "sysctl",
		.args = {{"NAME[=VALUE]", ARG_SYSCTL, 0}},
		.help = "Show or set a variable of /proc/sys.",
		.text = "As reading and writing the file of that name.",
		.example = "sysctl vm.min_free_kbytes=8192",
		.flags = CMD_CHANGES | CMD_MACHINE,
		.exec = exec_sysctl,
	},
	{0},
};
