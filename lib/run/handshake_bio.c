/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What an SSL object reads and writes: the bytes just received, where they lie, and the thread's buffer for what the present step
 * writes. No copy in, no allocation a handshake; bytes that are not read stay where they can be handed over.
 */
#include <openssl/bio.h>
#include <stdlib.h>

#include "run/handshake_private.h"

#define MOST_OUT (1u << 20) /* of one step: no flight of ours is as long */

static int
bio_read(BIO *bio, char *out, size_t len, size_t *n)
{
	struct rs_hs_task *task = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	if (task->in.len == 0) {
		BIO_set_retry_read(bio);
		return 0;
	}
	*n = len < task->in.len ? len : task->in.len;
	memcpy(out, task->in.p, *n);
	task->in.p += *n;
	task->in.len -= *n;
	return 1;
}

/* What finds no memory is told at the end of the step: the library would only try again. */
static int
bio_write(BIO *bio, const char *in, size_t len, size_t *n)
{
	struct rs_hs_task *task = BIO_get_data(bio);
	struct rs_hs_thread *t = task->thread;

	BIO_clear_retry_flags(bio);
	*n = len;
	if (len > MOST_OUT - t->n_out) {
		t->out_lost = true;
		return 1;
	}
	if (t->n_out + len > t->cap_out) {
		uint32_t cap = t->cap_out ? t->cap_out : 4096;
		uint8_t *more;

		while (cap < t->n_out + len)
			cap *= 2;
		more = realloc(t->out, cap);
		if (!more) {
			t->out_lost = true;
			return 1;
		}
		t->out = more;
		t->cap_out = cap;
	}
	memcpy(t->out + t->n_out, in, len);
	t->n_out += (uint32_t)len;
	return 1;
}

static long
bio_ctrl(BIO *bio, int command, long number, void *p)
{
	const struct rs_hs_task *task = BIO_get_data(bio);

	if (command == BIO_CTRL_PENDING)
		return (long)task->in.len;
	return command == BIO_CTRL_FLUSH;
}

static int
bio_create(BIO *bio)
{
	BIO_set_init(bio, 1);
	return 1;
}

BIO_METHOD *
rs_hs_bio_method(void)
{
	BIO_METHOD *m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "handshake");

	if (!m || BIO_meth_set_read_ex(m, bio_read) != 1 || BIO_meth_set_write_ex(m, bio_write) != 1 ||
		BIO_meth_set_ctrl(m, bio_ctrl) != 1 || BIO_meth_set_create(m, bio_create) != 1) {
		BIO_meth_free(m);
		return NULL;
	}
	return m;
}
