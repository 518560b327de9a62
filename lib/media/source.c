/* SPDX-License-Identifier: BSD-3-Clause */
#include "media/source.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int
rs_buffer_add(struct buffer *b, const void *p, size_t len)
{
	if (len > b->cap - b->len) {
		size_t cap = b->cap ? b->cap : 4096;
		uint8_t *grown;

		while (cap - b->len < len)
			cap *= 2;
		grown = realloc(b->p, cap);
		if (!grown)
			return -ENOMEM;
		b->p = grown;
		b->cap = cap;
	}
	if (len)
		memcpy(b->p + b->len, p, len);
	b->len += len;
	return 0;
}

void
rs_buffer_drop(struct buffer *b)
{
	free(b->p);
	*b = (struct buffer){ 0 };
}

/** All of @fd, which is a file of @size bytes. */
static int
read_all(int fd, uint8_t *p, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t n = read(fd, p + done, size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -EIO; /* it became shorter meanwhile */
		done += (size_t)n;
	}
	return 0;
}

int
rs_buffer_load(struct buffer *b, const char *path, size_t max, struct rs_err *err)
{
	/* A FIFO must not hold us up. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), rc = 0;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0)
		rc = -errno;
	else if (!S_ISREG(st.st_mode))
		rc = S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	else if ((uint64_t)st.st_size > max)
		rc = -EFBIG;
	if (rc == 0) {
		b->len = b->cap = (size_t)st.st_size;
		b->p = malloc(b->cap + 1);
		rc = b->p ? read_all(fd, b->p, b->len) : -ENOMEM;
	}
	if (rc == -EFBIG)
		rs_err_set(err, rc, "%s: is larger than %zu MiB", path, max >> 20);
	else if (rc)
		rs_err_set(err, rc, "%s: %s", path,
			rc == -EINVAL ? "is not a regular file" : strerror(-rc));
	if (fd >= 0)
		close(fd);
	return rc;
}

void
rs_source_free(struct source *s)
{
	rs_buffer_drop(&s->units);
	rs_buffer_drop(&s->bytes);
	free(s->pcm);
}

int
rs_source_add(struct source *s, const struct unit *u)
{
	return rs_buffer_add(&s->units, u, sizeof(*u)) ? rs_source_no_memory(s) : 0;
}

int
rs_source_bad(const struct source *s, int code, size_t at, const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return rs_err_set(s->err, code, "%s: at byte %zu: %s", s->name, at, text);
}

int
rs_source_no_memory(const struct source *s)
{
	return rs_err_set(s->err, -ENOMEM, "%s: no memory for its frames", s->name);
}

bool
rs_source_begins(const struct source *s, const char *magic)
{
	size_t n = strlen(magic);

	return s->file.len >= n && memcmp(s->file.p, magic, n) == 0;
}

int
rs_maker_add(struct maker *m, enum rs_frame_kind kind, const void *p, size_t len)
{
	struct rs_frame f = {
		.offset = (uint32_t)m->block.len, .len = (uint16_t)len, .kind = (uint8_t)kind
	};

	if (len > RS_PAYLOAD_MAX)
		return -EMSGSIZE;
	if (m->block.len + len > UINT32_MAX)
		return -EFBIG;
	f.mark = kind == RS_FRAME_MEDIA && m->silent;
	m->silent = kind != RS_FRAME_MEDIA;
	if (rs_buffer_add(&m->block, p, len) || rs_buffer_add(&m->frames, &f, sizeof(f)))
		return -ENOMEM;
	return 0;
}

int
rs_maker_finish(struct maker *m, const struct rs_payload_want *want, struct rs_payload **out)
{
	/* A block of no bytes is one of silence only. */
	struct rs_payload *p = m->block.len ? calloc(1, sizeof(*p)) : NULL;
	struct rs_frame *frames = (struct rs_frame *)(void *)m->frames.p;

	if (!p) {
		int rc = m->block.len ? -ENOMEM : -ENODATA;

		rs_maker_drop(m);
		return rc;
	}
	p->codec = want->codec;
	p->clock_hz = rs_codec_info(want->codec)->clock_hz;
	p->ptime_ns = want->ptime_ns;
	p->ts_step = (uint32_t)(want->ptime_ns * p->clock_hz / 1000000000);
	p->loop = want->loop;
	p->octet_align = want->octet_align;
	p->frames = frames;
	p->n_frames = (uint32_t)(m->frames.len / sizeof(struct rs_frame));
	p->block = m->block.p;
	p->block_len = m->block.len;
	for (uint32_t i = 0; i < p->n_frames; i++)
		if (frames[i].len > p->max_len)
			p->max_len = frames[i].len;
	/* Round the loop's seam: the first frame follows the last. */
	if (p->loop && frames[0].kind == RS_FRAME_MEDIA)
		frames[0].mark = frames[p->n_frames - 1].kind != RS_FRAME_MEDIA;
	*m = (struct maker){ 0 };
	*out = p;
	return 0;
}

void
rs_maker_drop(struct maker *m)
{
	rs_buffer_drop(&m->frames);
	rs_buffer_drop(&m->block);
	m->silent = false;
}
