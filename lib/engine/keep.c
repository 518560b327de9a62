/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is kept of a message beyond the turn that received it. The compiler says which headers later steps may want; their lines
 * go into one blob, as they stood, and are parsed again when a step asks. A start line of our own is put in front for the parser.
 */
#include "engine/credentials.h"

static const char kept_response[] = "SIP/2.0 200 OK\r\n", kept_request[] = "ACK a:b SIP/2.0\r\n";
#define KEPT_START (sizeof(kept_request) - 1)

static bool
wanted(const struct rs_engine *e, const struct leg *leg, const struct rs_step *step, const struct rs_sip_msg *msg, int i)
{
	const struct rs_sip_header *h = &msg->headers[i];

	if (h->id != RS_HDR_OTHER)
		return step->keep >> h->id & 1;
	if (!step->keep_other)
		return false;
	const struct rs_program *p = leg_program(e, leg);
	struct rs_slice name = { msg->buf + h->name_off, h->name_len };

	for (uint32_t n = 0; n < p->n_keep_names; n++)
		if (rs_slice_case_eq(name, p->keep_names[n]))
			return true;
	return false;
}

bool
leg_keep(struct rs_engine *e, struct leg *leg, const struct rs_step *step, const struct rs_sip_msg *msg)
{
	if (step->auth && !leg_keep_challenges(e, leg, msg))
		return false;
	if (step->keep_all)
		return rs_blob_set(&e->blobs, &leg->kept, rs_slice_of(msg->buf, msg->len));
	size_t len = 0;

	if (step->keep == 0 && !step->keep_other) {
		rs_blob_clear(&e->blobs, &leg->kept);
		return true;
	}
	for (int i = 0; i < msg->n_headers; i++) {
		const struct rs_sip_header *h = &msg->headers[i];
		size_t n = h->end_off - h->name_off;

		if (!wanted(e, leg, step, msg, i) || len + n + 2 > SCRATCH_BYTES)
			continue;
		memcpy(e->scratch + len, msg->buf + h->name_off, n);
		memcpy(e->scratch + len + n, "\r\n", 2);
		len += n + 2;
	}
	return rs_blob_set(&e->blobs, &leg->kept, rs_slice_of(e->scratch, len));
}

const struct rs_sip_msg *
leg_kept(struct rs_engine *e, struct leg *leg)
{
	struct rs_slice kept = rs_blob_get(&e->blobs, &leg->kept);
	size_t used, len = kept.len;

	if (kept.len == 0 || kept.len + KEPT_START + 2 > SCRATCH_BYTES || leg->last_recv < 0)
		return NULL;
	const struct rs_step *recv = &leg_program(e, leg)->steps[leg->last_recv];

	if (recv->keep_all) {
		memcpy(e->scratch, kept.p, kept.len);
	} else {
		const char *start = recv->status ? kept_response : kept_request;
		size_t n = strlen(start);

		memcpy(e->scratch, start, n);
		memcpy(e->scratch + n, kept.p, kept.len);
		memcpy(e->scratch + n + kept.len, "\r\n", 2);
		len = n + kept.len + 2;
	}
	return rs_sip_parse(e->scratch, len, false, &e->kept_msg, &used) == 0 ? &e->kept_msg : NULL;
}

/*
 * The route set: Record-Route in order for the side that was called, in reverse for the caller (RFC 3261, 12.1.1 and 12.1.2).
 * A first route without ;lr is a strict router: it becomes the request URI and the remote target goes to the end (12.2.1.1).
 */
size_t
join_routes(const struct rs_sip_msg *msg, bool reverse, struct rs_slice *values, size_t max)
{
	size_t n = 0;

	for (int i = msg->first[RS_HDR_RECORD_ROUTE]; i >= 0; i = rs_sip_next(msg, i)) {
		struct rs_slice value = rs_sip_value(msg, i);
		struct rs_sip_addr addr;
		size_t pos = 0;

		for (;; n++) {
			size_t from = pos;

			if (rs_sip_addr_next(value, &pos, &addr) != 0)
				break;
			struct rs_slice one = { value.p + from, pos - from };

			one = rs_slice_trim(one);
			if (one.len > 0 && one.p[one.len - 1] == ',')
				one.len--;
			if (n < max)
				values[n] = rs_slice_trim(one);
		}
	}
	for (size_t i = 0; reverse && n <= max && i < n / 2; i++) {
		struct rs_slice t = values[i];

		values[i] = values[n - 1 - i];
		values[n - 1 - i] = t;
	}
	return n;
}

static size_t
append(uint8_t *out, size_t len, size_t cap, struct rs_slice s)
{
	if (len + s.len > cap)
		return len;
	memcpy(out + len, s.p, s.len);
	return len + s.len;
}

/* The target behind a strict router is the last of the routes: the one that leg_store_routes put there. */
bool
leg_move_target(struct rs_engine *e, struct leg *leg, struct rs_slice uri)
{
	struct rs_slice routes = rs_blob_get(&e->blobs, &leg->routes);
	size_t len = routes.len;

	if (!(leg->flags & LEG_STRICT))
		return rs_blob_set(&e->blobs, &leg->contact, uri);
	while (len > 0 && routes.p[len - 1] != '<')
		len--;
	if (len == 0 || len + uri.len + 1 > SCRATCH_BYTES)
		return true;
	memcpy(e->scratch, routes.p, len);
	len = append(e->scratch, len, SCRATCH_BYTES, uri);
	len = append(e->scratch, len, SCRATCH_BYTES, rs_slice_str(">"));
	return rs_blob_set(&e->blobs, &leg->routes, rs_slice_of(e->scratch, len));
}

uint32_t
leg_store_routes(struct rs_engine *e, struct leg *leg, const struct rs_sip_msg *msg)
{
	struct rs_slice values[MAX_ROUTES], target = { 0 }, unused;
	struct rs_sip_addr contact, first;
	size_t n = join_routes(msg, msg->status != 0, values, MAX_ROUTES), len = 0, from = 0;

	if (n > MAX_ROUTES) {
		rs_metric_inc(e->cells, RS_ENG_ROUTES_LONG);
		return RS_CAUSE_TOO_LONG;
	}
	if (rs_sip_get(msg, RS_HDR_CONTACT).p && rs_sip_addr(rs_sip_get(msg, RS_HDR_CONTACT), &contact) == 0 &&
		!contact.star)
		target = contact.uri;
	bool strict = n > 0 && rs_sip_addr(values[0], &first) == 0 && first.angle;

	if (strict) {
		struct rs_sip_uri uri;

		strict = rs_sip_uri(first.uri, &uri) == 0 && !rs_sip_param(uri.params, "lr", &unused);
	}
	leg->flags &= ~(uint32_t)LEG_STRICT;
	if (strict)
		from = 1;
	for (size_t i = from; i < n; i++) {
		if (i > from)
			len = append(e->scratch, len, SCRATCH_BYTES, rs_slice_str(", "));
		len = append(e->scratch, len, SCRATCH_BYTES, values[i]);
	}
	if (strict && target.p) {
		len = append(e->scratch, len, SCRATCH_BYTES, rs_slice_str(len ? ", <" : "<"));
		len = append(e->scratch, len, SCRATCH_BYTES, target);
		len = append(e->scratch, len, SCRATCH_BYTES, rs_slice_str(">"));
		target = first.uri;
		leg->flags |= LEG_STRICT;
	}
	if (n > 0)
		leg->flags |= LEG_ROUTES;
	return rs_blob_set(&e->blobs, &leg->routes, rs_slice_of(e->scratch, len)) && rs_blob_set(&e->blobs, &leg->contact, target) ?
		RS_CAUSE_NONE : RS_CAUSE_NO_MEMORY;
}

bool
keep_request(struct rs_engine *e, struct rs_blob *blob, const struct rs_sip_msg *request)
{
	static const uint32_t copied = 1u << RS_HDR_VIA | 1u << RS_HDR_FROM | 1u << RS_HDR_TO | 1u << RS_HDR_CALL_ID |
		1u << RS_HDR_CSEQ | 1u << RS_HDR_RECORD_ROUTE | 1u << RS_HDR_REQUIRE;
	size_t len = 0;

	for (int i = 0; i < request->n_headers; i++) {
		const struct rs_sip_header *h = &request->headers[i];
		size_t n = h->end_off - h->name_off;

		if (h->id == RS_HDR_OTHER || !(1ull << h->id & copied) || len + n + 2 > SCRATCH_BYTES)
			continue;
		memcpy(e->scratch + len, request->buf + h->name_off, n);
		memcpy(e->scratch + len + n, "\r\n", 2);
		len += n + 2;
	}
	return rs_blob_set(&e->blobs, blob, rs_slice_of(e->scratch, len));
}

const struct rs_sip_msg *
read_request(struct rs_engine *e, const struct rs_blob *blob)
{
	static const char start[] = "INVITE a:b SIP/2.0\r\n";
	const size_t n = sizeof(start) - 1;
	struct rs_slice kept = rs_blob_get(&e->blobs, blob);
	size_t used;

	if (kept.len == 0 || n + kept.len + 2 > SCRATCH_BYTES)
		return NULL;
	memcpy(e->scratch, start, n);
	memcpy(e->scratch + n, kept.p, kept.len);
	memcpy(e->scratch + n + kept.len, "\r\n", 2);
	return rs_sip_parse(e->scratch, n + kept.len + 2, false, &e->kept_msg, &used) == 0 ? &e->kept_msg : NULL;
}
