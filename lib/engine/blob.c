/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/blob.h"

#include <errno.h>

#define SMALLEST_SHIFT 6
#define SMALL_CLASSES 4 /* 64 to 512 bytes: one of each per leg is common */
#define SMALLEST_EACH 4 /* Call-ID, Contact, tag, short headers: 64 bytes are enough for all of them */
#define SECOND_EACH 2
#define REGISTRATION_EACH 3 /* its nonces and its routes: a registrar makes them all of one length, so that one class has them all */

static uint32_t
class_size(unsigned class)
{
	return 1u << (class + SMALLEST_SHIFT);
}

/*
 * Large strings are rare: their pools shrink with their size, so that no class reserves more than the 512-byte one. This is
 * address space: what no leg ever takes is never touched.
 */
static uint32_t
class_count(unsigned class, struct rs_blob_count n)
{
	uint64_t c = class < SMALL_CLASSES ? n.legs : n.legs >> (class - SMALL_CLASSES + 1);

	if (class == 0)
		c *= SMALLEST_EACH + (uint64_t)n.texts;
	else if (class == 1)
		c *= SECOND_EACH;
	if (class < SMALL_CLASSES)
		c += REGISTRATION_EACH * (uint64_t)n.registrations;
	else if (class == SMALL_CLASSES)
		c += n.registrations / 2;
	if (c > UINT32_MAX / 2)
		return UINT32_MAX / 2;
	return c < 64 ? 64 : (uint32_t)c;
}

static unsigned
class_of(size_t len)
{
	unsigned class = 0;

	while (class_size(class) < len)
		class++;
	return class;
}

int
rs_blobs_init(struct rs_blobs *b, struct rs_arena *a, struct rs_blob_count n)
{
	for (unsigned i = 0; i < RS_BLOB_CLASSES; i++) {
		int rc = rs_pool_init(&b->pools[i], a, class_size(i), class_count(i, n));

		if (rc)
			return rc;
	}
	b->bytes = 0;
	return 0;
}

uint64_t
rs_blobs_reserve(struct rs_blob_count n)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < RS_BLOB_CLASSES; i++)
		sum += (uint64_t)class_count(i, n) * rs_pool_cost(class_size(i)) + 256;
	return sum;
}

uint8_t *
rs_blob_alloc(struct rs_blobs *b, struct rs_blob *blob, size_t len)
{
	if (len == 0 || len > UINT16_MAX) {
		rs_blob_clear(b, blob);
		return NULL;
	}
	unsigned class = class_of(len);

	if (blob->class != class + 1) {
		rs_blob_clear(b, blob);
		uint32_t slot = rs_pool_take(&b->pools[class]);

		if (slot == RS_POOL_NONE)
			return NULL;
		b->bytes += rs_pool_cost(class_size(class));
		blob->slot = slot;
		blob->class = (uint8_t)(class + 1);
	}
	blob->len = (uint16_t)len;
	return rs_blob_bytes(b, blob);
}

bool
rs_blob_set(struct rs_blobs *b, struct rs_blob *blob, struct rs_slice s)
{
	if (s.len == 0) {
		rs_blob_clear(b, blob);
		return true;
	}
	if (s.len > UINT16_MAX)
		return false;
	if (blob->class && class_of(s.len) + 1 == blob->class) {
		memmove(rs_blob_bytes(b, blob), s.p, s.len);
		blob->len = (uint16_t)s.len;
		return true;
	}
	struct rs_blob old = *blob;
	struct rs_blob new = { 0 };
	uint8_t *p = rs_blob_alloc(b, &new, s.len);

	if (p)
		memcpy(p, s.p, s.len);
	rs_blob_clear(b, &old); /* only now: @s may lie in it */
	*blob = new;
	return p != NULL;
}

void
rs_blob_clear(struct rs_blobs *b, struct rs_blob *blob)
{
	if (blob->class) {
		rs_pool_give(&b->pools[blob->class - 1], blob->slot);
		b->bytes -= rs_pool_cost(class_size(blob->class - 1u));
	}
	*blob = (struct rs_blob){ 0 };
}
