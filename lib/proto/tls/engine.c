/* SPDX-License-Identifier: BSD-3-Clause */
/* An engine: what one worker needs for its records, and which code does the arithmetic. */
#include <errno.h>

#include "proto/tls/private.h"

static size_t
own_size(void)
{
	return (sizeof(struct rs_tls_engine) + RS_TLS_ALIGN - 1) / RS_TLS_ALIGN * RS_TLS_ALIGN;
}

size_t
rs_tls_engine_size(void)
{
	return own_size() + imb_get_mb_mgr_size();
}

int
rs_tls_engine_init(void *memory, enum rs_tls_backend backend, struct rs_tls_engine **engine)
{
	struct rs_tls_engine *e = memory;
	int rc = -ENOTSUP;

	memset(e, 0, sizeof(*e));
	if (backend != RS_TLS_OPENSSL)
		rc = rs_tls_imb_init(e, backend, (uint8_t *)memory + own_size());
	if (backend == RS_TLS_OPENSSL || (backend == RS_TLS_BEST && rc == -ENOTSUP))
		rc = rs_tls_evp_init(e);
	if (rc != 0) {
		rs_tls_engine_fini(e);
		return rc;
	}
	*engine = e;
	return 0;
}

void
rs_tls_engine_fini(struct rs_tls_engine *e)
{
	size_t size = own_size() + (e->mgr != NULL ? imb_get_mb_mgr_size() : 0);

	rs_tls_evp_fini(e);
	explicit_bzero(e, size);
}

const char *
rs_tls_engine_name(const struct rs_tls_engine *e)
{
	return e->name;
}
