/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * What benches share: medians of TSC samples, a table on stdout and, with --json FILE, the figures in the form
 * {"bench", "figures": {name: {"value", "unit"}}, "ratios": {name: value}, "environment": {...}}.
 *
 *	struct rs_bench b;
 *	if (rs_bench_begin(&b, "name", argc, argv) != 0)
 *		return 2;
 *	rs_bench_figure(&b, "token_write", rs_bench_median(samples, n) / ROUND, "cycles");
 *	return rs_bench_end(&b);
 */
#ifndef RS_TESTS_BENCH_H
#define RS_TESTS_BENCH_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define RS_BENCH_FIGURES 128

struct rs_bench {
	const char *name;
	const char *json; /* file; NULL: table only */
	struct rs_bench_row {
		const char *name;
		double value;
		const char *unit; /* NULL: a ratio */
	} rows[RS_BENCH_FIGURES];
	int n_rows;
};

/** The TSC, read when all that stands before it is done and before anything behind it begins. */
static inline uint64_t
rs_bench_tsc(void)
{
	uint64_t t;

	__builtin_ia32_lfence();
	t = rs_tsc();
	__builtin_ia32_lfence();
	return t;
}

static inline int
rs_bench_compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/** @return the median of @n samples, which are sorted in place */
static inline double
rs_bench_median(uint64_t *samples, size_t n)
{
	qsort(samples, n, sizeof(*samples), rs_bench_compare);
	return n % 2 ? (double)samples[n / 2]
		     : ((double)samples[n / 2 - 1] + (double)samples[n / 2]) / 2;
}

/** Read the command line: nothing or --json FILE. @return 0; -EINVAL with the usage on stderr */
static inline int
rs_bench_begin(struct rs_bench *b, const char *name, int argc, char **argv)
{
	*b = (struct rs_bench){ .name = name };
	if (argc == 3 && strcmp(argv[1], "--json") == 0) {
		b->json = argv[2];
		return 0;
	}
	if (argc == 1)
		return 0;
	fprintf(stderr, "usage: bench_%s [--json FILE]\n", name);
	return -EINVAL;
}

/** Keep a figure. @name and @unit stay the caller's. */
static inline void
rs_bench_figure(struct rs_bench *b, const char *name, double value, const char *unit)
{
	if (b->n_rows < RS_BENCH_FIGURES)
		b->rows[b->n_rows++] = (struct rs_bench_row){ name, value, unit };
}

static inline void
rs_bench_ratio(struct rs_bench *b, const char *name, double value)
{
	rs_bench_figure(b, name, value, NULL);
}

static inline void
rs_bench_write_rows(const struct rs_bench *b, FILE *f, bool ratios)
{
	const char *comma = "";

	for (int i = 0; i < b->n_rows; i++) {
		const struct rs_bench_row *r = &b->rows[i];

		if (ratios != (r->unit == NULL))
			continue;
		if (ratios)
			fprintf(f, "%s\"%s\": %.3f", comma, r->name, r->value);
		else
			fprintf(f, "%s\"%s\": {\"value\": %.3f, \"unit\": \"%s\"}", comma, r->name,
				r->value, r->unit);
		comma = ", ";
	}
}

/** The processor's name as the kernel gives it, without what JSON would have to escape. */
static inline void
rs_bench_cpu(char *out, size_t size)
{
	FILE *f = fopen("/proc/cpuinfo", "re");
	char line[256];
	size_t n = 0;

	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		const char *p = strncmp(line, "model name", 10) == 0 ? strstr(line, ": ") : NULL;

		if (p == NULL)
			continue;
		for (p += 2; *p != '\0' && *p != '\n' && n + 1 < size; p++)
			if ((unsigned char)*p >= ' ' && *p != '"' && *p != '\\')
				out[n++] = *p;
		break;
	}
	out[n] = '\0';
	if (f != NULL)
		fclose(f);
}

/** Print the table, write the file. @return 0; 2 when the file could not be written: main's status */
static inline int
rs_bench_end(const struct rs_bench *b)
{
	struct rs_clock clock;
	char cpu[128];
	FILE *f;
	bool failed;

	for (int i = 0; i < b->n_rows; i++)
		printf("%-28s %12.2f %s\n", b->rows[i].name, b->rows[i].value,
			b->rows[i].unit != NULL ? b->rows[i].unit : "times");
	if (b->json == NULL)
		return 0;
	f = fopen(b->json, "w");
	if (f == NULL) {
		fprintf(stderr, "bench_%s: %s: %s\n", b->name, b->json, strerror(errno));
		return 2;
	}
	rs_clock_init(&clock, 10 * RS_NS_PER_MS);
	rs_bench_cpu(cpu, sizeof(cpu));
	fprintf(f, "{\"bench\": \"%s\", \"figures\": {", b->name);
	rs_bench_write_rows(b, f, false);
	fprintf(f, "}, \"ratios\": {");
	rs_bench_write_rows(b, f, true);
	fprintf(f, "}, \"environment\": {\"cpu\": \"%s\", \"tsc_hz\": %llu}}\n", cpu,
		(unsigned long long)clock.hz);
	failed = ferror(f) != 0;
	failed |= fclose(f) != 0;
	if (failed)
		fprintf(stderr, "bench_%s: %s: cannot be written\n", b->name, b->json);
	return failed ? 2 : 0;
}

#endif
