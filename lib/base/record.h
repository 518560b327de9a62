/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Records for the writer thread: a byte ring a worker, one writer, one reader, records of any length up to a quarter of it.
 * When it is full the record is dropped and counted; nobody waits.
 */
#ifndef RS_BASE_RECORD_H
#define RS_BASE_RECORD_H

#include <stdbool.h>
#include <stdint.h>

enum rs_record_type {
	RS_RECORD_LOG,	   /* text, no newline */
	RS_RECORD_PACKET,  /* a captured frame */
	RS_RECORD_EVENT,
	RS_RECORD_KEY_LOG, /* a line of a key log, no newline; aux: the file's descriptor */
	RS_RECORD_TYPES
};

struct rs_record {
	uint64_t time_ns;
	uint32_t len;	/* bytes of payload behind this header */
	uint16_t type;	/* enum rs_record_type */
	uint16_t aux;	/* log level, port number, ... */
};

struct rs_record_ring;

/** @param size  bytes, a power of two of at least 4,096. @return NULL without memory */
struct rs_record_ring *rs_record_ring_create(uint32_t size);
void rs_record_ring_free(struct rs_record_ring *r);

/** Writer's side: room for a record with @len bytes of payload, or NULL when there is none (counted as dropped). */
void *rs_record_reserve(struct rs_record_ring *r, uint16_t type, uint16_t aux, uint64_t time_ns, uint32_t len);
/** Writer's side: hand the reserved record over. */
void rs_record_commit(struct rs_record_ring *r);

/** Reader's side: the oldest record, its payload behind it, or NULL. It stays valid until rs_record_pop. */
const struct rs_record *rs_record_peek(struct rs_record_ring *r);
void rs_record_pop(struct rs_record_ring *r);

/** Whether all that was handed over is done with, any thread. */
bool rs_record_is_empty(const struct rs_record_ring *r);
/** Records that found no room, any thread. */
uint64_t rs_record_dropped(const struct rs_record_ring *r);

#endif
