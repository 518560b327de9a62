/* SPDX-License-Identifier: BSD-3-Clause */
#include "proto/imb.h"

static const struct {
	uint64_t features;
	void (*init)(IMB_MGR *mgr);
	const char *name;
} kinds[] = {
	[RS_IMB_AVX512] = { IMB_CPUFLAGS_AVX512, init_mb_mgr_avx512, "AVX512" },
	[RS_IMB_AVX2] = { IMB_CPUFLAGS_AVX2, init_mb_mgr_avx2, "AVX2" },
	[RS_IMB_AVX] = { IMB_CPUFLAGS_AVX, init_mb_mgr_avx, "AVX" },
	[RS_IMB_SSE] = { IMB_CPUFLAGS_SSE, init_mb_mgr_sse, "SSE" },
};

IMB_MGR *
rs_imb_init(void *memory, enum rs_imb_kind want, enum rs_imb_kind *kind)
{
	IMB_MGR *mgr = imb_set_pointers_mb_mgr(memory, 0, 1);

	for (enum rs_imb_kind k = RS_IMB_AVX512; mgr && k <= RS_IMB_SSE; k++) {
		if ((want != RS_IMB_BEST && want != k) || (mgr->features & kinds[k].features) != kinds[k].features)
			continue;
		kinds[k].init(mgr);
		if (imb_get_errno(mgr) != 0)
			continue;
		*kind = k;
		return mgr;
	}
	return NULL;
}

const char *
rs_imb_name(enum rs_imb_kind kind)
{
	return kinds[kind].name;
}
