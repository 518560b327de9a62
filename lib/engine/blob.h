/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Blobs: strings of a leg that outlive a message (kept headers, Call-ID, route set, variables), each in one block of a size
 * class, so that they can be parsed where they lie. Classes double from 64 bytes to 64 KiB, each a pool of its own.
 */
#ifndef RS_ENGINE_BLOB_H
#define RS_ENGINE_BLOB_H

#include "base/pool.h"
#include "base/slice.h"

#define RS_BLOB_CLASSES 11

struct rs_blob {
	uint32_t slot;
	uint16_t len;
	uint8_t class; /* 1 + size class; 0: empty */
	uint8_t spare;
};

/** How many there are: @legs of each of the small classes, more of the smallest (see blob.c), fewer of the large ones. */
struct rs_blob_count {
	uint32_t legs;
	uint32_t texts; /* variables that a leg may have text in */
	uint32_t registrations; /* endpoints with nonces and a route set each, in any one of the small classes */
};

struct rs_blobs {
	struct rs_pool pools[RS_BLOB_CLASSES];
	uint64_t bytes; /* taken now, bookkeeping included */
};

/** @return 0, -ENOMEM */
int rs_blobs_init(struct rs_blobs *b, struct rs_arena *a, struct rs_blob_count n);
/** Address space that rs_blobs_init takes for @n. */
uint64_t rs_blobs_reserve(struct rs_blob_count n);

/** Make @blob hold @len bytes (at most 65,535), contents undefined; what it held is gone. @return its bytes or NULL (it is empty then) */
uint8_t *rs_blob_alloc(struct rs_blobs *b, struct rs_blob *blob, size_t len);
/** Make @blob hold a copy of @s (which may lie in the blob itself). @return false without memory */
bool rs_blob_set(struct rs_blobs *b, struct rs_blob *blob, struct rs_slice s);
void rs_blob_clear(struct rs_blobs *b, struct rs_blob *blob);

static inline uint8_t *
rs_blob_bytes(const struct rs_blobs *b, const struct rs_blob *blob)
{
	return blob->class ? rs_pool_at(&b->pools[blob->class - 1], blob->slot) : NULL;
}

static inline struct rs_slice
rs_blob_get(const struct rs_blobs *b, const struct rs_blob *blob)
{
	return (struct rs_slice){ rs_blob_bytes(b, blob), blob->len };
}

#endif
