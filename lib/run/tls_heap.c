/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The range is cut into slabs of 64 KiB, and a slab into blocks of one size when the first is wanted; it keeps that size. Free blocks of
 * a size are a stack: its head holds a block's number and a count of changes, so that a head that looks unchanged is unchanged. A block's
 * link lies in front of its slab, not in the block, where a thread that comes too late would read what is another's by now.
 */
#include "run/tls_heap.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define SLAB	  65536u
#define MAX_SLABS (1u << 20)
#define INDEX	  12 /* bits of a block's number inside its slab; 0 is none */
#define STEP	  8 /* sizes are multiples of it: what wants 16 is a multiple of 16 long */

/*
 * Some fit what each connection has: 7,616 its SSL object, 928 its session. The last ones are a slab's fourths, thirds and halves: a record
 * and what goes with it takes 17 to 18 KiB.
 */
static const uint16_t sizes[] = { 16, 24, 32, 40, 48, 56, 64, 72, 80, 88, 96, 104, 112, 128, 136, 144, 152, 160, 176, 184, 192, 224, 256, 304, 320, 384, 400, 448, 512, 544, 640, 768, 928,
	1024, 1280, 1536, 2048, 2560, 3072, 4096, 5120, 6144, 7616, 8192, 10240, 12288, 16368, 21760, 32704, 65472 };
#define SIZES (sizeof(sizes) / sizeof(sizes[0]))
#define LARGEST 65472

static struct {
	_Atomic(uint8_t *) base;
	atomic_uint limit, n_slabs;
	atomic_ulong used, refused;
	struct {
		_Alignas(64) _Atomic uint64_t head;
	} free[SIZES];
	_Atomic uint8_t of_slab[MAX_SLABS]; /* index in sizes */
	uint8_t of_size[LARGEST / STEP + 1];
} heap;

static _Thread_local struct {
	bool inside, refused;
} here;

static uint8_t *
slab_at(uint32_t slab)
{
	return atomic_load_explicit(&heap.base, memory_order_relaxed) + (size_t)slab * SLAB;
}

static uint32_t
blocks_of(unsigned size)
{
	uint32_t n = (SLAB - 64) / (sizes[size] + (uint32_t)sizeof(uint32_t));

	return n == 0 ? 1 : n;
}

/* The links, then the blocks from the next cache line on. */
static size_t
first_of(unsigned size)
{
	uint32_t n = blocks_of(size);

	return (n * sizeof(uint32_t) + 63) & ~(size_t)63;
}

static _Atomic uint32_t *
link_of(uint32_t number)
{
	return (_Atomic uint32_t *)slab_at(number >> INDEX) + (number & ((1u << INDEX) - 1)) - 1;
}

static void *
block_at(unsigned size, uint32_t number)
{
	return slab_at(number >> INDEX) + first_of(size) + (size_t)((number & ((1u << INDEX) - 1)) - 1) * sizes[size];
}

/* Blocks @first to @last are linked already. */
static void
push(unsigned size, uint32_t first, uint32_t last)
{
	_Atomic uint64_t *head = &heap.free[size].head;
	uint64_t old = atomic_load_explicit(head, memory_order_relaxed), new;

	do {
		atomic_store_explicit(link_of(last), (uint32_t)old, memory_order_relaxed);
		new = ((old >> 32) + 1) << 32 | first;
	} while (!atomic_compare_exchange_weak_explicit(head, &old, new, memory_order_release, memory_order_relaxed));
}

/* @return 0: none is free */
static uint32_t
pop(unsigned size)
{
	_Atomic uint64_t *head = &heap.free[size].head;
	uint64_t old = atomic_load_explicit(head, memory_order_acquire), new;

	do {
		if ((uint32_t)old == 0)
			return 0;
		new = ((old >> 32) + 1) << 32 | atomic_load_explicit(link_of((uint32_t)old), memory_order_relaxed);
	} while (!atomic_compare_exchange_weak_explicit(head, &old, new, memory_order_acquire, memory_order_acquire));
	return (uint32_t)old;
}

/* A new slab's first block; the others are free. @return 0: there is no slab left */
static uint32_t
cut(unsigned size)
{
	uint32_t slab = atomic_load_explicit(&heap.n_slabs, memory_order_relaxed), n = blocks_of(size), first;

	do {
		if (slab >= atomic_load_explicit(&heap.limit, memory_order_relaxed))
			return 0;
	} while (!atomic_compare_exchange_weak_explicit(&heap.n_slabs, &slab, slab + 1, memory_order_relaxed, memory_order_relaxed));
	first = slab << INDEX | 1;
	atomic_store_explicit(&heap.of_slab[slab], (uint8_t)size, memory_order_relaxed);
	for (uint32_t i = 1; i + 1 < n; i++)
		atomic_store_explicit(link_of(first + i), first + i + 1, memory_order_relaxed);
	if (n > 1)
		push(size, first + 1, first + n - 1);
	return first;
}

static void *
take(size_t len)
{
	unsigned size = heap.of_size[(len + STEP - 1) / STEP];
	uint32_t number = pop(size);

	if (number == 0)
		number = cut(size);
	if (number == 0) {
		atomic_fetch_add_explicit(&heap.refused, 1, memory_order_relaxed);
		here.refused = true;
		return NULL;
	}
	atomic_fetch_add_explicit(&heap.used, sizes[size], memory_order_relaxed);
	return block_at(size, number);
}

/* @return false: it is malloc's */
static bool
is_ours(const void *p)
{
	const uint8_t *base = atomic_load_explicit(&heap.base, memory_order_relaxed);

	return base && (const uint8_t *)p >= base && (const uint8_t *)p < base + (size_t)MAX_SLABS * SLAB;
}

static unsigned
size_of(const void *p)
{
	size_t at = (size_t)((const uint8_t *)p - slab_at(0));

	return atomic_load_explicit(&heap.of_slab[at / SLAB], memory_order_relaxed);
}

static void
give(void *p)
{
	unsigned size = size_of(p);
	size_t at = (size_t)((uint8_t *)p - slab_at(0));
	uint32_t number = (uint32_t)(at / SLAB) << INDEX | (uint32_t)((at % SLAB - first_of(size)) / sizes[size] + 1);

	atomic_fetch_sub_explicit(&heap.used, sizes[size], memory_order_relaxed);
	push(size, number, number);
}

/* --- what OpenSSL calls --- */

/* What is larger than a slab is a flight of certificates, on a handshake thread: no record is. */
static void *
get(size_t len, const char *file, int line)
{
	if (len == 0)
		return NULL;
	return here.inside && len <= LARGEST && slab_at(0) ? take(len) : malloc(len);
}

static void
put(void *p, const char *file, int line)
{
	if (p && is_ours(p))
		give(p);
	else
		free(p);
}

static void *
resize(void *p, size_t len, const char *file, int line)
{
	void *other;
	size_t had;

	if (!p)
		return get(len, file, line);
	if (len == 0) {
		put(p, file, line);
		return NULL;
	}
	if (!is_ours(p))
		return realloc(p, len);
	had = sizes[size_of(p)];
	if (len <= had)
		return p;
	other = get(len, file, line);
	if (other) {
		memcpy(other, p, had);
		give(p);
	}
	return other;
}

int
rs_tls_heap_install(void)
{
	for (unsigned size = 0, i = 0; i < sizeof(heap.of_size); i++) {
		size += i * STEP > sizes[size];
		heap.of_size[i] = (uint8_t)size;
	}
	return CRYPTO_set_mem_functions(get, resize, put) == 1 ? 0 : -EBUSY;
}

int
rs_tls_heap_reserve(uint64_t bytes)
{
	uint64_t slabs = (bytes + SLAB - 1) / SLAB;
	uint8_t *base = atomic_load(&heap.base), *all;

	if (slabs > MAX_SLABS)
		return -ENOMEM;
	if (slabs <= atomic_load(&heap.limit))
		return 0;
	if (!base) { /* address space for all there can ever be, once: addresses tell whose memory it is */
		size_t len = (size_t)MAX_SLABS * SLAB;

		all = mmap(NULL, len + SLAB, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (all == MAP_FAILED)
			return -ENOMEM;
		base = all + (-(uintptr_t)all & (SLAB - 1));
	}
	if (mprotect(base, (size_t)slabs * SLAB, PROT_READ | PROT_WRITE) != 0)
		return -ENOMEM;
	atomic_store(&heap.base, base);
	atomic_store(&heap.limit, (unsigned)slabs);
	return 0;
}

void
rs_tls_heap_enter(void)
{
	here.inside = true;
	here.refused = false;
}

void
rs_tls_heap_leave(void)
{
	here.inside = here.refused = false;
}

bool
rs_tls_heap_was_refused(void)
{
	return here.refused;
}

void
rs_tls_heap_use(struct rs_tls_heap_use *out)
{
	*out = (struct rs_tls_heap_use){ .reserved = (uint64_t)atomic_load(&heap.limit) * SLAB,
		.taken = (uint64_t)atomic_load(&heap.n_slabs) * SLAB,
		.used = atomic_load(&heap.used),
		.refused = atomic_load(&heap.refused) };
}
