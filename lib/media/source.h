/* SPDX-License-Identifier: BSD-3-Clause */
/** What a file's reader gives and the packing into RTP payloads takes. Inside lib/media only. */
#ifndef RS_MEDIA_SOURCE_H
#define RS_MEDIA_SOURCE_H

#include "media/payload.h"

/** Bytes that grow. */
struct buffer {
	uint8_t *p;
	size_t len, cap;
};

/** Append @len bytes. @return 0 or -ENOMEM */
int rs_buffer_add(struct buffer *b, const void *p, size_t len);
void rs_buffer_drop(struct buffer *b);

/** All of the regular file @path into the empty @b. @return 0; -EFBIG above @max bytes; what open and read say; error set */
int rs_buffer_load(struct buffer *b, const char *path, size_t max, struct rs_err *err);

enum unit_kind { UNIT_SPEECH, UNIT_SID, UNIT_NONE };

/** One coded frame of a file. */
struct unit {
	uint32_t offset;  /* of its bytes in the source's data */
	uint32_t file_at; /* where it stands in the file, for messages */
	uint16_t len;
	uint8_t kind; /* enum unit_kind */
	uint8_t tag;  /* AMR: the octet before the frame; Opus: the TOC without its frame count */
};

/** A file being read. */
struct source {
	const char *name;
	struct rs_slice file;
	struct rs_err *err;
	enum rs_codec codec; /* what the units or octets are */
	struct rs_slice
		data; /* what units point into: octets of G.711 and G.722 when there are no units */
	struct buffer units; /* struct unit, one behind the other */
	uint32_t unit_us;    /* how long a unit is; 0: data is octets, to be cut anywhere */
	/* The readers' own memory, freed with the source. */
	struct buffer bytes; /* data, when it is not the file itself */
	int16_t *pcm;        /* 8 kHz; NULL: units or octets */
	size_t n_pcm;
};

void rs_source_free(struct source *s);

static inline size_t
rs_source_units(const struct source *s)
{
	return s->units.len / sizeof(struct unit);
}

static inline const struct unit *
rs_source_unit(const struct source *s, size_t i)
{
	return (const struct unit *)(const void *)s->units.p + i;
}

/** @return 0 or -ENOMEM with the error set */
int rs_source_add(struct source *s, const struct unit *u);

/** "FILE: at byte N: ...". @return @code */
int rs_source_bad(const struct source *s, int code, size_t at, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
int rs_source_no_memory(const struct source *s);

/* The readers. Each sets codec and fills units, data or pcm. @return 0 or a negative errno with the error set */
int rs_read_wav(struct source *s, enum rs_codec want);
int rs_read_ogg(struct source *s);
int rs_read_amr(struct source *s);
int rs_read_ilbc(struct source *s);
int rs_read_raw(struct source *s, enum rs_codec want);

/** Does the file begin with @magic? */
bool rs_source_begins(const struct source *s, const char *magic);

/** A payload set being made. */
struct maker {
	struct buffer frames, block;
	bool silent; /* the frame before was not speech */
};

/** Append a frame of @len bytes of @p. @return 0; -ENOMEM; -EMSGSIZE */
int rs_maker_add(struct maker *m, enum rs_frame_kind kind, const void *p, size_t len);

/** The set of what was added, or -ENODATA when that is nothing or silence only; the maker is empty afterwards, also on errors. */
int rs_maker_finish(struct maker *m, const struct rs_payload_want *want, struct rs_payload **out);
void rs_maker_drop(struct maker *m);

/** Check @want and fill in its ptime. @return 0 or -EINVAL with the error set */
int rs_want_check(struct rs_payload_want *want, const char *name, struct rs_err *err);

/** Pack all of @s into frames of @want. @return 0 or a negative errno with the error set */
int rs_repack(struct source *s, const struct rs_payload_want *want, struct rs_payload **out);

/** One packet of @n units from number @first on, into @out (RS_PAYLOAD_MAX bytes). @return its bytes or a negative errno, error set */
int rs_repack_amr(const struct source *s, size_t first, size_t n, bool octet_align, uint8_t *out);
int rs_repack_opus(const struct source *s, size_t first, size_t n, uint8_t *out);

/** Bits of an AMR or AMR-WB frame of type @ft (0 to 15); -1 for a type that does not exist. */
int rs_amr_frame_bits(enum rs_codec codec, unsigned ft);

/** Opus packets, RFC 6716, 3. */
#define RS_OPUS_FRAMES    48
#define RS_OPUS_FRAME_MAX 1275

/** How long one frame is that has this TOC byte, in us. */
uint32_t rs_opus_frame_us(uint8_t toc);

/**
 * The frames of a packet.
 * @param why  out: on an error what is wrong, for people
 * @return how many, 1 to RS_OPUS_FRAMES; -EBADMSG
 */
int rs_opus_split(struct rs_slice packet, struct rs_slice frames[RS_OPUS_FRAMES], const char **why);

#endif
