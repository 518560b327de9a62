/* SPDX-License-Identifier: BSD-3-Clause */
#include "frame.h"

#include <stdio.h>
#include <strings.h>

enum { PROTO_IGMP = 2, PROTO_TCP = 6, PROTO_UDP = 17, PROTO_ICMP6 = 58 };

static uint16_t
get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

/* Where the transport header of an IP packet stands. */
struct inside {
	const uint8_t *ip;
	uint8_t family;
	uint8_t protocol;
	bool fragment; /* a later one has no transport header; neither is a whole datagram */
	size_t at;     /* of the transport header in the frame */
	size_t end;    /* of the packet in the frame */
};

static bool
read_ipv4(const uint8_t *frame, size_t len, size_t at, struct inside *in)
{
	const uint8_t *ip = frame + at;
	size_t header, total;

	if (len - at < 20 || ip[0] >> 4 != 4)
		return false;
	header = (ip[0] & 15) * 4u;
	total = get16(ip + 2);
	if (header < 20 || total < header || total > len - at)
		return false;
	*in = (struct inside){ .ip = ip,
		.family = 4,
		.protocol = ip[9],
		.fragment = (get16(ip + 6) & 0x3fff) != 0,
		.at = at + header,
		.end = at + total };
	return true;
}

static bool
read_ipv6(const uint8_t *frame, size_t len, size_t at, struct inside *in)
{
	const uint8_t *ip = frame + at;
	uint8_t next;

	if (len - at < 40 || ip[0] >> 4 != 6 || get16(ip + 4) > len - at - 40)
		return false;
	*in = (struct inside){ .ip = ip, .family = 6, .end = at + 40 + get16(ip + 4) };
	next = ip[6];
	at += 40;
	/* RFC 8200, 4: hop-by-hop, routing, destination options and fragment may stand in front. */
	while (next == 0 || next == 43 || next == 60 || next == 44) {
		if (in->end - at < 8)
			return false;
		in->fragment |= next == 44;
		next = frame[at];
		at += in->fragment ? 8 : 8u * (frame[at + 1] + 1u);
		if (in->fragment || at > in->end)
			break;
	}
	if (at > in->end)
		return false;
	in->protocol = next;
	in->at = at;
	return true;
}

static bool
read_ip(const uint8_t *frame, size_t len, struct inside *in)
{
	size_t at = 14;

	if (len < at)
		return false;
	while ((get16(frame + at - 2) == 0x8100 || get16(frame + at - 2) == 0x88a8) &&
		len >= at + 4)
		at += 4;
	switch (get16(frame + at - 2)) {
	case 0x0800: return read_ipv4(frame, len, at, in);
	case 0x86dd: return read_ipv6(frame, len, at, in);
	default: return false;
	}
}

/* ICMPv6 types 130 to 143 are MLD, router and neighbour discovery (RFC 4443, 4861, 3810). */
static bool
is_link_upkeep(const uint8_t *frame, const struct inside *in)
{
	if (in->protocol == PROTO_IGMP && in->family == 4)
		return true;
	return in->protocol == PROTO_ICMP6 && in->family == 6 && in->end > in->at &&
		frame[in->at] >= 130 && frame[in->at] <= 143;
}

static bool
cut_line(struct rs_slice *text, struct rs_slice *line)
{
	const uint8_t *end = text->len > 0 ? memchr(text->p, '\n', text->len) : NULL;

	if (end == NULL)
		return false;
	*line = rs_slice_of(text->p, (size_t)(end - text->p));
	text->len -= line->len + 1;
	text->p = end + 1;
	if (line->len > 0 && line->p[line->len - 1] == '\r')
		line->len--;
	return true;
}

static struct rs_slice
trim(struct rs_slice s)
{
	while (s.len > 0 && (s.p[0] == ' ' || s.p[0] == '\t')) {
		s.p++;
		s.len--;
	}
	while (s.len > 0 && (s.p[s.len - 1] == ' ' || s.p[s.len - 1] == '\t'))
		s.len--;
	return s;
}

/* Is @line the header @name (or, in its compact form, @letter)? Then @value is what it says. */
static bool
is_header(struct rs_slice line, const char *name, char letter, struct rs_slice *value)
{
	const uint8_t *colon = memchr(line.p, ':', line.len);
	struct rs_slice left;

	if (colon == NULL)
		return false;
	left = trim(rs_slice_of(line.p, (size_t)(colon - line.p)));
	if (!(left.len == strlen(name) && strncasecmp((const char *)left.p, name, left.len) == 0) &&
		!(left.len == 1 && letter != '\0' && rs_lower(left.p[0]) == letter))
		return false;
	*value = trim(rs_slice_of(colon + 1, line.len - (size_t)(colon + 1 - line.p)));
	return true;
}

static struct rs_slice
branch_of(struct rs_slice via)
{
	const uint8_t *p = memmem(via.p, via.len, "branch=", 7);
	struct rs_slice branch = { NULL, 0 };

	if (p == NULL)
		return branch;
	branch = rs_slice_of(p + 7, via.len - (size_t)(p + 7 - via.p));
	for (size_t i = 0; i < branch.len; i++) {
		if (branch.p[i] == ';' || branch.p[i] == ',' || branch.p[i] == ' ')
			branch.len = i;
	}
	return branch;
}

static void
read_sip(struct rs_wire_frame *f)
{
	struct rs_slice text = f->payload, line, via, word;
	const uint8_t *space;
	char status[4] = "";

	if (!cut_line(&text, &line) || line.len < 12 ||
		(space = memchr(line.p, ' ', line.len)) == NULL)
		return;
	word = rs_slice_of(line.p, (size_t)(space - line.p));
	if (word.len == 7 && memcmp(word.p, "SIP/2.0", 7) == 0)
		memcpy(status, space + 1, 3);
	else if (memcmp(line.p + line.len - 8, " SIP/2.0", 8) != 0 || word.len > 20)
		return;
	while (cut_line(&text, &line) && line.len > 0) {
		struct rs_slice value;

		if (f->cseq.p == NULL && is_header(line, "CSeq", '\0', &value))
			f->cseq = value;
		else if (f->call_id.p == NULL && is_header(line, "Call-ID", 'i', &value))
			f->call_id = value;
		else if (f->branch.p == NULL && is_header(line, "Via", 'v', &via))
			f->branch = branch_of(via);
	}
	if (status[0] != '\0') {
		space = f->cseq.p != NULL ? memrchr(f->cseq.p, ' ', f->cseq.len) : NULL;
		word = space != NULL
			? rs_slice_of(space + 1, f->cseq.len - (size_t)(space + 1 - f->cseq.p))
			: (struct rs_slice){ (const uint8_t *)"?", 1 };
		if (word.len > 20)
			word.len = 20;
	}
	snprintf(f->start, sizeof(f->start), "%s%s%.*s", status, status[0] != '\0' ? " " : "",
		(int)word.len, (const char *)word.p);
}

void
rs_wire_frame_read(const uint8_t *frame, size_t len, struct rs_wire_frame *out)
{
	struct inside in;
	size_t udp_len;

	*out = (struct rs_wire_frame){ 0 };
	if (!read_ip(frame, len, &in))
		return;
	out->impairable = !is_link_upkeep(frame, &in);
	out->source.family = out->destination.family = in.family;
	memcpy(out->source.b, in.ip + (in.family == 4 ? 12 : 8), in.family == 4 ? 4 : 16);
	memcpy(out->destination.b, in.ip + (in.family == 4 ? 16 : 24), in.family == 4 ? 4 : 16);
	if (in.protocol != PROTO_UDP || in.fragment || in.end - in.at < 8)
		return;
	udp_len = get16(frame + in.at + 4);
	if (udp_len < 8 || udp_len > in.end - in.at)
		return;
	out->udp = true;
	out->source_port = get16(frame + in.at);
	out->destination_port = get16(frame + in.at + 2);
	out->payload = rs_slice_of(frame + in.at + 8, udp_len - 8);
	read_sip(out);
}

static uint32_t
sum16(const uint8_t *p, size_t len, uint32_t sum)
{
	for (; len > 1; p += 2, len -= 2)
		sum += get16(p);
	return len > 0 ? sum + (uint32_t)(p[0] << 8) : sum;
}

void
rs_wire_frame_finish_checksum(uint8_t *frame, size_t len)
{
	struct inside in;
	size_t length, at;
	uint32_t sum;

	if (!read_ip(frame, len, &in) || in.fragment)
		return;
	length = in.end - in.at;
	if (in.protocol == PROTO_UDP && length >= 8)
		at = in.at + 6;
	else if (in.protocol == PROTO_TCP && length >= 20)
		at = in.at + 16;
	else
		return;
	frame[at] = frame[at + 1] = 0;
	/* The pseudo header: addresses, length, protocol (RFC 768; RFC 8200, 8.1). */
	sum = in.family == 4 ? sum16(in.ip + 12, 8, 0) : sum16(in.ip + 8, 32, 0);
	sum = sum16(frame + in.at, length, sum + (uint32_t)length + in.protocol);
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	sum = ~sum & 0xffff;
	if (sum == 0 && in.protocol == PROTO_UDP)
		sum = 0xffff; /* 0 would say that there is none */
	frame[at] = (uint8_t)(sum >> 8);
	frame[at + 1] = (uint8_t)sum;
}
