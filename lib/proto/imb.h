/* SPDX-License-Identifier: BSD-3-Clause */
/** ipsec-mb's managers, of which SRTP and TLS each have one per worker. */
#ifndef RS_PROTO_IMB_H
#define RS_PROTO_IMB_H

#include <stddef.h>

#include <intel-ipsec-mb.h>

/** The instructions that a manager uses, best first; the numbers are those of enum rs_srtp_backend and enum rs_tls_backend. */
enum rs_imb_kind { RS_IMB_BEST, RS_IMB_AVX512, RS_IMB_AVX2, RS_IMB_AVX, RS_IMB_SSE };

/**
 * Make a manager.
 *
 * @param memory  imb_get_mb_mgr_size() bytes at a multiple of 64
 * @param want    RS_IMB_BEST: the best that the machine has
 * @param kind    out: what it is
 * @return the manager, in @memory; NULL when the machine cannot do it
 */
IMB_MGR *rs_imb_init(void *memory, enum rs_imb_kind want, enum rs_imb_kind *kind);

/** @return the name of what it uses, such as "AVX512" */
const char *rs_imb_name(enum rs_imb_kind kind);

#endif
