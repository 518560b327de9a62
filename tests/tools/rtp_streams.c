/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * usage: rtp_streams FILE
 *
 * What our receiver (lib/proto/rtp/rx.h) says of each RTP stream in a capture file, to be held against `tshark -z rtp,streams`. Every
 * UDP datagram that parses as RTP counts; a stream is addresses, ports and SSRC. One line of JSON a stream, times in ms:
 *
 * packets, lost	  received; RFC 3550's loss
 * max_delta_ms		  the longest time between packets that should follow each other
 * mean_jitter_ms, max_jitter_ms
 * mean_of_all_ms	  the mean jitter as tshark has it: packets that begin a talkspurt are left out of the sum, but not out of
 *			  the number by which it is divided (the same thing where only the first one does)
 * missing, duplicates, reordered, late	 what tshark does not tell
 */
#include <arpa/inet.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/rtp/rx.h"

enum { EXIT_USAGE = 2, EXIT_FILE = 6, STREAMS = 1000 };

struct flow {
	uint8_t src[16], dst[16];
	int family;
	uint16_t sport, dport;
	uint32_t ssrc;
};

struct stream {
	struct flow flow;
	struct rs_rtp_profile profile;
	struct rs_rtp_rx rx;
	uint32_t packets;
	double mean_of_all_ms;
};

static uint16_t
load16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

/** The UDP payload of an Ethernet frame without options, tags or fragments. @return NULL: it is something else */
static const uint8_t *
payload_of(const uint8_t *p, size_t len, struct flow *flow, size_t *payload_len)
{
	size_t head;

	if (len < 14 + 20 + 8)
		return NULL;
	if (load16(p + 12) == 0x0800 && p[14] == 0x45 && p[14 + 9] == 17) {
		flow->family = AF_INET;
		memcpy(flow->src, p + 26, 4);
		memcpy(flow->dst, p + 30, 4);
		head = 14 + 20;
	} else if (load16(p + 12) == 0x86dd && len >= 14 + 40 + 8 && p[14 + 6] == 17) {
		flow->family = AF_INET6;
		memcpy(flow->src, p + 22, 16);
		memcpy(flow->dst, p + 38, 16);
		head = 14 + 40;
	} else {
		return NULL;
	}
	flow->sport = load16(p + head);
	flow->dport = load16(p + head + 2);
	*payload_len = load16(p + head + 4);
	if (*payload_len < 8 || *payload_len > len - head)
		return NULL;
	*payload_len -= 8;
	return p + head + 8;
}

/** The clock of a static payload type (RFC 3551, 6). */
static uint32_t
clock_of(uint8_t pt)
{
	return pt >= 25 && pt <= 34 ? 90000 : 8000;
}

static struct stream *
stream_of(struct stream *streams, size_t *n, const struct flow *flow, uint8_t pt, uint64_t now_ns)
{
	struct stream *s;

	for (size_t i = 0; i < *n; i++)
		if (memcmp(&streams[i].flow, flow, sizeof(*flow)) == 0)
			return &streams[i];
	if (*n == STREAMS)
		return NULL;
	s = &streams[(*n)++];
	s->flow = *flow;
	rs_rtp_profile_init(&s->profile, clock_of(pt));
	memset(s->profile.kind, RS_RTP_MEDIA, 96);
	memset(s->profile.kind + 96, RS_RTP_EVENT, 32);
	s->profile.kind[RS_RTP_PT_CN] = RS_RTP_COMFORT;
	rs_rtp_rx_init(&s->rx, &s->profile, now_ns);
	return s;
}

static void
take(struct stream *s, const struct rs_rtp_packet *p, uint64_t now_ns)
{
	uint32_t terms = s->rx.jitter_n;

	rs_rtp_rx_packet(&s->rx, p, now_ns);
	if (s->rx.jitter_n != terms)
		s->mean_of_all_ms +=
			((double)s->rx.jitter_q4 / 16e6 - s->mean_of_all_ms) / s->packets;
	s->packets++;
}

static void
print(const struct stream *s)
{
	char src[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN];
	struct rs_rtp_rx_report r;

	rs_rtp_rx_report(&s->rx, 20, &r);
	inet_ntop(s->flow.family, s->flow.src, src, sizeof(src));
	inet_ntop(s->flow.family, s->flow.dst, dst, sizeof(dst));
	printf("{\"src\": \"%s\", \"sport\": %u, \"dst\": \"%s\", \"dport\": %u, \"ssrc\": \"0x%08x\", \"packets\": %u, "
	       "\"lost\": %lld, \"max_delta_ms\": \"%.3f\", \"mean_jitter_ms\": \"%.3f\", \"max_jitter_ms\": \"%.3f\", "
	       "\"mean_of_all_ms\": \"%.3f\", \"missing\": %llu, \"duplicates\": %u, \"reordered\": %u, \"late\": %u}\n",
		src, s->flow.sport, dst, s->flow.dport, s->flow.ssrc, s->packets, (long long)r.lost,
		r.max_gap_ms, r.mean_jitter_ms, r.max_jitter_ms, s->mean_of_all_ms,
		(unsigned long long)r.missing, r.duplicates, r.reordered, r.late);
}

static int
read_all(pcap_t *file, struct stream *streams)
{
	struct pcap_pkthdr *header;
	const uint8_t *data, *payload;
	size_t n = 0, len;
	int got;

	while ((got = pcap_next_ex(file, &header, &data)) == 1) {
		/* The precision was asked for: tv_usec holds nanoseconds. */
		uint64_t now_ns =
			(uint64_t)header->ts.tv_sec * 1000000000u + (uint64_t)header->ts.tv_usec;
		struct flow flow = { .family = 0 };
		struct rs_rtp_packet p;
		struct stream *s;

		payload = payload_of(data, header->caplen, &flow, &len);
		if (payload == NULL || rs_rtp_parse(payload, len, &p) != RS_RTP_OK)
			continue;
		flow.ssrc = p.ssrc;
		s = stream_of(streams, &n, &flow, p.pt, now_ns);
		if (s != NULL)
			take(s, &p, now_ns);
	}
	for (size_t i = 0; i < n; i++)
		print(&streams[i]);
	return got == PCAP_ERROR_BREAK ? 0 : EXIT_FILE;
}

int
main(int argc, char **argv)
{
	char error[PCAP_ERRBUF_SIZE];
	struct stream *streams;
	pcap_t *file;
	int status;

	if (argc != 2) {
		fprintf(stderr, "usage: rtp_streams FILE\n");
		return EXIT_USAGE;
	}
	file = pcap_open_offline_with_tstamp_precision(argv[1], PCAP_TSTAMP_PRECISION_NANO, error);
	if (file == NULL) {
		fprintf(stderr, "rtp_streams: %s\n", error);
		return EXIT_FILE;
	}
	streams = calloc(STREAMS, sizeof(*streams));
	status = streams != NULL ? read_all(file, streams) : EXIT_FILE;
	if (status != 0)
		fprintf(stderr, "rtp_streams: %s: %s\n", argv[1], pcap_geterr(file));
	free(streams);
	pcap_close(file);
	return status;
}
