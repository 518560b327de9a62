/* SPDX-License-Identifier: BSD-3-Clause */
/** Handles: the only way to name an object of a worker from another thread, a timer or the wire. */
#ifndef RS_BASE_HANDLE_H
#define RS_BASE_HANDLE_H

#include <stdint.h>

enum rs_kind {
	RS_KIND_NONE,
	RS_KIND_LEG,
	RS_KIND_ENDPOINT,
	RS_KIND_DIALOG,
	RS_KIND_TRANSACTION,
	RS_KIND_STREAM,
	RS_KIND_CONNECTION,
	RS_KINDS
};

/** slot 32 | generation 16 | worker 8 | kind 8, most significant first; 0 names nothing. */
typedef uint64_t rs_handle;

static inline rs_handle
rs_handle_make(uint32_t slot, uint16_t generation, uint8_t worker, uint8_t kind)
{
	return (uint64_t)slot << 32 | (uint64_t)generation << 16 | (uint64_t)worker << 8 | kind;
}

static inline uint32_t
rs_handle_slot(rs_handle h)
{
	return (uint32_t)(h >> 32);
}

static inline uint16_t
rs_handle_generation(rs_handle h)
{
	return (uint16_t)(h >> 16);
}

static inline uint8_t
rs_handle_worker(rs_handle h)
{
	return (uint8_t)(h >> 8);
}

static inline uint8_t
rs_handle_kind(rs_handle h)
{
	return (uint8_t)h;
}

#endif
