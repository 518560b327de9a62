/* SPDX-License-Identifier: BSD-3-Clause */
/** Walking over parameter lists. Private to lib/proto/sip. */
#ifndef RS_PROTO_SIP_PARAM_H
#define RS_PROTO_SIP_PARAM_H

#include "proto/sip/field.h"

/**
 * One parameter of a list such as ";a=1;b".
 * @param pos    in: where its ';' (or blanks before it) is, 0 first; out: where the next one starts
 * @param value  out: unquoted; empty for a flag
 * @return 0; -ENOENT at the end of the list; -EBADMSG when it is no parameter (no name, a quote
 * left open)
 */
int rs_sip_param_next(
	struct rs_slice params, size_t *pos, struct rs_slice *name, struct rs_slice *value);

/**
 * Where a list that starts at @p ends: the first ',' outside quotes, or @end. NULL when a quote is
 * left open or '<' stands outside quotes.
 */
const uint8_t *rs_sip_params_end(const uint8_t *p, const uint8_t *end);

/** Host and port at @p as hostport (RFC 3261, 25.1). @return the byte behind them, NULL if there
 * are none */
const uint8_t *rs_sip_hostport(
	const uint8_t *p, const uint8_t *end, struct rs_slice *host, uint16_t *port, bool *ipv6);

#endif
