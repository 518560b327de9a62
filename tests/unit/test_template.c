/* SPDX-License-Identifier: BSD-3-Clause */
/** Message templates: what each slot writes, which lines are dropped, and that no byte is written past the buffer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include <errno.h>

#include "guard.h"
#include "proto/sip/template.h"

/** A template under construction. */
struct build {
	struct rs_op ops[64];
	uint8_t text[4096];
	struct rs_template t;
	uint32_t used;
};

static void
begin(struct build *b)
{
	memset(b, 0, sizeof(*b));
	b->t.ops = b->ops;
	b->t.text = b->text;
}

static struct rs_op *
add(struct build *b, enum rs_slot slot, int32_t n)
{
	struct rs_op *op = &b->ops[b->t.n_ops++];

	assert_true(b->t.n_ops <= 64);
	op->slot = slot;
	op->n = n;
	return op;
}

static void
span(struct build *b, struct rs_op *op, const char *text)
{
	op->off = b->used;
	op->len = (uint32_t)strlen(text);
	assert_true(b->used + op->len <= sizeof(b->text));
	memcpy(b->text + b->used, text, op->len);
	b->used += op->len;
}

static void
lit(struct build *b, const char *text)
{
	span(b, add(b, RS_SLOT_LITERAL, 0), text);
}

/** A LAST_HEADER op as the compiler makes it: by identity where the name has one. */
static void
last(struct build *b, const char *name, bool with_name)
{
	struct rs_op *op = add(b, RS_SLOT_LAST_HEADER, 0);

	span(b, op, name);
	op->header_id = rs_sip_header_id(rs_slice_str(name));
	op->with_name = with_name;
}

static const char received[] =
	"SIP/2.0 180 Ringing\r\n"
	"Via: SIP/2.0/UDP 198.18.0.1;branch=z9hG4bKa\r\n"
	"v: SIP/2.0/UDP 198.18.0.2;branch=z9hG4bKb\r\n"
	"From: \"A\" <sip:a@198.18.0.1>;tag=1\r\n"
	"To: \"B, b\" <sip:b@[2001:2::2]:5070;user=phone>;tag=2\r\n"
	"Call-ID: 1@h\r\n"
	"CSeq: 7 INVITE\r\n"
	"X-Fold: one\r\n  two\r\n\tthree  four\r\n"
	"x-many: 1\r\n"
	"X-Many: 2\r\n"
	"Subject:\r\n"
	"Content-Length: 4\r\n"
	"\r\n"
	"body";

static struct rs_sip_msg message;

static int
expand(void *ctx, const struct rs_op *op, uint8_t *out, size_t cap)
{
	const char *text = op->slot == RS_SLOT_VAR ? "var" : op->slot == RS_SLOT_FIELD ? "field" :
			   op->slot == RS_SLOT_FILL ? "xxxx" : op->slot == RS_SLOT_DATE ? "a date" : "a time";
	size_t len = op->aux == 99 ? 0 : strlen(text);

	assert_ptr_equal(ctx, &message);
	if (len > cap)
		return -ENOSPC;
	if (len > 0)
		memcpy(out, text, len);
	return (int)len;
}

#define S(text) { (const uint8_t *)(text), sizeof(text) - 1 }

static struct rs_render
values(void)
{
	return (struct rs_render){
		.remote_ip = S("198.18.0.1"), .remote_host = S("sut.test"), .local_ip = S("[2001:2::1]"),
		.server_ip = S("198.18.0.9"), .media_ip = S("198.18.0.3"), .transport = S("UDP"),
		.call_id = S("1-77@198.18.0.2"), .service = S("service"), .user = S("u00001"),
		.domain = S("example.test"), .tag = S("TAG"), .branch = S("z9hG4bKtoken"), .pid = S("77"),
		.remote_port = 5060, .local_port = 5070, .media_port = 6000, .local_family = 6,
		.media_family = 4, .msg_index = 3, .call_number = 12, .dynamic_id = 10004, .cseq = 2,
		.last_cseq = 7, .clock_tick_ms = 4500000000, .last = &message, .peer_tag = S("2"),
		.next_url = S("sip:b@198.18.0.1"), .routes = S("<sip:r1;lr>, <sip:r2;lr>"),
		.expand = expand, .ctx = &message,
	};
}

/** Render @b from @r with room to spare and compare. */
static void
gives(const struct build *b, const struct rs_render *r, const char *want)
{
	uint8_t out[4096];
	int n = rs_template_render(&b->t, r, out, sizeof(out));

	assert_true(n >= 0);
	out[n] = 0;
	assert_string_equal((char *)out, want);
	assert_int_equal(n, strlen(want));
}

static void
every_slot_writes_its_value(void **state)
{
	static const struct {
		enum rs_slot slot;
		int32_t n;
		const char *want;
	} cases[] = {
		{ RS_SLOT_LINE, 0, "" },
		{ RS_SLOT_BODY, 0, "" },
		{ RS_SLOT_LEN, 0, "    0" },
		{ RS_SLOT_REMOTE_IP, 0, "198.18.0.1" },
		{ RS_SLOT_REMOTE_HOST, 0, "sut.test" },
		{ RS_SLOT_REMOTE_PORT, 0, "5060" },
		{ RS_SLOT_TRANSPORT, 0, "UDP" },
		{ RS_SLOT_LOCAL_IP, 0, "[2001:2::1]" },
		{ RS_SLOT_LOCAL_IP_TYPE, 0, "6" },
		{ RS_SLOT_LOCAL_PORT, 0, "5070" },
		{ RS_SLOT_SERVER_IP, 0, "198.18.0.9" },
		{ RS_SLOT_MEDIA_IP, 0, "198.18.0.3" },
		{ RS_SLOT_MEDIA_IP_TYPE, 0, "4" },
		{ RS_SLOT_MEDIA_PORT, 2, "6002" },
		{ RS_SLOT_AUTO_MEDIA_PORT, 0, "6044" },
		{ RS_SLOT_AUTO_MEDIA_PORT, 1, "6045" },
		{ RS_SLOT_CALL_NUMBER, 0, "12" },
		{ RS_SLOT_CALL_ID, 0, "1-77@198.18.0.2" },
		{ RS_SLOT_DYNAMIC_ID, 0, "10004" },
		{ RS_SLOT_PID, 0, "77" },
		{ RS_SLOT_SERVICE, 0, "service" },
		{ RS_SLOT_USER, 0, "u00001" },
		{ RS_SLOT_DOMAIN, 0, "example.test" },
		{ RS_SLOT_TAG, 0, "TAG" },
		{ RS_SLOT_MSG_INDEX, 0, "3" },
		{ RS_SLOT_BRANCH, 0, "z9hG4bKtoken" },
		{ RS_SLOT_BRANCH, 1, "z9hG4bKtoken-1" },
		{ RS_SLOT_BRANCH, -4, "z9hG4bKtoken--4" },
		{ RS_SLOT_CSEQ, 0, "2" },
		{ RS_SLOT_LAST_CSEQ_NUMBER, 0, "7" },
		{ RS_SLOT_CLOCK_TICK, 0, "4500000000" },
		{ RS_SLOT_TIMESTAMP, 0, "a time" },
		{ RS_SLOT_DATE, 0, "a date" },
		{ RS_SLOT_SIPP_VERSION, 0, "3.7.7" },
		{ RS_SLOT_LAST_MESSAGE, 0, received },
		{ RS_SLOT_LAST_REQUEST_URI, 0, "sip:b@[2001:2::2]:5070;user=phone" },
		{ RS_SLOT_PEER_TAG_PARAM, 0, ";tag=2" },
		{ RS_SLOT_NEXT_URL, 0, "sip:b@198.18.0.1" },
		{ RS_SLOT_ROUTES, 0, "Route: <sip:r1;lr>, <sip:r2;lr>" },
		{ RS_SLOT_VAR, 0, "var" },
		{ RS_SLOT_FIELD, 0, "field" },
		{ RS_SLOT_FILL, 0, "xxxx" },
	};
	bool seen[RS_SLOTS] = { [RS_SLOT_LITERAL] = true, [RS_SLOT_LAST_HEADER] = true };
	struct rs_render r = values();

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char want[2048];
		struct build b;

		begin(&b);
		lit(&b, "A: <");
		add(&b, cases[i].slot, cases[i].n);
		lit(&b, ">\r\n");
		snprintf(want, sizeof(want), "A: <%s>\r\n", cases[i].want);
		/* behind BODY everything is body, which LEN would count: there is none in that case */
		gives(&b, &r, want);
		seen[cases[i].slot] = true;
	}
	for (int i = 0; i < RS_SLOTS; i++)
		assert_true(seen[i]);
}

static void
numbers_take_offsets_of_both_signs(void **state)
{
	static const struct {
		enum rs_slot slot;
		int32_t n;
		const char *want;
	} cases[] = {
		{ RS_SLOT_REMOTE_PORT, 1, "5061" },
		{ RS_SLOT_LOCAL_PORT, -70, "5000" },
		{ RS_SLOT_MEDIA_PORT, 100000, "106000" },
		{ RS_SLOT_CSEQ, -2, "0" },
		{ RS_SLOT_CSEQ, -3, "-1" },
		{ RS_SLOT_CSEQ, INT32_MIN, "-2147483646" },
		{ RS_SLOT_LAST_CSEQ_NUMBER, 1, "8" },
		{ RS_SLOT_CALL_NUMBER, INT32_MAX, "2147483659" },
		{ RS_SLOT_MSG_INDEX, -1, "2" },
		{ RS_SLOT_DYNAMIC_ID, 6, "10010" },
		{ RS_SLOT_CLOCK_TICK, -1, "4499999999" },
	};
	struct rs_render r = values();

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct build b;

		begin(&b);
		add(&b, cases[i].slot, cases[i].n);
		gives(&b, &r, cases[i].want);
	}
	r.call_number = UINT64_MAX;
	{
		struct build b;

		begin(&b);
		add(&b, RS_SLOT_CALL_NUMBER, 0);
		gives(&b, &r, "18446744073709551615");
	}
}

static void
automatic_media_ports_start_over_after_10000(void **state)
{
	struct rs_render r = values();
	struct build b;

	begin(&b);
	add(&b, RS_SLOT_AUTO_MEDIA_PORT, 0);
	r.call_number = 1;
	gives(&b, &r, "6000");
	r.call_number = 2;
	gives(&b, &r, "6004");
	r.call_number = 2500;
	gives(&b, &r, "15996");
	r.call_number = 2501;
	gives(&b, &r, "6000");
}

static void
a_branch_by_index_names_the_step_it_belongs_to(void **state)
{
	struct rs_render r = values();
	struct build b;

	begin(&b);
	add(&b, RS_SLOT_BRANCH, -3);
	lit(&b, " ");
	add(&b, RS_SLOT_BRANCH, 0);
	r.branch_by_index = true;
	gives(&b, &r, "z9hG4bKtoken-0 z9hG4bKtoken-3");
}

static void
a_ready_date_is_used_and_another_is_asked_for(void **state)
{
	struct rs_render r = values();
	struct build b;

	begin(&b);
	add(&b, RS_SLOT_DATE, 0);
	lit(&b, "|");
	add(&b, RS_SLOT_TIMESTAMP, 0);
	r.date = rs_slice_str("Fri, 20 Nov 2026 11:18:35 GMT");
	gives(&b, &r, "Fri, 20 Nov 2026 11:18:35 GMT|a time");
	r.expand = NULL;
	gives(&b, &r, "Fri, 20 Nov 2026 11:18:35 GMT|");
}

static void
absent_values_write_nothing(void **state)
{
	static const enum rs_slot slots[] = { RS_SLOT_REMOTE_IP, RS_SLOT_PEER_TAG_PARAM, RS_SLOT_ROUTES,
		RS_SLOT_NEXT_URL, RS_SLOT_LAST_MESSAGE, RS_SLOT_LAST_REQUEST_URI, RS_SLOT_VAR, RS_SLOT_DATE };
	struct rs_render none = { 0 };

	for (size_t i = 0; i < sizeof(slots) / sizeof(slots[0]); i++) {
		struct build b;

		begin(&b);
		lit(&b, "[");
		add(&b, slots[i], 0);
		last(&b, "Via", true);
		lit(&b, "]");
		gives(&b, &none, "[]");
	}
}

static void
last_headers_come_with_the_name_as_received(void **state)
{
	static const struct {
		const char *name;
		bool with_name;
		const char *want;
	} cases[] = {
		{ "Call-ID", true, "Call-ID: 1@h" },
		{ "call-id", false, "1@h" },
		{ "i", false, "1@h" },
		{ "From", true, "From: \"A\" <sip:a@198.18.0.1>;tag=1" },
		/* several are joined, whichever form each has */
		{ "Via", true, "Via: SIP/2.0/UDP 198.18.0.1;branch=z9hG4bKa, SIP/2.0/UDP 198.18.0.2;branch=z9hG4bKb" },
		{ "X-Many", true, "x-many: 1, 2" },
		{ "x-many", false, "1, 2" },
		/* folds become one blank, blanks inside a line stay */
		{ "x-fold", true, "X-Fold: one two three  four" },
		{ "Subject", true, "Subject: " },
	};
	struct rs_render r = values();

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct build b;

		begin(&b);
		last(&b, cases[i].name, cases[i].with_name);
		gives(&b, &r, cases[i].want);
	}
}

static void
a_kept_header_without_its_name_gets_the_one_asked_for(void **state)
{
	struct rs_sip_msg *kept = malloc(sizeof(*kept));
	struct rs_render r = values();
	struct build b;

	assert_non_null(kept);
	*kept = message;
	kept->headers[kept->first[RS_HDR_CALL_ID]].name_len = 0;
	r.last = kept;
	begin(&b);
	last(&b, "Call-ID", true);
	gives(&b, &r, "Call-ID: 1@h");
	free(kept);
}

/** Lines 1 and 3 around @mid. */
static void
around(struct build *b, void (*mid)(struct build *b))
{
	begin(b);
	lit(b, "One: 1\r\n");
	add(b, RS_SLOT_LINE, 0);
	mid(b);
	lit(b, "\r\n");
	add(b, RS_SLOT_LINE, 0);
	lit(b, "Three: 3\r\n");
}

static void mid_missing(struct build *b) { last(b, "Contact", true); }
static void mid_two_missing(struct build *b) { last(b, "Contact", true); lit(b, " "); last(b, "X-None", true); }
static void mid_routes(struct build *b) { add(b, RS_SLOT_ROUTES, 0); }
static void mid_empty_var(struct build *b) { add(b, RS_SLOT_VAR, 0)->aux = 99; }
static void mid_text_before(struct build *b) { lit(b, "A: "); last(b, "Contact", true); }
static void mid_text_after(struct build *b) { last(b, "Contact", true); lit(b, " \tafter"); }
static void mid_value_after(struct build *b)
{
	last(b, "Contact", true);
	add(b, RS_SLOT_TAG, 0);
	lit(b, " x");
}
static void mid_between(struct build *b) { lit(b, "a "); last(b, "Contact", true); lit(b, " b"); }

static void
a_line_that_stays_empty_is_dropped(void **state)
{
	static const struct {
		void (*mid)(struct build *b);
		const char *want;
	} cases[] = {
		{ mid_missing, "One: 1\r\nThree: 3\r\n" },
		{ mid_two_missing, "One: 1\r\nThree: 3\r\n" },
		{ mid_routes, "One: 1\r\nThree: 3\r\n" },
		{ mid_empty_var, "One: 1\r\nThree: 3\r\n" },
		{ mid_text_before, "One: 1\r\nA: \r\nThree: 3\r\n" },
		{ mid_text_after, "One: 1\r\nafter\r\nThree: 3\r\n" },
		{ mid_value_after, "One: 1\r\nTAG x\r\nThree: 3\r\n" },
		{ mid_between, "One: 1\r\na  b\r\nThree: 3\r\n" },
	};
	struct rs_render r = values();

	r.routes = (struct rs_slice){ NULL, 0 };
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct build b;

		around(&b, cases[i].mid);
		gives(&b, &r, cases[i].want);
	}
	/* there, the same lines stay */
	{
		struct build b;

		r = values();
		around(&b, mid_routes);
		gives(&b, &r, "One: 1\r\nRoute: <sip:r1;lr>, <sip:r2;lr>\r\nThree: 3\r\n");
	}
}

static void
the_line_between_header_and_body_survives_a_dropped_line(void **state)
{
	struct rs_render r = values();
	struct build b;

	/* with the literals cut as a compiler may cut them, or in one piece */
	begin(&b);
	lit(&b, "One: 1\r\n");
	last(&b, "Contact", true);
	lit(&b, "\r\n");
	lit(&b, "\r\n");
	add(&b, RS_SLOT_BODY, 0);
	lit(&b, "x");
	gives(&b, &r, "One: 1\r\n\r\nx");
	begin(&b);
	lit(&b, "One: 1\r\n");
	last(&b, "Contact", true);
	lit(&b, "\r\n\r\n");
	add(&b, RS_SLOT_BODY, 0);
	lit(&b, "x");
	gives(&b, &r, "One: 1\r\n\r\nx");
}

static void
len_counts_the_body_in_five_columns(void **state)
{
	struct rs_render r = values();
	struct build b;

	begin(&b);
	lit(&b, "l:");
	add(&b, RS_SLOT_LEN, 0);
	lit(&b, "\r\nm:");
	add(&b, RS_SLOT_LEN, 3);
	lit(&b, "\r\nn:");
	add(&b, RS_SLOT_LEN, -100);
	lit(&b, "\r\n\r\n");
	add(&b, RS_SLOT_BODY, 0);
	lit(&b, "twelve bytes");
	/* one inside the body counts itself */
	add(&b, RS_SLOT_LEN, 0);
	gives(&b, &r, "l:   17\r\nm:   20\r\nn:    0\r\n\r\ntwelve bytes   17");
}

static void
len_without_a_body_is_zero(void **state)
{
	struct rs_render r = values();
	struct build b;

	begin(&b);
	lit(&b, "Content-Length: ");
	add(&b, RS_SLOT_LEN, 0);
	lit(&b, "\r\n\r\n");
	gives(&b, &r, "Content-Length:     0\r\n\r\n");
}

static void
any_number_of_lens_is_filled_in(void **state)
{
	struct rs_op ops[1000];
	struct rs_template t = { .ops = ops, .n_ops = 1000, .text = (const uint8_t *)"" };
	struct rs_render r = values();
	uint8_t out[5000];

	memset(ops, 0, sizeof(ops));
	for (int i = 0; i < 1000; i++) {
		ops[i].slot = RS_SLOT_LEN;
		ops[i].n = i;
	}
	assert_int_equal(rs_template_render(&t, &r, out, sizeof(out)), 5000);
	for (int i = 0; i < 1000; i++) {
		char want[6];

		snprintf(want, sizeof(want), "%5d", i);
		assert_memory_equal(out + 5 * i, want, 5);
	}
}

static void
a_length_beyond_five_columns_does_not_fit(void **state)
{
	struct rs_render r = values();
	uint8_t out[16];
	struct build b;

	begin(&b);
	add(&b, RS_SLOT_LEN, 99999);
	gives(&b, &r, "99999");
	b.ops[0].n = 100000;
	assert_int_equal(rs_template_render(&b.t, &r, out, sizeof(out)), -ENOSPC);
}

/** A message with every kind of slot. */
static void
build_all(struct build *b)
{
	begin(b);
	lit(b, "INVITE ");
	for (int s = RS_SLOT_REMOTE_IP; s < RS_SLOTS; s++) {
		if (s == RS_SLOT_LAST_HEADER)
			continue;
		add(b, s, s == RS_SLOT_BRANCH);
	}
	lit(b, "\r\nContent-Length: ");
	add(b, RS_SLOT_LEN, 0);
	lit(b, "\r\n");
	last(b, "Contact", true);
	lit(b, "\r\n");
	last(b, "X-Fold", true);
	lit(b, "\r\n");
	last(b, "Via", true);
	lit(b, "\r\n\r\n");
	add(b, RS_SLOT_BODY, 0);
	lit(b, "v=0\r\nthe rest of a body that is longer than the longest block that the copying loop "
	       "takes in one go, which is why it goes on and on until there are a hundred and fifty bytes\r\n");
	add(b, RS_SLOT_LEN, 0);
}

/** The last @len bytes before the page that cannot be touched. */
static uint8_t *
last_bytes(const struct guard *g, size_t len)
{
	return g->p + g->len - len;
}

static void
nothing_is_written_past_any_capacity(void **state)
{
	struct rs_render r = values();
	struct guard g = guard_new(NULL, 8192);
	uint8_t whole[8192];
	struct build b;
	int n;

	for (int family = 0; family < 2; family++) {
		build_all(&b);
		r.local_family = family ? 6 : 4;
		r.local_ip = family ? rs_slice_str("[2001:2::1]") : rs_slice_str("198.18.0.2");
		n = rs_template_render(&b.t, &r, whole, sizeof(whole));
		assert_true(n > 800);
		for (int cap = 0; cap <= n; cap++) {
			uint8_t *out = last_bytes(&g, (size_t)cap);

			out[-1] = 0xa5;
			assert_int_equal(rs_template_render(&b.t, &r, out, (size_t)cap),
				cap < n ? -ENOSPC : n);
			assert_int_equal(out[-1], 0xa5);
		}
		assert_memory_equal(last_bytes(&g, (size_t)n), whole, n);
	}
	guard_free(&g);
}

static void
literals_of_every_size_are_copied_exactly(void **state)
{
	struct guard from = guard_new(NULL, 4096), to = guard_new(NULL, 4096);
	struct rs_render r = values();

	for (uint32_t len = 0; len <= 520; len++) {
		struct rs_op op = { .slot = RS_SLOT_LITERAL, .len = len };
		uint8_t *text = last_bytes(&from, len), *out = last_bytes(&to, len);
		struct rs_template t = { .ops = &op, .n_ops = 1, .text = text };

		for (uint32_t i = 0; i < len; i++)
			text[i] = (uint8_t)(i * 7 + len);
		memset(to.p, 0, 4096);
		assert_int_equal(rs_template_render(&t, &r, out, len), (int)len);
		assert_memory_equal(out, text, len);
		assert_int_equal(out[-1], 0);
	}
	guard_free(&from);
	guard_free(&to);
}

/** A function of the context that claims more than it was given room for. */
static int
liar(void *ctx, const struct rs_op *op, uint8_t *out, size_t cap)
{
	return (int)cap + 1;
}

static void
a_context_function_cannot_overrun(void **state)
{
	struct rs_render r = values();
	uint8_t out[8];
	struct build b;

	begin(&b);
	add(&b, RS_SLOT_VAR, 0);
	r.expand = liar;
	assert_int_equal(rs_template_render(&b.t, &r, out, sizeof(out)), -ENOSPC);
}

static void
the_same_context_gives_the_same_bytes(void **state)
{
	struct rs_render r = values();
	uint8_t a[8192], c[8192];
	struct build b;
	int n;

	build_all(&b);
	n = rs_template_render(&b.t, &r, a, sizeof(a));
	memset(c, 0xff, sizeof(c));
	assert_int_equal(rs_template_render(&b.t, &r, c, sizeof(c)), n);
	assert_memory_equal(a, c, n);
}

static int
setup(void **state)
{
	size_t used;

	return rs_sip_parse((const uint8_t *)received, strlen(received), false, &message, &used);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_slot_writes_its_value),
		cmocka_unit_test(numbers_take_offsets_of_both_signs),
		cmocka_unit_test(automatic_media_ports_start_over_after_10000),
		cmocka_unit_test(a_branch_by_index_names_the_step_it_belongs_to),
		cmocka_unit_test(a_ready_date_is_used_and_another_is_asked_for),
		cmocka_unit_test(absent_values_write_nothing),
		cmocka_unit_test(last_headers_come_with_the_name_as_received),
		cmocka_unit_test(a_kept_header_without_its_name_gets_the_one_asked_for),
		cmocka_unit_test(a_line_that_stays_empty_is_dropped),
		cmocka_unit_test(the_line_between_header_and_body_survives_a_dropped_line),
		cmocka_unit_test(len_counts_the_body_in_five_columns),
		cmocka_unit_test(len_without_a_body_is_zero),
		cmocka_unit_test(any_number_of_lens_is_filled_in),
		cmocka_unit_test(a_length_beyond_five_columns_does_not_fit),
		cmocka_unit_test(nothing_is_written_past_any_capacity),
		cmocka_unit_test(literals_of_every_size_are_copied_exactly),
		cmocka_unit_test(a_context_function_cannot_overrun),
		cmocka_unit_test(the_same_context_gives_the_same_bytes),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
