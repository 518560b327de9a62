/* SPDX-License-Identifier: BSD-3-Clause */
/** Buffers that end at an unreadable page, to catch a parser that looks one byte too far. */
#ifndef RS_TESTS_UNIT_GUARD_H
#define RS_TESTS_UNIT_GUARD_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct guard {
	uint8_t *map;
	size_t map_len;
	uint8_t *p; /* len bytes, the page behind them cannot be read */
	size_t len;
};

/**
 * A copy of @len bytes of @data (or zeros, when it is NULL) that ends where the unreadable page
 * begins.
 */
static inline struct guard
guard_new(const void *data, size_t len)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t room = (len + page - 1) / page * page;
	struct guard g = { .map_len = room + page, .len = len };

	g.map = mmap(NULL, g.map_len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (g.map == MAP_FAILED || mprotect(g.map + room, page, PROT_NONE) != 0)
		abort();
	g.p = g.map + room - len;
	if (data && len)
		memcpy(g.p, data, len);
	return g;
}

static inline void
guard_free(struct guard *g)
{
	munmap(g->map, g->map_len);
}

#endif
