/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/arena.h"

#include <errno.h>
#include <sys/mman.h>

#define PAGE 4096u
#define HUGE (2u << 20)

int
rs_arena_init(struct rs_arena *a, size_t size)
{
	size_t align = size >= HUGE ? HUGE : PAGE, spare;
	uint8_t *p;

	*a = (struct rs_arena){ 0 };
	if (size == 0 || size > SIZE_MAX / 2)
		return -ENOMEM;
	size = (size + align - 1) & ~(align - 1);
	/* Reserve up to one huge page more and cut the ends off: only aligned ranges can be backed by huge pages. */
	p = mmap(NULL, size + align, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return -ENOMEM;
	spare = (size_t)(-(uintptr_t)p & (align - 1));
	if (spare > 0)
		munmap(p, spare);
	munmap(p + spare + size, align - spare);
	a->base = p + spare;
	a->size = size;
	if (size >= HUGE)
		madvise(a->base, size,
			MADV_HUGEPAGE); /* advice: without it the arena is merely slower */
	return 0;
}

void
rs_arena_fini(struct rs_arena *a)
{
	if (a->base != NULL)
		munmap(a->base, a->size);
	*a = (struct rs_arena){ 0 };
}

void *
rs_arena_alloc(struct rs_arena *a, size_t size, size_t align)
{
	size_t at;

	if (align < 64)
		align = 64;
	at = (size_t)(-(uintptr_t)(a->base + a->used) & (align - 1));
	if (at > a->size - a->used || size > a->size - a->used - at)
		return NULL;
	at += a->used;
	a->used = at + size;
	return a->base + at;
}
