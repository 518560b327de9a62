/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

static uint64_t
read_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * RS_NS_PER_S + (uint64_t)ts.tv_nsec;
}

uint64_t
rs_clock_mono_ns(void)
{
	return read_ns(CLOCK_MONOTONIC);
}

uint64_t
rs_clock_wall_us(void)
{
	return read_ns(CLOCK_REALTIME) / 1000;
}

/* The same moment on both clocks: of several tries the one whose two TSC reads lie closest together. */
static void
read_pair(uint64_t *tsc, uint64_t *ns)
{
	uint64_t best = UINT64_MAX;

	for (int i = 0; i < 16; i++) {
		uint64_t before = rs_tsc(), t = rs_clock_mono_ns(), after = rs_tsc();

		if (after - before < best) {
			best = after - before;
			*tsc = before + (after - before) / 2;
			*ns = t;
		}
	}
}

static uint64_t
kernel_hz(void)
{
	FILE *f = fopen("/sys/devices/system/cpu/cpu0/tsc_freq_khz", "re");
	unsigned long long khz = 0;

	if (f == NULL)
		return 0;
	if (fscanf(f, "%llu", &khz) != 1)
		khz = 0;
	fclose(f);
	return khz * 1000;
}

void
rs_clock_init(struct rs_clock *c, uint64_t window_ns)
{
	uint64_t tsc = 0, ns = 0;

	if (window_ns == 0)
		window_ns = 1;
	read_pair(&c->tsc0, &c->ns0);
	c->hz = kernel_hz();
	if (c->hz == 0) {
		struct timespec rest = { (time_t)(window_ns / RS_NS_PER_S),
			(long)(window_ns % RS_NS_PER_S) };

		clock_nanosleep(CLOCK_MONOTONIC, 0, &rest, NULL);
		do /* a signal may have ended the sleep */
			read_pair(&tsc, &ns);
		while (ns - c->ns0 < window_ns);
		c->hz = (uint64_t)((unsigned __int128)(tsc - c->tsc0) * RS_NS_PER_S /
			(ns - c->ns0));
	}
	c->mult = (uint64_t)(((unsigned __int128)RS_NS_PER_S << 32) / c->hz);
}
