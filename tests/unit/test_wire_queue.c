/* SPDX-License-Identifier: BSD-3-Clause */
/* The wire's queue: when each packet goes on and in which order, on a clock of the test's own. */
#include <string.h>

#include "../tools/wire/queue.h"
#include "base/clock.h"
#include "unit.h"

#define MS RS_NS_PER_MS

struct rig {
	struct rs_wire_spec spec;
	struct rs_wire_pool pool;
	struct rs_wire_queue queue;
	uint64_t number;
};

static void
rig_up(struct rig *r, const char *text)
{
	struct rs_err err = { 0 };

	*r = (struct rig){ 0 };
	rs_wire_spec_init(&r->spec);
	assert_int_equal(rs_wire_spec_parse(text, &r->spec, &err), 0);
	assert_int_equal(rs_wire_pool_init(&r->pool, 64), 0);
	assert_int_equal(rs_wire_queue_init(&r->queue, &r->spec, 64), 0);
}

/* Nothing may be left in the pool's books. */
static void
rig_down(struct rig *r)
{
	assert_int_equal(r->pool.n_free, r->pool.n);
	rs_wire_queue_fini(&r->queue);
	rs_wire_pool_fini(&r->pool);
}

/* Put a packet that carries its number as its first byte. */
static enum rs_wire_loss
put_fate(struct rig *r, uint64_t now, struct rs_wire_fate fate)
{
	struct rs_wire_packet *p = rs_wire_pool_get(&r->pool);
	enum rs_wire_loss lost;

	assert_non_null(p);
	p->len = 1000;
	p->bytes[0] = (uint8_t)r->number;
	fate.number = r->number++;
	lost = rs_wire_queue_put(&r->queue, now, p, &fate);
	rs_wire_pool_put(&r->pool, p);
	return lost;
}

static void
put(struct rig *r, uint64_t now)
{
	assert_int_equal(put_fate(r, now, (struct rs_wire_fate){ .delay_ns = r->spec.delay_ns }),
		RS_WIRE_KEPT);
}

static void
assert_out(struct rig *r, uint64_t now, const char *numbers)
{
	char out[128] = "";

	for (struct rs_wire_packet *p; (p = rs_wire_queue_take(&r->queue, now)) != NULL;) {
		snprintf(out + strlen(out), sizeof(out) - strlen(out), "%s%u",
			out[0] != '\0' ? " " : "", p->bytes[0]);
		rs_wire_pool_put(&r->pool, p);
	}
	assert_string_equal(out, numbers);
}

static void
without_impairment_packets_leave_at_once_in_order(void **state)
{
	struct rig r;

	rig_up(&r, "");
	for (int i = 0; i < 4; i++)
		put(&r, 5);
	assert_int_equal(rs_wire_queue_due(&r.queue), 5);
	assert_out(&r, 5, "0 1 2 3");
	assert_int_equal(rs_wire_queue_due(&r.queue), UINT64_MAX);
	rig_down(&r);
}

static void
a_delay_holds_each_packet_for_its_time(void **state)
{
	struct rig r;

	rig_up(&r, "delay=10ms");
	put(&r, 0);
	put(&r, 4 * MS);
	assert_int_equal(rs_wire_queue_due(&r.queue), 10 * MS);
	assert_out(&r, 10 * MS - 1, "");
	assert_out(&r, 10 * MS, "0");
	assert_out(&r, 14 * MS, "1");
	rig_down(&r);
}

static void
jitter_keeps_the_order_unless_overtaking_is_allowed(void **state)
{
	static const uint64_t delays[] = { 10 * MS, 2 * MS, 6 * MS };
	struct rig r;

	rig_up(&r, "delay=6ms,jitter=4ms");
	for (int i = 0; i < 3; i++)
		put_fate(&r, 0, (struct rs_wire_fate){ .delay_ns = delays[i] });
	assert_out(&r, 9 * MS, "");
	assert_out(&r, 10 * MS, "0 1 2");
	rig_down(&r);
	rig_up(&r, "delay=6ms,jitter=4ms,overtake=yes");
	for (int i = 0; i < 3; i++)
		put_fate(&r, 0, (struct rs_wire_fate){ .delay_ns = delays[i] });
	assert_out(&r, 10 * MS, "1 2 0");
	rig_down(&r);
}

static void
a_duplicate_follows_its_original_or_comes_later(void **state)
{
	struct rig r;

	rig_up(&r, "duplicate=1");
	put_fate(&r, 0, (struct rs_wire_fate){ .duplicate = true });
	put(&r, 0);
	assert_out(&r, 0, "0 0 1");
	rig_down(&r);
	rig_up(&r, "duplicate=1/30ms");
	put_fate(&r, 0, (struct rs_wire_fate){ .duplicate = true });
	put(&r, 20 * MS);
	assert_out(&r, 20 * MS, "0 1");
	put(&r, 40 * MS);
	assert_out(&r, 40 * MS, "0 2");
	rig_down(&r);
}

static void
a_reordered_packet_goes_on_behind_so_many_others(void **state)
{
	struct rig r;

	rig_up(&r, "reorder=1/3/20ms");
	put(&r, 0);
	put_fate(&r, 0, (struct rs_wire_fate){ .reorder = true });
	for (int i = 0; i < 4; i++)
		put(&r, 0);
	assert_out(&r, 0, "0 2 3 4 1 5");
	rig_down(&r);
}

static void
lost_packets_overtake_too_so_that_the_order_does_not_depend_on_time(void **state)
{
	struct rig r;

	rig_up(&r, "reorder=1/2/20ms");
	put_fate(&r, 0, (struct rs_wire_fate){ .reorder = true });
	assert_int_equal(put_fate(&r, 0, (struct rs_wire_fate){ .lost = RS_WIRE_LOST_ALONE }),
		RS_WIRE_LOST_ALONE);
	put(&r, 0);
	assert_out(&r, 0, "2 0");
	rig_down(&r);
}

static void
a_reordered_packet_that_nobody_overtakes_goes_on_after_its_time(void **state)
{
	struct rig r;

	rig_up(&r, "reorder=1/3/20ms");
	put_fate(&r, 5 * MS, (struct rs_wire_fate){ .reorder = true });
	put(&r, 6 * MS);
	assert_out(&r, 6 * MS, "1");
	assert_int_equal(rs_wire_queue_due(&r.queue), 25 * MS);
	assert_out(&r, 25 * MS - 1, "");
	assert_out(&r, 25 * MS, "0");
	rig_down(&r);
}

static void
two_reordered_in_a_row_keep_their_order(void **state)
{
	struct rig r;

	rig_up(&r, "reorder=1/2/20ms");
	put_fate(&r, 0, (struct rs_wire_fate){ .reorder = true });
	put_fate(&r, 0, (struct rs_wire_fate){ .reorder = true });
	put(&r, 0);
	put(&r, 0);
	assert_out(&r, 0, "2 0 3 1");
	rig_down(&r);
}

static void
a_duplicate_of_a_reordered_packet_is_not_held_back(void **state)
{
	struct rig r;

	rig_up(&r, "reorder=1/1/20ms,duplicate=1");
	put_fate(&r, 0, (struct rs_wire_fate){ .reorder = true, .duplicate = true });
	put(&r, 0);
	assert_out(&r, 0, "0 1 0");
	rig_down(&r);
}

static void
a_rate_spaces_packets_and_drops_what_finds_its_queue_full(void **state)
{
	struct rig r;

	rig_up(&r, "rate=1000pps/2");
	/* One leaves at once, two wait, the fourth is too many. */
	for (int i = 0; i < 3; i++)
		put(&r, 0);
	assert_int_equal(put_fate(&r, 0, (struct rs_wire_fate){ 0 }), RS_WIRE_LOST_QUEUE);
	assert_out(&r, 0, "0");
	assert_int_equal(rs_wire_queue_due(&r.queue), 1 * MS);
	assert_out(&r, 1 * MS, "1");
	put(&r, 1 * MS);
	assert_out(&r, 3 * MS, "2 4");
	rig_down(&r);
}

static void
a_bit_rate_counts_bytes(void **state)
{
	struct rig r;

	/* 1,000 bytes at 8 Mbit/s: 1 ms. */
	rig_up(&r, "rate=8mbit");
	put(&r, 0);
	put(&r, 0);
	assert_out(&r, 0, "0");
	assert_int_equal(rs_wire_queue_due(&r.queue), 1 * MS);
	assert_out(&r, 1 * MS, "1");
	rig_down(&r);
}

static void
what_is_not_concerned_passes_what_waits(void **state)
{
	struct rs_wire_packet *p;
	struct rig r;

	rig_up(&r, "delay=10ms");
	put(&r, 0);
	p = rs_wire_pool_get(&r.pool);
	p->bytes[0] = 99;
	rs_wire_queue_pass(&r.queue, 1 * MS, p);
	rs_wire_pool_put(&r.pool, p);
	assert_out(&r, 1 * MS, "99");
	assert_out(&r, 10 * MS, "0");
	rig_down(&r);
}

static void
many_packets_come_out_by_due_time(void **state)
{
	struct rig r;
	uint8_t last = 0;

	rig_up(&r, "delay=1ms,jitter=1ms,overtake=yes");
	for (unsigned i = 0; i < 64; i++)
		put_fate(&r, 0, (struct rs_wire_fate){ .delay_ns = (i * 37 % 64) * MS });
	assert_int_equal(rs_wire_queue_left(&r.queue), 64);
	assert_null(rs_wire_pool_get(&r.pool));
	for (uint64_t now = 0; now < 64 * MS; now += MS) {
		struct rs_wire_packet *p = rs_wire_queue_take(&r.queue, now);

		assert_non_null(p);
		assert_int_equal(p->bytes[0] * 37 % 64, last++);
		assert_null(rs_wire_queue_take(&r.queue, now));
		rs_wire_pool_put(&r.pool, p);
	}
	rig_down(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_impairment_packets_leave_at_once_in_order),
		cmocka_unit_test(a_delay_holds_each_packet_for_its_time),
		cmocka_unit_test(jitter_keeps_the_order_unless_overtaking_is_allowed),
		cmocka_unit_test(a_duplicate_follows_its_original_or_comes_later),
		cmocka_unit_test(a_reordered_packet_goes_on_behind_so_many_others),
		cmocka_unit_test(
			lost_packets_overtake_too_so_that_the_order_does_not_depend_on_time),
		cmocka_unit_test(a_reordered_packet_that_nobody_overtakes_goes_on_after_its_time),
		cmocka_unit_test(two_reordered_in_a_row_keep_their_order),
		cmocka_unit_test(a_duplicate_of_a_reordered_packet_is_not_held_back),
		cmocka_unit_test(a_rate_spaces_packets_and_drops_what_finds_its_queue_full),
		cmocka_unit_test(a_bit_rate_counts_bytes),
		cmocka_unit_test(what_is_not_concerned_passes_what_waits),
		cmocka_unit_test(many_packets_come_out_by_due_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
