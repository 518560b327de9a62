/* SPDX-License-Identifier: BSD-3-Clause */
/* An engine: what one worker needs to do SRTP, and which code does it. */
#include <errno.h>

#include "proto/srtp/private.h"

/* Our own struct first, then whichever of the two backends' memory. */
static size_t
own_size(void)
{
	return (sizeof(struct rs_srtp_engine) + RS_SRTP_ALIGN - 1) / RS_SRTP_ALIGN * RS_SRTP_ALIGN;
}

size_t
rs_srtp_engine_size(void)
{
	size_t imb = rs_srtp_imb_size(), evp = rs_srtp_evp_size();

	return own_size() + (imb > evp ? imb : evp);
}

/* What never changes in a job: a packet's own fields are all that is written for it. */
static void
init_jobs(struct rs_srtp_engine *e)
{
	for (unsigned i = 0; i <= RS_SRTP_CHUNK; i++) {
		IMB_JOB *job = &e->jobs[i];

		job->iv = e->iv[i];
		job->iv_len_in_bytes = 16;
		job->auth_tag_output = e->tag[i];
		job->auth_tag_output_len_in_bytes =
			12; /* ipsec-mb knows 12 and 20; 10 or 4 of them are used */
		job->cipher_mode = IMB_CIPHER_CNTR;
		job->cipher_direction = IMB_DIR_ENCRYPT;
		job->hash_alg = IMB_AUTH_HMAC_SHA_1;
		job->chain_order = IMB_ORDER_CIPHER_HASH;
	}
}

int
rs_srtp_engine_init(void *memory, enum rs_srtp_backend backend, struct rs_srtp_engine **engine)
{
	struct rs_srtp_engine *e = memory;
	void *rest = (uint8_t *)memory + own_size();
	int rc = -ENOTSUP;

	memset(e, 0, sizeof(*e));
	init_jobs(e);
	if (backend != RS_SRTP_OPENSSL)
		rc = rs_srtp_imb_init(e, backend, rest);
	if (backend == RS_SRTP_OPENSSL || (backend == RS_SRTP_BEST && rc == -ENOTSUP))
		rc = rs_srtp_evp_init(e, rest);
	if (rc == 0)
		*engine = e;
	return rc;
}

void
rs_srtp_engine_fini(struct rs_srtp_engine *e)
{
	size_t used = e->evp != NULL ? rs_srtp_evp_size() : rs_srtp_imb_size();

	if (e->evp != NULL)
		rs_srtp_evp_fini(e);
	explicit_bzero(e, own_size() + used);
}

const char *
rs_srtp_engine_name(const struct rs_srtp_engine *e)
{
	return e->name;
}
