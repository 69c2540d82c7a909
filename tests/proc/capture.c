/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proc/capture.h"

#include <check.h>
#include <mmsh/bootline.h>
#include <mmsh/state.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct capture captures[NR_CAPTURES] = {
	{"boot/slub-hm4g/64M", ""},
	{"boot/slub-hm4g/1G", ""},
	{"boot/slub-hm4g/512M-smp4", "cpus=4"},
	{"boot/slub-2g2g/2G", "split=2G"},
	{"boot/slub-pae/2G", "arch=ia32-pae"},
	{"boot/slub-pae/16G", "arch=ia32-pae"},
	{"boot/slub-pae-huge/2G", "arch=ia32-pae hugetlb=on"},
	{"boot/slub-numa32/2G-numa4", "arch=ia32-pae model=sparse numa=fake=4"},
	{"boot/slub-x64/2G-numa4", "arch=amd64 numa=fake=4"},
};

char *golden_text(const char *name)
{
	struct strbuf b = STRBUF_INIT;
	struct mm_error e = {""};
	char path[512];

	snprintf(path, sizeof(path), "%s/tests/golden/%s", TEST_SRCDIR, name);
	ck_assert_msg(read_file(path, &b, &e) == 0, "%s: %s", path, e.text);
	ck_assert_ptr_nonnull(b.s);
	return b.s;
}

char *capture_text(const struct capture *c, const char *file)
{
	char name[256];

	snprintf(name, sizeof(name), "%s/%s", c->dir, file);
	return golden_text(name);
}

/* The managed pages that a captured zoneinfo shows. */
static void set_managed(struct boot_params *p, const struct capture *c)
{
	char *text = capture_text(c, "zoneinfo.txt"), *s = text, *line, zone[16];
	long long n;
	int idx = 0, nid = 0;

	while ((line = next_line(&s))) {
		if (sscanf(line, "Node %d, zone %15s", &nid, zone) == 2)
			for (idx = 0; strcmp(p->arch->zone_name[idx], zone);)
				idx++;
		if (sscanf(line, " managed %lld", &n) == 1)
			p->managed[p->nr_managed++] = (struct managed_param){nid, idx, n};
	}
	free(text);
}

static void set_words(struct boot_params *p, const char *line)
{
	char *copy = strdup(line), *save = NULL;
	struct mm_error e = {""};

	for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		char *val = strchr(w, '=');

		*val++ = '\0';
		ck_assert_msg(boot_param_set(p, w, val, &e) == 0, "%s", e.text);
	}
	free(copy);
}

struct machine *capture_boot(const struct capture *c)
{
	struct mm_error e = {""};
	struct boot_params p;
	struct machine *m;
	char *dmesg = capture_text(c, "dmesg.txt");

	boot_params_init(&p);
	set_words(&p, c->words);
	ck_assert_msg(e820_read(&p, dmesg, strlen(dmesg), &e) == 0, "%s", e.text);
	free(dmesg);
	p.mem = 0;
	set_managed(&p, c);
	m = machine_boot(&p, &e);
	ck_assert_msg(m != NULL, "%s", e.text);
	return m;
}

struct machine *boot_mib(unsigned mib)
{
	struct mm_error e = {""};
	struct boot_params p;
	struct machine *m;

	boot_params_init(&p);
	p.mem = (uint64_t)mib << 20;
	m = machine_boot(&p, &e);
	ck_assert_msg(m != NULL, "%s", e.text);
	return m;
}

char *proc_text(const struct machine *m, const char *path)
{
	struct strbuf b = STRBUF_INIT;

	ck_assert_int_eq(proc_read(m, path, &b), 0);
	return b.s ? b.s : calloc(1, 1);
}

void assert_same_text(const char *got, const char *want, const char *what)
{
	for (unsigned line = 1; *got || *want; line++) {
		size_t g = strcspn(got, "\n"), w = strcspn(want, "\n");

		ck_assert_msg(g == w && !memcmp(got, want, g) && got[g] == want[w],
			      "%s:%u: got '%.*s', want '%.*s'", what, line, (int)g, got, (int)w,
			      want);
		got += g + (got[g] != '\0');
		want += w + (want[w] != '\0');
	}
}

struct zone *capture_zone(const struct machine *m, const char *line)
{
	char name[16];
	int nid;

	if (sscanf(line, "Node %d, zone %15[^, ]", &nid, name) != 2)
		return NULL;
	return zone_find(m, nid, name);
}

char *next_line(char **text)
{
	char *line = *text, *end;

	if (!*line)
		return NULL;
	end = strchr(line, '\n');
	if (end)
		*end++ = '\0';
	*text = end ? end : line + strlen(line);
	return line;
}
