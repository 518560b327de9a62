/* SPDX-License-Identifier: BSD-3-Clause */
/* From received bytes to start line, header index and body. */
#include <errno.h>
#include <stdatomic.h>

#include "proto/sip/chars.h"
#include "proto/sip/field.h"
#include "proto/sip/scan.h"

struct kernel {
	rs_sip_scan_fn *scan;
	rs_sip_lines_fn *lines;
	const char *name;
};

static rs_sip_scan_fn scan_first;
static rs_sip_lines_fn lines_first;

static const struct kernel unchosen = { scan_first, lines_first, "" };
static const struct kernel scalar = { rs_sip_scan_scalar, rs_sip_lines_scalar, "scalar" };
#if defined(__x86_64__)
static const struct kernel sse2 = { rs_sip_scan_sse2, rs_sip_lines_sse2, "sse2" };
static const struct kernel avx2 = { rs_sip_scan_avx2, rs_sip_lines_avx2, "avx2" };
#endif

/*
 * The kernel in use. It is the one thing here that outlives a call: chosen once per process from
 * what the CPU can do, and then only changed by tests and benches.
 */
static const struct kernel *_Atomic kernel = &unchosen;

static const struct kernel *
best_kernel(void)
{
#if defined(__x86_64__)
	__builtin_cpu_init();
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
		__builtin_cpu_supports("popcnt"))
		return &avx2;
	return &sse2;
#else
	return &scalar;
#endif
}

static const struct kernel *
choose_kernel(void)
{
	const struct kernel *best = best_kernel();

	atomic_store_explicit(&kernel, best, memory_order_relaxed);
	return best;
}

static int
scan_first(const uint8_t *buf, size_t len, struct rs_sip_msg *msg, struct rs_sip_scan *scan)
{
	return choose_kernel()->scan(buf, len, msg, scan);
}

static unsigned
lines_first(const uint8_t *buf, size_t len, size_t from, uint32_t *lf)
{
	return choose_kernel()->lines(buf, len, from, lf);
}

unsigned
rs_sip_lines(const uint8_t *buf, size_t len, size_t from, uint32_t *lf)
{
	return atomic_load_explicit(&kernel, memory_order_relaxed)->lines(buf, len, from, lf);
}

void
rs_sip_scan_force_scalar(bool on)
{
	atomic_store_explicit(&kernel, on ? &scalar : best_kernel(), memory_order_relaxed);
}

const char *
rs_sip_scan_name(void)
{
	const struct kernel *k = atomic_load_explicit(&kernel, memory_order_relaxed);

	return k == &unchosen ? best_kernel()->name : k->name;
}

/** "SIP/2.0 180 Ringing"; other versions of a response cannot be answered, so they are no SIP to
 * us. */
static int
status_line(const uint8_t *line, size_t len, struct rs_sip_msg *msg)
{
	unsigned status;

	if (len < 11 || line[7] != ' ' ||
		!rs_slice_case_eq(rs_slice_of(line, 7), rs_slice_of("sip/2.0", 7)))
		return -EBADMSG;
	for (int i = 8; i < 11; i++)
		if (!rs_sip_is(line[i], RS_C_DIGIT))
			return -EBADMSG;
	status = (line[8] - '0') * 100u + (line[9] - '0') * 10u + (line[10] - '0');
	if (status < 100 || status > 699 || (len > 11 && line[11] != ' '))
		return -EBADMSG;
	msg->status = (uint16_t)status;
	msg->method = RS_SIP_OTHER;
	msg->method_text = rs_slice_of(NULL, 0);
	msg->uri = rs_slice_of(NULL, 0);
	msg->reason = rs_slice_of(line + (len > 11 ? 12 : 11), len > 11 ? len - 12 : 0);
	return 0;
}

/**
 * "INVITE sip:a@b SIP/2.0". Blanks too many and versions other than 2.0 pass here, so that the
 * request can be answered: rs_sip_validate() finds them.
 */
static int
request_line(const uint8_t *line, size_t len, struct rs_sip_msg *msg)
{
	const uint8_t *end = line + len, *p = line, *uri_end;
	uint64_t tail;

	while (p < end && *p != ' ')
		p++;
	msg->method_text = rs_slice_of(line, (size_t)(p - line));
	msg->method = (uint8_t)rs_sip_method(msg->method_text);
	if (p == line || (msg->method == RS_SIP_OTHER && !rs_sip_all(msg->method_text, RS_C_TOKEN)))
		return -EBADMSG;
	if (end - p < 10)
		return -EBADMSG;
	memcpy(&tail, end - 8, sizeof(tail));
	if (__builtin_expect(memcmp(&tail, " SIP/2.0", 8) == 0, 1)) {
		uri_end = end - 8;
	} else {
		while (end > p && rs_sip_is(end[-1], RS_C_BLANK))
			end--;
		uri_end = end;
		while (uri_end > p && uri_end[-1] != ' ')
			uri_end--;
		if (uri_end == p || end - uri_end < 5 ||
			!rs_slice_case_eq(rs_slice_of(uri_end, 4), rs_slice_of("SIP/", 4)))
			return -EBADMSG;
	}
	while (p < uri_end && *p == ' ')
		p++;
	while (uri_end > p && uri_end[-1] == ' ')
		uri_end--;
	if (p == uri_end)
		return -EBADMSG;
	msg->uri = rs_slice_of(p, (size_t)(uri_end - p));
	msg->status = 0;
	msg->reason = rs_slice_of(NULL, 0);
	return 0;
}

int
rs_sip_start_line(const uint8_t *line, size_t len, struct rs_sip_msg *msg)
{
	/* A method has no '/', so no request line begins like this. */
	if (len > 4 && line[3] == '/' && (line[0] | 0x20) == 's')
		return status_line(line, len, msg);
	return request_line(line, len, msg);
}

/** Where the body ends, by Content-Length and the transport's rules. @return 0, -EAGAIN or -EBADMSG
 */
static int
frame(const uint8_t *buf, size_t len, bool stream, struct rs_sip_msg *msg, struct rs_sip_scan *scan)
{
	size_t left = len - scan->body_off, body = left;
	struct rs_slice value = scan->length;
	uint32_t length = 0;
	int first = msg->first[RS_HDR_CONTENT_LENGTH], err;

	if (first >= 0) {
		value = rs_sip_value(msg, first);
		/* On a stream two lengths leave no way to find the next message. */
		if (stream && (scan->lengths > 0 || rs_sip_next(msg, first) >= 0))
			return -EBADMSG;
	} else if (stream && scan->lengths != 1) {
		return -EBADMSG;
	}
	if (first >= 0 || scan->lengths > 0) {
		err = rs_sip_number(value, &length);
		if (err != 0 && stream)
			return -EBADMSG;
		/* A length that cannot be read is the caller's 400; one beyond 32 bits is surely
		 * beyond the datagram. */
		if (err == -ERANGE || (err == 0 && length > left && !stream))
			return -EBADMSG;
		if (err == 0)
			body = length;
	}
	if (scan->body_off + body > RS_SIP_MAX_MESSAGE)
		return -EBADMSG;
	if (body > left)
		return -EAGAIN;
	msg->body = rs_slice_of(buf + scan->body_off, body);
	msg->len = (uint32_t)(scan->body_off + body);
	return 0;
}

int
rs_sip_parse(const uint8_t *buf, size_t len, bool stream, struct rs_sip_msg *msg, size_t *used)
{
	rs_sip_scan_fn *scan_with = atomic_load_explicit(&kernel, memory_order_relaxed)->scan;
	struct rs_sip_scan scan = { 0 };
	size_t skip = 0, seen;
	int result, err;

	while (skip < len && (buf[skip] == '\r' || buf[skip] == '\n'))
		skip++;
	*used = skip;
	buf += skip;
	len -= skip;
	msg->buf = buf;
	msg->n_headers = 0;
	msg->n_headers_full = 0;
	memset(msg->first, 0xff, sizeof(msg->first));
	if (len == 0)
		return stream ? -EAGAIN : -EBADMSG;

	seen = len < RS_SIP_MAX_MESSAGE ? len : RS_SIP_MAX_MESSAGE;
	result = scan_with(buf, seen, msg, &scan);
	if (result == RS_SCAN_BAD)
		return -EBADMSG;
	if (result != RS_SCAN_NO_LINE) {
		err = rs_sip_start_line(buf, scan.line_end, msg);
		if (err != 0)
			return err;
	}
	if (result != RS_SCAN_OK)
		return stream && seen < RS_SIP_MAX_MESSAGE ? -EAGAIN : -EBADMSG;
	err = frame(buf, len, stream, msg, &scan);
	if (err != 0)
		return err;
	*used = skip + msg->len;
	return 0;
}

int
rs_sip_next(const struct rs_sip_msg *m, int i)
{
	uint8_t id = m->headers[i].id;
	struct rs_slice name = { m->buf + m->headers[i].name_off, m->headers[i].name_len };

	if (id == RS_HDR_OTHER)
		return rs_sip_find(m, name, i + 1);
	for (i++; i < m->n_headers; i++)
		if (m->headers[i].id == id)
			return i;
	return -1;
}

int
rs_sip_find(const struct rs_sip_msg *m, struct rs_slice name, int from)
{
	enum rs_sip_header_id id = rs_sip_header_id(name);

	for (int i = from; i < m->n_headers; i++) {
		const struct rs_sip_header *h = &m->headers[i];

		if (h->id == id &&
			(id != RS_HDR_OTHER ||
				rs_slice_case_eq(
					rs_slice_of(m->buf + h->name_off, h->name_len), name)))
			return i;
	}
	return -1;
}
