/* SPDX-License-Identifier: BSD-3-Clause */
/* The live line: the figures of the last second, rewritten in place on a terminal. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "loadctl.h"

struct live {
	bool tty;
	bool open; /* a line without its newline stands there */
};

struct live *
live_begin(void)
{
	struct live *l = calloc(1, sizeof(*l));

	if (l)
		l->tty = isatty(STDOUT_FILENO);
	return l;
}

static double
real_of(const json_t *figures, const char *key)
{
	return json_number_value(json_object_get(figures, key));
}

static long long
count_of(const json_t *figures, const char *key)
{
	return (long long)json_integer_value(json_object_get(figures, key));
}

/* A percentile, "-" before there are samples. */
static const char *
ms_of(const json_t *figures, const char *key, char *buf, size_t cap)
{
	if (!json_is_number(json_object_get(figures, key)))
		return "-";
	double ms = real_of(figures, key);

	/* Inside one machine it is a few microseconds. */
	snprintf(buf, cap, ms < 10 ? "%.3f" : "%.1f", ms);
	return buf;
}

static const char *
text_of(const json_t *figures, const char *key, const char *otherwise)
{
	const char *text = json_string_value(json_object_get(figures, key));

	return text ? text : otherwise;
}

void
live_show(struct live *l, const json_t *figures)
{
	const char *state = text_of(figures, "state", "running");
	char p50[32], p99[32];

	if (!l)
		return;
	if (l->open)
		fputs("\r", stdout);
	printf("%6.1f s  rate %.0f asked %.0f reached  open %lld  failed %lld  post-dial p50 %s p99 %s ms  health %s",
		real_of(figures, "elapsed_s"), real_of(figures, "rate_asked"),
		real_of(figures, "rate_reached"), count_of(figures, "open"),
		count_of(figures, "failed"), ms_of(figures, "p50_ms", p50, sizeof(p50)),
		ms_of(figures, "p99_ms", p99, sizeof(p99)), text_of(figures, "health", "ok"));
	if (json_object_get(figures, "registered"))
		printf("  registered %lld", count_of(figures, "registered"));
	if (count_of(figures, "limited_s") > 0)
		printf("  limited %lld s", count_of(figures, "limited_s"));
	if (strcmp(state, "running") != 0)
		printf("  (%s)", state);
	fputs(l->tty ? "\033[K" : "\n", stdout);
	l->open = l->tty;
	fflush(stdout);
}

void
live_end(struct live *l)
{
	if (l && l->open)
		putchar('\n');
	free(l);
}
