/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * OpenSSL's memory for connections whose records it does (docs/tls.md, "Fallback"): blocks of fixed sizes in one range of a fixed
 * length, taken and given back by any thread without a lock. What OpenSSL allocates between enter and leave comes from here, all else
 * from malloc; both are told apart by their address.
 *
 * It is the process's, as OpenSSL's memory functions are, and stays as long.
 */
#ifndef RS_RUN_TLS_HEAP_H
#define RS_RUN_TLS_HEAP_H

#include <stdbool.h>
#include <stdint.h>

/** Before OpenSSL allocates anything. @return 0; -EBUSY: it has */
int rs_tls_heap_install(void);

/** Let it have @bytes, at least 64 KiB, or what it has already, if that is more. @return 0; -ENOMEM */
int rs_tls_heap_reserve(uint64_t bytes);

/** From here to leave this thread allocates from it; not nested. Without a reservation malloc is used all the same. */
void rs_tls_heap_enter(void);
void rs_tls_heap_leave(void);
/** Was something refused since enter, for want of room? False outside. */
bool rs_tls_heap_was_refused(void);

struct rs_tls_heap_use {
	uint64_t reserved; /* bytes at most */
	uint64_t taken;	   /* bytes that blocks have been made of, in use or not: they keep their size */
	uint64_t used;	   /* bytes of blocks in use */
	uint64_t refused;  /* times that there was no room */
};
void rs_tls_heap_use(struct rs_tls_heap_use *out);

#endif
