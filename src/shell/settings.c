/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What `set` sets: a row each. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "shell.h"

static int set_bool(struct shell *sh, const char *text, bool *to)
{
	bool on = !strcmp(text, "on") || !strcmp(text, "1") || !strcmp(text, "yes");

	if (!on && strcmp(text, "off") && strcmp(text, "0") && strcmp(text, "no"))
		return cmd_fail(sh, EINVAL, "%s: on or off", quoted(sh, text));
	*to = on;
	return 0;
}

#define BOOL_SETTING(name)                                                     \
	static void get_##name(const struct shell *sh, char *buf, size_t size) \
	{                                                                      \
		snprintf(buf, size, "%s", sh->set.name ? "on" : "off");        \
	}                                                                      \
	static int set_##name(struct shell *sh, const char *text)              \
	{                                                                      \
		return set_bool(sh, text, &sh->set.name);                      \
	}
BOOL_SETTING(echo)
BOOL_SETTING(keep_going)

static void get_quiet(const struct shell *sh, char *buf, size_t size)
{
	snprintf(buf, size, "%s", sh->set.quiet ? "on" : "off");
}

/* What changed while it was quiet is not shown afterwards. */
static int set_quiet(struct shell *sh, const char *text)
{
	int r = set_bool(sh, text, &sh->set.quiet);

	if (!r && !sh->set.quiet)
		displays_baseline(sh);
	return r;
}

static const char *const when_names[] = {
	[WHEN_AUTO] = "auto",
	[WHEN_ALWAYS] = "always",
	[WHEN_NEVER] = "never",
};

static void get_color(const struct shell *sh, char *buf, size_t size)
{
	snprintf(buf, size, "%s", when_names[sh->set.color]);
}

static int set_color(struct shell *sh, const char *text)
{
	for (size_t i = 0; i < ARRAY_SIZE(when_names); i++) {
		if (!strcmp(text, when_names[i])) {
			sh->set.color = (enum when)i;
			return 0;
		}
	}
	return cmd_fail(sh, EINVAL, "%s: always, never or auto", quoted(sh, text));
}

static void get_history(const struct shell *sh, char *buf, size_t size)
{
	snprintf(buf, size, "%d", sh->set.history);
}

static int set_history(struct shell *sh, const char *text)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (end == text || *end || n < 0 || n > 1000000)
		return cmd_fail(sh, EINVAL, "%s: a number of lines up to 1000000",
				quoted(sh, text));
	sh->set.history = (int)n;
	return 0;
}

const struct setting settings[] = {
	{"color", "auto|always|never", "whether changed cells stand out", get_color, set_color},
	{"echo", "on|off", "each command is written before its output", get_echo, set_echo},
	{"history", "N", "lines that the history file keeps", get_history, set_history},
	{"keep-going", "on|off", "a script goes on after an error", get_keep_going, set_keep_going},
	{"quiet", "on|off", "no automatic displays", get_quiet, set_quiet},
	{0},
};
