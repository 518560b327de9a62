/* SPDX-License-Identifier: BSD-3-Clause */
/** Walking over challenges and credentials (RFC 7235, 2.1). Private to lib/proto/sip. */
#ifndef RS_PROTO_SIP_AUTH_SCAN_H
#define RS_PROTO_SIP_AUTH_SCAN_H

#include "proto/sip/auth.h"

/**
 * The scheme that begins at or after @pos.
 * @param pos  in: 0, or where rs_auth_param_next() or rs_auth_skip() ended; out: behind the scheme
 * @return 0; -ENOENT when there is no further one; -EBADMSG
 */
int rs_auth_scheme(struct rs_slice value, size_t *pos, struct rs_slice *scheme);

/**
 * The next parameter of the scheme that @pos stands in.
 * @param text  out: its value without quotes, escapes left in
 * @return 0; -ENOENT when the value ends or another scheme begins (@pos stands there); -EBADMSG
 */
int rs_auth_param_next(
	struct rs_slice value, size_t *pos, struct rs_slice *name, struct rs_slice *text);

/** Pass over what belongs to a scheme that nobody here reads. @return 0 or -EBADMSG */
int rs_auth_skip(struct rs_slice value, size_t *pos);

/** From the name of an algorithm to itself; RS_AUTH_UNKNOWN when we have no such one. */
enum rs_auth_algorithm rs_auth_algorithm(struct rs_slice name);
const char *rs_auth_algorithm_name(enum rs_auth_algorithm algorithm);

#endif
