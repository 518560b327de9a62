/* SPDX-License-Identifier: BSD-3-Clause */
#include "media/replay_link.h"

#include <errno.h>
#include <pcap/pcap.h>

#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_IPV6 0x86dd
#define PROTO_UDP      17
/** Extension headers of one packet: more are a trick. */
#define MAX_EXTENSIONS 8

static uint16_t
be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

bool
rs_link_known(int dlt)
{
	switch (dlt) {
	case DLT_EN10MB:
	case DLT_LINUX_SLL:
	case DLT_LINUX_SLL2:
	case DLT_RAW:
	case DLT_IPV4:
	case DLT_IPV6:
	case DLT_NULL:
	case DLT_LOOP: return true;
	}
	return false;
}

static struct rs_slice
behind(struct rs_slice s, size_t n)
{
	return rs_slice_of(s.p + n, s.len - n);
}

/** Past VLAN tags (802.1Q, 802.1ad and its forerunner) to what they hold. */
static int
ethertype(uint16_t type, struct rs_slice *s)
{
	while (type == 0x8100 || type == 0x88a8 || type == 0x9100) {
		if (s->len < 4)
			return -1;
		type = be16(s->p + 2);
		*s = behind(*s, 4);
	}
	return type;
}

/** To the IP header. @return false when there is none */
static bool
link_ip(int dlt, struct rs_slice *s)
{
	static const struct {
		int dlt;
		uint8_t len, type_at; /* of the header; of the EtherType in it */
	} links[] = { { DLT_EN10MB, 14, 12 }, { DLT_LINUX_SLL, 16, 14 },
		{ DLT_LINUX_SLL2, 20, 0 } };
	size_t skip = dlt == DLT_NULL || dlt == DLT_LOOP ? 4 : 0;

	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		if (links[i].dlt == dlt) {
			struct rs_slice rest;
			int type;

			if (s->len < links[i].len)
				return false;
			rest = behind(*s, links[i].len);
			type = ethertype(be16(s->p + links[i].type_at), &rest);
			*s = rest;
			return type == ETHERTYPE_IPV4 || type == ETHERTYPE_IPV6;
		}
	if (s->len < skip)
		return false;
	*s = behind(*s, skip);
	return true;
}

/** What follows the IP header, as long as the header says. @param len  out: bytes that it had on the wire */
static int
ipv4_payload(struct rs_slice *s, size_t *len, struct rs_link_datagram *out)
{
	size_t head, total;

	if (s->len < 20)
		return -ENOENT;
	head = (s->p[0] & 15u) * 4;
	total = be16(s->p + 2);
	if (head < 20 || head > s->len || total < head || s->p[9] != PROTO_UDP ||
		(be16(s->p + 6) & 0x3fff) != 0)
		return -ENOENT;
	memcpy(out->to, s->p + 16, 4);
	*len = total - head;
	*s = behind(*s, head);
	return 0;
}

static int
ipv6_payload(struct rs_slice *s, size_t *len, struct rs_link_datagram *out)
{
	uint8_t next;

	if (s->len < 40)
		return -ENOENT;
	*len = be16(s->p + 4);
	next = s->p[6];
	memcpy(out->to, s->p + 24, 16);
	*s = behind(*s, 40);
	for (int i = 0; i < MAX_EXTENSIONS && next != PROTO_UDP; i++) {
		size_t n;

		/* Hop-by-hop, routing, destination options (RFC 8200, 4). A fragment is not put together. */
		if ((next != 0 && next != 43 && next != 60) || s->len < 8)
			return -ENOENT;
		n = (s->p[1] + 1u) * 8;
		if (n > s->len || n > *len)
			return -ENOENT;
		next = s->p[0];
		*len -= n;
		*s = behind(*s, n);
	}
	return next == PROTO_UDP ? 0 : -ENOENT;
}

int
rs_link_udp(int dlt, struct rs_slice s, struct rs_link_datagram *out)
{
	size_t len = 0, udp;
	int rc;

	memset(out, 0, sizeof(*out));
	if (!link_ip(dlt, &s) || s.len < 1)
		return -ENOENT;
	rc = s.p[0] >> 4 == 4      ? ipv4_payload(&s, &len, out)
		: s.p[0] >> 4 == 6 ? ipv6_payload(&s, &len, out)
				   : -ENOENT;
	if (rc)
		return rc;
	/* Frames may be longer than what is in them. */
	if (s.len > len)
		s.len = len;
	if (s.len < 8)
		return -ENOENT;
	udp = be16(s.p + 4);
	if (udp < 8 || udp > len)
		return -ENOENT;
	out->port = be16(s.p + 2);
	out->len = udp - 8;
	out->payload = behind(s, 8);
	if (out->payload.len > out->len)
		out->payload.len = out->len;
	return 0;
}
