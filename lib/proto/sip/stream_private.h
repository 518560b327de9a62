/* SPDX-License-Identifier: BSD-3-Clause */
/** Content-Length on streams, read line by line. Private to lib/proto/sip. */
#ifndef RS_PROTO_SIP_STREAM_PRIVATE_H
#define RS_PROTO_SIP_STREAM_PRIVATE_H

#include "proto/sip/stream.h"

/** A header line of @len bytes, line end not included, that is no continuation. @return an error or 0 */
enum rs_sip_stream_error rs_sip_stream_field(
	struct rs_sip_stream *s, const uint8_t *line, size_t len);

/** A continuation line (RFC 3261, 7.3.1). @return an error or 0 */
enum rs_sip_stream_error rs_sip_stream_fold(
	struct rs_sip_stream *s, const uint8_t *line, size_t len);

/** The field before has ended: another begins, or the header section is over. @return an error or 0 */
enum rs_sip_stream_error rs_sip_stream_field_end(struct rs_sip_stream *s);

#endif
