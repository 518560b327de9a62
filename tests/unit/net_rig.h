/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Two ring ports on one worker of a real EAL: "access" and "core" of a pair, so that each hears
 * what the other says.
 */
#ifndef RS_TESTS_UNIT_NET_RIG_H
#define RS_TESTS_UNIT_NET_RIG_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>

#include <rte_eal.h>

#include "net/net.h"

#define RIG_MBUFS 4095

struct rig {
	struct rs_clock clock;
	struct rs_net *net;
	struct rs_net_worker *w;
	struct rs_link link;
	struct rs_err err;
};

static inline struct rs_addr
rig_addr(const char *text)
{
	struct rs_addr a;

	assert_int_equal(rs_addr_parse(rs_slice_str(text), &a), 0);
	return a;
}

static inline struct rs_net_prefix
rig_prefix(const char *text, uint8_t bits)
{
	return (struct rs_net_prefix){ rig_addr(text), bits };
}

static inline int
rig_eal(void **state)
{
	static char *args[] = { "test", "--no-huge", "--no-shconf", "--no-pci", "-m", "128",
		"--no-telemetry", "-l", "0", "--log-level", "lib.eal:error" };

	(void)state;
	return rte_eal_init((int)(sizeof(args) / sizeof(args[0])), args) < 0;
}

static inline int
rig_eal_end(void **state)
{
	(void)state;
	return rte_eal_cleanup();
}

/** What a worker does in a turn with what came in. @return items in @out */
static inline uint32_t
rig_turn(struct rig *r, struct rs_rx *out, uint32_t cap)
{
	uint32_t packets, n;

	rs_net_flush(r->w);
	n = rs_net_receive(r->w, out, cap, &packets);
	rs_net_tick(r->w, rs_clock_now(&r->clock));
	rs_net_flush(r->w);
	return n;
}

/** Turns without items, until nothing moves any more. */
static inline void
rig_settle(struct rig *r)
{
	struct rs_rx out[64];

	for (int i = 0; i < 100; i++) {
		assert_int_equal(rig_turn(r, out, 64), 0);
		rs_net_release(r->w);
	}
}

static inline int
rig_send(struct rig *r, const struct rs_path *path, const void *data, uint32_t len)
{
	struct rs_buf buf;
	int rc = r->link.take(r->link.ctx, path, &buf);

	if (rc != 0)
		return rc;
	assert_true(buf.cap >= len);
	memcpy(buf.data, data, len);
	return r->link.send(r->link.ctx, path, &buf, len);
}

static inline uint64_t
rig_count(struct rig *r, uint32_t port, uint32_t row)
{
	return rs_metric_get(rs_net_metrics(r->net, 0, port), row);
}

#endif
