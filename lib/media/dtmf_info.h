/* SPDX-License-Identifier: BSD-3-Clause */
/** DTMF in SIP INFO: the bodies application/dtmf-relay and application/dtmf. No standard rules them; this is what is in use. */
#ifndef RS_MEDIA_DTMF_INFO_H
#define RS_MEDIA_DTMF_INFO_H

#include "base/slice.h"

enum rs_dtmf_info_kind {
	RS_DTMF_INFO_RELAY, /* application/dtmf-relay: "Signal=5" CRLF "Duration=160" CRLF */
	RS_DTMF_INFO_PLAIN, /* application/dtmf: "5" */
};

/** A hook flash: event 16 of RFC 4733. */
#define RS_DTMF_FLASH '!'

struct rs_dtmf_info {
	char digit;           /* of RS_DTMF_DIGITS, or RS_DTMF_FLASH */
	uint32_t duration_ms; /* 0: not said */
};

/**
 * Which body a Content-Type names; parameters are not looked at, case neither.
 * @return 0; -ENOENT: neither of the two
 */
int rs_dtmf_info_kind(struct rs_slice content_type, enum rs_dtmf_info_kind *out);

/** "application/dtmf-relay", "application/dtmf" */
const char *rs_dtmf_info_type(enum rs_dtmf_info_kind kind);

/**
 * Read a body. Names in any case, blanks around "=", lines that end with CRLF, LF or CR, other lines between them; a signal is a
 * character, an event's number (10 is *, 11 #, 12 to 15 A to D, 16 a flash) or "flash", "hf" and "hook-flash".
 *
 * @return 0; -EBADMSG: no signal, one that is none, two of them, or a duration that is no number of ms up to 60,000
 */
int rs_dtmf_info_parse(enum rs_dtmf_info_kind kind, struct rs_slice body, struct rs_dtmf_info *out);

/** Write a body. A plain one has no duration. @return its bytes; -ENOSPC; -EINVAL: no digit */
int rs_dtmf_info_build(
	enum rs_dtmf_info_kind kind, const struct rs_dtmf_info *info, uint8_t *out, size_t cap);

#endif
