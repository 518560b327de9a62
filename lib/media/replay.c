/* SPDX-License-Identifier: BSD-3-Clause */
/** The capture is read twice: to see which streams there are, and to take the packets of one. */
#include "media/replay.h"

#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>

#include "media/replay_link.h"
#include "media/source.h"

/** Streams that are told apart, and of them those that nobody wants. */
#define STREAMS        256
#define STREAMS_OTHERS 192
#define LISTED         8
/** UDPTL's numbers go up by one; where some were lost, by a few. */
#define UDPTL_STEP 4

struct stream {
	uint32_t ssrc;
	uint16_t port;
	uint8_t to[16];
	uint64_t n, up, same; /* packets; UDPTL: those whose number follows the one before, or is that one */
	uint16_t last;	      /* UDPTL: the number of the last one */
};

/** An RTP packet (RFC 3550, 5.1). */
struct rtp {
	uint32_t ssrc, ts;
	uint16_t seq;
	uint8_t pt, marker;
	struct rs_slice payload;
};

struct reading {
	const char *name;
	struct rs_slice bytes;
	struct rs_err *err;
	struct rs_replay_want want;
	struct stream streams[STREAMS];
	uint32_t n_streams;
	uint64_t number; /* of the packet in the capture, from 1 */
	uint64_t skipped;
	/* Of the second time. */
	const struct stream *chosen;
	struct buffer packets, block;
	uint64_t first_ns, last_due_ns;
	uint32_t first_ts;
	uint16_t first_seq;
};

static uint32_t
be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/** A UDPTL datagram is a number of 16 bits and what the first packet of T.38 takes (T.38, 9.1). */
static bool
udptl_head(struct rs_slice s, struct rtp *out)
{
	if (s.len < 4)
		return false;
	*out = (struct rtp){ .seq = (uint16_t)(s.p[0] << 8 | s.p[1]) };
	return true;
}

/** The fixed header. RTCP on the same port has payload types of 64 to 95 (RFC 5761, 4). */
static bool
rtp_head(struct rs_slice s, struct rtp *out)
{
	if (s.len < 12 || s.p[0] >> 6 != 2)
		return false;
	out->pt = s.p[1] & 0x7f;
	out->marker = s.p[1] >> 7;
	out->seq = (uint16_t)(s.p[2] << 8 | s.p[3]);
	out->ts = be32(s.p + 4);
	out->ssrc = be32(s.p + 8);
	return out->pt < 64 || out->pt > 95;
}

/** What is left without CSRCs, extension and padding. */
static bool
rtp_payload(struct rs_slice s, struct rs_slice *out)
{
	size_t head = 12 + (s.p[0] & 15u) * 4, padding = 0;

	if (s.p[0] & 0x10) {
		if (s.len < head + 4)
			return false;
		head += 4 + (size_t)(s.p[head + 2] << 8 | s.p[head + 3]) * 4;
	}
	if (s.len < head)
		return false;
	if (s.p[0] & 0x20) {
		padding = s.p[s.len - 1];
		if (padding == 0 || padding > s.len - head)
			return false;
	}
	*out = rs_slice_of(s.p + head, s.len - head - padding);
	return true;
}

/** RTP's first 16 bits stay the same, but for the marker, and those of SIP and others jump. */
static bool
counts(const struct stream *s)
{
	return s->up * 4 >= s->n && (s->up + s->same) * 4 >= s->n * 3;
}

static bool
fits(const struct rs_replay_want *want, const struct stream *s)
{
	return (!want->udptl || counts(s)) && (want->port == 0 || want->port == s->port) &&
		(want->ssrc == 0 || want->ssrc == s->ssrc);
}

static bool
same(const struct stream *a, const struct stream *b)
{
	return a->ssrc == b->ssrc && a->port == b->port && memcmp(a->to, b->to, sizeof(a->to)) == 0;
}

/** A packet of the first time. */
static int
count(struct reading *r, const struct stream *key, const struct rs_link_datagram *d,
	const struct rtp *p, uint64_t ns)
{
	uint32_t i = 0;

	while (i < r->n_streams && !same(&r->streams[i], key))
		i++;
	if (i == r->n_streams) {
		if (i == STREAMS || (i >= STREAMS_OTHERS && !fits(&r->want, key)))
			return 0;
		r->streams[r->n_streams] = *key;
		r->streams[r->n_streams++].last = p->seq;
	}
	r->streams[i].n++;
	r->streams[i].same += p->seq == r->streams[i].last;
	r->streams[i].up += (uint16_t)(p->seq - r->streams[i].last - 1) < UDPTL_STEP;
	r->streams[i].last = p->seq;
	return 0;
}

/** A packet of the second time. */
static int
take(struct reading *r, const struct stream *key, const struct rs_link_datagram *d,
	const struct rtp *p, uint64_t ns)
{
	struct rs_replay_packet packet = { .pt = p->pt, .marker = p->marker };
	struct rs_slice payload;

	if (!same(key, r->chosen))
		return 0;
	if (d->payload.len < d->len)
		return rs_err_set(r->err, -EBADMSG,
			"%s: packet %lu: %zu of its %zu bytes were captured: capture again without a snap length (tcpdump -s 0)",
			r->name, (unsigned long)r->number, d->payload.len, d->len);
	payload = d->payload; /* UDPTL */
	if (!r->want.udptl && !rtp_payload(d->payload, &payload))
		return rs_err_set(r->err, -EBADMSG,
			"%s: packet %lu: CSRCs, extension or padding of RTP are longer than the packet",
			r->name, (unsigned long)r->number);
	if (r->packets.len == 0) {
		r->first_ns = ns;
		r->first_ts = p->ts;
		r->first_seq = p->seq;
	}
	/* Clocks are set while captures run: time does not go back. */
	packet.due_ns = ns > r->first_ns ? ns - r->first_ns : 0;
	if (packet.due_ns < r->last_due_ns)
		packet.due_ns = r->last_due_ns;
	r->last_due_ns = packet.due_ns;
	packet.offset = (uint32_t)r->block.len;
	packet.len = (uint16_t)payload.len;
	if (!r->want.udptl) {
		packet.seq = (uint16_t)(p->seq - r->first_seq);
		packet.ts = p->ts - r->first_ts;
	}
	if (rs_buffer_add(&r->block, payload.p, payload.len) ||
		rs_buffer_add(&r->packets, &packet, sizeof(packet)))
		return rs_err_set(r->err, -ENOMEM, "%s: no memory for its packets", r->name);
	return 0;
}

typedef int handler(struct reading *r, const struct stream *key, const struct rs_link_datagram *d,
	const struct rtp *p, uint64_t ns);

static int
each_packet(struct reading *r, pcap_t *pcap, handler *handle)
{
	int dlt = pcap_datalink(pcap), got, rc = 0;
	struct pcap_pkthdr *head;
	const u_char *bytes;

	if (!rs_link_known(dlt))
		return rs_err_set(r->err, -ENOTSUP,
			"%s: packets of link type %d (%s); Ethernet, Linux cooked and raw IP are read",
			r->name, dlt,
			pcap_datalink_val_to_name(dlt) ? pcap_datalink_val_to_name(dlt)
						       : "unknown");
	r->number = r->skipped = 0;
	while (rc == 0 && (got = pcap_next_ex(pcap, &head, &bytes)) == 1) {
		struct rs_link_datagram d;
		struct rtp p;
		struct stream key = { 0 };

		r->number++;
		if (rs_link_udp(dlt, rs_slice_of(bytes, head->caplen), &d) ||
			!(r->want.udptl ? udptl_head(d.payload, &p) : rtp_head(d.payload, &p))) {
			r->skipped++;
			continue;
		}
		key.ssrc = p.ssrc;
		key.port = d.port;
		memcpy(key.to, d.to, sizeof(key.to));
		/* tv_usec counts nanoseconds: the file was opened so. */
		rc = handle(r, &key, &d, &p,
			(uint64_t)head->ts.tv_sec * 1000000000u + (uint64_t)head->ts.tv_usec);
	}
	if (rc == 0 && got == PCAP_ERROR)
		rc = rs_err_set(r->err, -EBADMSG, "%s: behind packet %lu: %s", r->name,
			(unsigned long)r->number, pcap_geterr(pcap));
	return rc;
}

static int
read_through(struct reading *r, handler *handle)
{
	char text[PCAP_ERRBUF_SIZE] = "";
	FILE *f = fmemopen((void *)(uintptr_t)r->bytes.p, r->bytes.len, "rb");
	pcap_t *pcap;
	int rc;

	if (!f)
		return rs_err_set(r->err, -ENOMEM, "%s: no memory to read it", r->name);
	pcap = pcap_fopen_offline_with_tstamp_precision(f, PCAP_TSTAMP_PRECISION_NANO, text);
	if (!pcap) {
		fclose(f);
		return rs_err_set(
			r->err, -EBADMSG, "%s: is no pcap or pcapng file: %s", r->name, text);
	}
	rc = each_packet(r, pcap, handle);
	pcap_close(pcap); /* closes f, too */
	return rc;
}

/** The first one that fits and has two packets: a lone one may be something else that looks like RTP. */
static int
choose(struct reading *r)
{
	char list[512] = "", asked[64] = "";
	size_t len = 0;

	for (uint64_t least = 2; least > 0; least--)
		for (uint32_t i = 0; i < r->n_streams; i++)
			if (r->streams[i].n >= least && fits(&r->want, &r->streams[i])) {
				r->chosen = &r->streams[i];
				return 0;
			}
	for (uint32_t i = 0; i < r->n_streams && i < LISTED; i++)
		len += (size_t)snprintf(list + len, sizeof(list) - len,
			"%s0x%08x to port %u (%lu packets)", i ? ", " : "", r->streams[i].ssrc,
			r->streams[i].port, (unsigned long)r->streams[i].n);
	if (r->want.udptl)
		return rs_err_set(r->err, -ENODATA,
			"%s: none of its %lu packets is UDPTL (T.38) over UDP%s", r->name,
			(unsigned long)r->number, r->want.port ? " to the port that is asked for" : "");
	if (r->n_streams == 0)
		return rs_err_set(r->err, -ENODATA, "%s: none of its %lu packets is RTP over UDP",
			r->name, (unsigned long)r->number);
	len = 0;
	if (r->want.port)
		len = (size_t)snprintf(asked, sizeof(asked), " to port %u", r->want.port);
	if (r->want.ssrc)
		snprintf(asked + len, sizeof(asked) - len, " with SSRC 0x%08x", r->want.ssrc);
	return rs_err_set(r->err, -ENODATA, "%s: no RTP stream%s; there are the SSRCs %s%s",
		r->name, asked, list, r->n_streams > LISTED ? " and others" : "");
}

int
rs_replay_read(const char *name, struct rs_slice bytes, const struct rs_replay_want *want,
	struct rs_replay **out, struct rs_err *err)
{
	struct reading *r = calloc(1, sizeof(*r));
	struct rs_replay *replay = calloc(1, sizeof(*replay));
	int rc = 0;

	*out = NULL;
	if (!r || !replay) {
		rc = rs_err_set(err, -ENOMEM, "%s: no memory to read it", name);
		goto done;
	}
	r->name = name;
	r->bytes = bytes;
	r->err = err;
	if (want)
		r->want = *want;
	if (bytes.len == 0)
		rc = rs_err_set(err, -EBADMSG, "%s: is empty", name);
	if (rc == 0)
		rc = read_through(r, count);
	if (rc == 0)
		rc = choose(r);
	if (rc == 0)
		rc = read_through(r, take);
	if (rc == 0) {
		replay->packets = (const void *)r->packets.p;
		replay->block = r->block.p;
		replay->n = (uint32_t)(r->packets.len / sizeof(struct rs_replay_packet));
		replay->block_len = r->block.len;
		replay->ssrc = r->chosen->ssrc;
		replay->port = r->chosen->port;
		for (uint32_t i = 0; i < r->n_streams; i++)
			replay->n_streams += !r->want.udptl || counts(&r->streams[i]);
		replay->n_skipped = r->skipped;
		replay->udptl = r->want.udptl;
		*out = replay;
		replay = NULL;
		r->packets.p = r->block.p = NULL;
	}
done:
	if (r) {
		rs_buffer_drop(&r->packets);
		rs_buffer_drop(&r->block);
	}
	free(replay);
	free(r);
	return rc;
}

int
rs_replay_open(const char *path, const struct rs_replay_want *want, struct rs_replay **out,
	struct rs_err *err)
{
	struct buffer bytes = { 0 };
	int rc = rs_buffer_load(&bytes, path, RS_REPLAY_FILE_MAX, err);

	*out = NULL;
	if (rc == 0)
		rc = rs_replay_read(path, rs_slice_of(bytes.p, bytes.len), want, out, err);
	rs_buffer_drop(&bytes);
	return rc;
}

void
rs_replay_free(struct rs_replay *r)
{
	if (!r)
		return;
	free((void *)(uintptr_t)r->packets);
	free((void *)(uintptr_t)r->block);
	free(r);
}
