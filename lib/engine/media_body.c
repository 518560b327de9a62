/* SPDX-License-Identifier: BSD-3-Clause */
/* Where in a message a session description is: the body, or a part of it (RFC 2046, 5.1; RFC 5621). */
#include "engine/media_sdp.h"

#define MAX_PARTS    16
#define MAX_BOUNDARY 70 /* RFC 2046, 5.1.1 */

/* "type/subtype" in front of the parameters. */
static struct rs_slice
media_type(struct rs_slice value)
{
	const uint8_t *semi = memchr(value.p, ';', value.len);

	return rs_slice_trim(rs_slice_of(value.p, semi ? (size_t)(semi - value.p) : value.len));
}

static bool
is_type(struct rs_slice value, const char *type)
{
	return value.p && rs_slice_case_eq(media_type(value), rs_slice_str(type));
}

static bool
boundary_of(struct rs_slice value, struct rs_slice *out)
{
	const uint8_t *semi = memchr(value.p, ';', value.len);

	if (!semi || !rs_sip_param(rs_slice_of(semi, (size_t)(value.p + value.len - semi)), "boundary", out))
		return false;
	if (out->len >= 2 && out->p[0] == '"' && out->p[out->len - 1] == '"')
		*out = rs_slice_of(out->p + 1, out->len - 2);
	return out->len > 0 && out->len <= MAX_BOUNDARY;
}

/* The next line that begins with "--boundary", from @from on. @return where it begins, or body.len; *@after: behind the line */
static size_t
find_boundary(struct rs_slice body, size_t from, struct rs_slice boundary, size_t *after)
{
	for (size_t at = from; at < body.len;) {
		const uint8_t *nl = memchr(body.p + at, '\n', body.len - at);
		size_t next = nl ? (size_t)(nl - body.p) + 1 : body.len;

		if (next - at >= boundary.len + 2 && body.p[at] == '-' && body.p[at + 1] == '-' &&
			memcmp(body.p + at + 2, boundary.p, boundary.len) == 0) {
			*after = next;
			return at;
		}
		at = next;
	}
	*after = body.len;
	return body.len;
}

/* The content of a part that says it is a session description. */
static bool
part_is_sdp(struct rs_slice part, struct rs_slice *content)
{
	static const char name[] = "content-type:";
	bool is = false;

	for (size_t at = 0; at < part.len;) {
		const uint8_t *nl = memchr(part.p + at, '\n', part.len - at);
		size_t next = nl ? (size_t)(nl - part.p) + 1 : part.len;
		struct rs_slice line = rs_slice_trim(rs_slice_of(part.p + at, next - at));

		at = next;
		if (line.len == 0) {
			*content = rs_slice_of(part.p + at, part.len - at);
			return is;
		}
		if (line.len > sizeof(name) - 1 && rs_slice_case_eq(rs_slice_of(line.p, sizeof(name) - 1), rs_slice_str(name)))
			is = is_type(rs_slice_trim(rs_slice_of(line.p + sizeof(name) - 1, line.len - (sizeof(name) - 1))),
				"application/sdp");
	}
	return false;
}

struct rs_slice
sdp_body(const struct rs_sip_msg *msg)
{
	struct rs_slice type = rs_sip_get(msg, RS_HDR_CONTENT_TYPE), none = { NULL, 0 }, boundary, content;
	size_t begin, end;

	if (msg->body.len == 0 || !type.p)
		return none;
	if (is_type(type, "application/sdp"))
		return msg->body;
	if (type.len < 10 || !rs_slice_case_eq(rs_slice_of(type.p, 10), rs_slice_str("multipart/")) || !boundary_of(type, &boundary))
		return none;
	find_boundary(msg->body, 0, boundary, &begin);
	for (unsigned i = 0; i < MAX_PARTS && begin < msg->body.len; i++) {
		size_t after;

		end = find_boundary(msg->body, begin, boundary, &after);
		if (part_is_sdp(rs_slice_of(msg->body.p + begin, end - begin), &content))
			return content;
		begin = after;
	}
	return none;
}
