/* SPDX-License-Identifier: BSD-3-Clause */
/** Words and numbers of a line: what the readers of this directory share. Private to it. */
#ifndef RS_PROTO_SDP_WORDS_H
#define RS_PROTO_SDP_WORDS_H

#include "base/slice.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/** Cut the part before the first @c from @rest (all of it when there is none), the @c dropped. */
static inline struct rs_slice
rs_sdp_cut(struct rs_slice *rest, uint8_t c)
{
	const uint8_t *at = rest->len > 0 ? memchr(rest->p, c, rest->len) : NULL;
	struct rs_slice part = *rest;

	if (at == NULL) {
		*rest = (struct rs_slice){ rest->p != NULL ? rest->p + rest->len : NULL, 0 };
		return part;
	}
	part.len = (size_t)(at - rest->p);
	rest->len -= part.len + 1;
	rest->p = at + 1;
	return part;
}

/** Cut the next word from @rest; several blanks are taken for one. Empty: there is none. */
static inline struct rs_slice
rs_sdp_word(struct rs_slice *rest)
{
	struct rs_slice word = *rest;
	size_t n = 0;

	while (word.len > 0 && (word.p[0] == ' ' || word.p[0] == '\t')) {
		word.p++;
		word.len--;
	}
	while (n < word.len && word.p[n] != ' ' && word.p[n] != '\t')
		n++;
	*rest = (struct rs_slice){ word.p != NULL ? word.p + n : NULL, word.len - n };
	word.len = n;
	return word;
}

/** @text is one decimal number of at most @max. @return 0, -EBADMSG */
int rs_sdp_number(struct rs_slice text, uint64_t max, uint64_t *out);

/** @text begins with @prefix, which is cut off. */
static inline bool
rs_sdp_skip(struct rs_slice *text, const char *prefix)
{
	size_t n = strlen(prefix);

	if (text->len < n || memcmp(text->p, prefix, n) != 0)
		return false;
	text->p += n;
	text->len -= n;
	return true;
}

#endif
