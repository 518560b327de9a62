/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Our TCP as one end of a TUN device, so that the kernel's TCP is the other one; in between, packets are lost, repeated, held up and
 * reordered as the command line says. It either sends and receives a known run of bytes on each connection (--bulk), or messages
 * that the other end sends back (--messages; listening, it is the one that sends back). Prints what it counted as one line of JSON;
 * exits 0 when all connections closed as both sides wanted and every byte was right.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/rng.h"
#include "net/icmp.h"
#include "net/ip.h"
#include "net/net.h"
#include "net/tcp/segment.h"
#include "net/tcp/tcp.h"

#define PACKET_MAX 2048u
#define QUEUE	   16384u
#define BLOCK	   65521u /* of the known bytes; a prime, so that no window is a multiple of it */
#define CONNS_MAX  4096u

struct queued {
	uint64_t at_ns, serial;
	uint32_t len;
	bool inward;
	uint8_t bytes[PACKET_MAX];
};

/** One connection: what it has to send, what it has received. */
struct job {
	rs_handle h;
	uint64_t sent, received;
	uint32_t messages; /* answered */
	bool shut, closed;
};

struct options {
	const char *tun;
	struct rs_path path;
	bool listen;
	uint32_t connections, messages, size;
	uint64_t bulk;
	double loss, repeat, reorder, delay_ms;
	uint64_t seed;
	uint32_t receive_bytes, mtu, seconds;
	bool no_sack, no_timestamps, no_scale;
};

struct tool {
	struct options o;
	int fd;
	uint64_t now;
	struct rs_rng rng;
	struct queued *queue;
	uint32_t n_queue;
	uint64_t serial, lost;
	struct rs_tcp *t;
	struct rs_metrics cells;
	struct job jobs[CONNS_MAX];
	uint32_t n_jobs, n_closed, n_bad;
	uint64_t wrong; /* bytes that are not the known ones */
	uint32_t srtt_us, blocks_peak;
	uint8_t base[2][BLOCK];
	uint8_t frame[PACKET_MAX];
};

/** The known bytes: those that this end sends (0) or receives (1). */
static inline uint8_t
known(const struct tool *x, uint32_t way, uint64_t at)
{
	return x->base[way][at % BLOCK] ^ (uint8_t)(at / BLOCK);
}

static void
make_known(struct tool *x)
{
	for (uint32_t way = 0; way < 2; way++)
		for (uint32_t i = 0; i < BLOCK; i++)
			x->base[way][i] = (uint8_t)((i * 2654435761u + way * 40503u) >> 24);
}

static bool
chance(struct tool *x, double p)
{
	return p > 0 && rs_random_unit(rs_rng_next(&x->rng)) < p;
}

static void
enqueue(struct tool *x, const uint8_t *p, uint32_t len, bool inward, uint64_t at)
{
	struct queued *q;

	if (x->n_queue == QUEUE || len > PACKET_MAX)
		return;
	q = &x->queue[x->n_queue++];
	q->at_ns = at;
	q->serial = x->serial++;
	q->len = len;
	q->inward = inward;
	memcpy(q->bytes, p, len);
}

/** A packet enters the network in between. */
static void
impair(struct tool *x, const uint8_t *p, uint32_t len, bool inward)
{
	uint64_t delay = (uint64_t)(x->o.delay_ms * 1e6), at = x->now + delay;

	if (chance(x, x->o.loss)) {
		x->lost++;
		return;
	}
	if (chance(x, x->o.reorder))
		at += delay + 2 * RS_NS_PER_MS;
	enqueue(x, p, len, inward, at);
	if (chance(x, x->o.repeat))
		enqueue(x, p, len, inward, at + RS_NS_PER_MS);
}

/** ICMP about a segment of ours: its IP header is quoted, and at least 8 bytes behind it. */
static void
hear_error(struct tool *x, const struct rs_ip *ip)
{
	uint32_t head = ip->src.family == 4 ? RS_IP4_HDR_LEN : RS_IP6_HDR_LEN;
	const uint8_t *q = ip->payload + RS_ICMP_HDR_LEN;
	struct rs_path path = { .local = ip->dst, .remote = ip->dst };
	uint32_t mtu = 0;
	int kind;

	if (rs_icmp_check(ip) != 0 || ip->len < RS_ICMP_HDR_LEN + head + 8)
		return;
	kind = rs_tcp_error_kind(ip->src.family, ip->payload[0], ip->payload[1]);
	if (kind < 0 || q[ip->src.family == 4 ? 9 : 6] != RS_IPPROTO_TCP)
		return;
	(void)rs_icmp_too_big(ip, &mtu);
	memcpy(path.remote.b, q + (ip->src.family == 4 ? 16 : 24), ip->src.family == 4 ? 4 : 16);
	path.local_port = rs_load16(q + head);
	path.remote_port = rs_load16(q + head + 2);
	rs_tcp_error(x->t, &path, rs_slice_of(q + head, ip->len - RS_ICMP_HDR_LEN - head), (enum rs_tcp_error_kind)kind, mtu, x->now);
}

static void
arrive(struct tool *x, const struct queued *q)
{
	struct rs_path path = { 0 };
	struct rs_ip ip;

	if (!q->inward) {
		(void)!write(x->fd, q->bytes, q->len);
		return;
	}
	if (rs_ip_parse(q->bytes, q->len, 0, &ip) != 0)
		return;
	if (ip.proto == RS_IPPROTO_ICMP || ip.proto == RS_IPPROTO_ICMPV6)
		hear_error(x, &ip);
	if (ip.proto != RS_IPPROTO_TCP || ip.len < 4)
		return;
	path.local = ip.dst;
	path.remote = ip.src;
	path.remote_port = rs_load16(ip.payload);
	path.local_port = rs_load16(ip.payload + 2);
	rs_tcp_input(x->t, &path, ip.payload, ip.len, false, x->now);
}

static int
take(void *ctx, const struct rs_path *path, uint32_t len, struct rs_buf *buf)
{
	struct tool *x = ctx;
	uint32_t head = rs_ip_hdr_len(&path->remote);

	if (head + len > PACKET_MAX)
		return -ENOBUFS;
	*buf = (struct rs_buf){ .data = x->frame + head, .cap = len };
	return 0;
}

static int
put(void *ctx, const struct rs_path *path, struct rs_buf *buf, uint32_t len, uint32_t mss)
{
	struct tool *x = ctx;
	uint32_t head = rs_ip_hdr_len(&path->remote);

	(void)mss;
	rs_ip_put(x->frame, &path->local, &path->remote, RS_IPPROTO_TCP, len, RS_IP_TTL);
	impair(x, x->frame, head + len, false);
	return 0;
}

static uint32_t
mtu(void *ctx, const struct rs_path *path)
{
	return ((const struct tool *)ctx)->o.mtu;
}

static void
shut(struct tool *x, struct job *j)
{
	if (!j->shut)
		(void)rs_tcp_shutdown(x->t, j->h, x->now);
	j->shut = true;
}

/** Write what there is to write, until it is not taken any more. */
static void
push(struct tool *x, struct job *j)
{
	uint64_t total = x->o.messages ? (uint64_t)(j->messages + 1) * x->o.size : x->o.bulk;
	uint8_t piece[16384];

	if (x->o.messages && x->o.listen) /* what comes goes back: see data() */
		return;
	if (x->o.messages && j->messages == x->o.messages) {
		shut(x, j);
		return;
	}
	while (j->sent < total) {
		uint32_t n = total - j->sent < sizeof(piece) ? (uint32_t)(total - j->sent) : sizeof(piece);
		int64_t took;

		for (uint32_t i = 0; i < n; i++)
			piece[i] = known(x, 0, j->sent + i);
		took = rs_tcp_write(x->t, j->h, rs_slice_of(piece, n), x->now);
		if (took <= 0)
			return;
		j->sent += (uint64_t)took;
		if (took < n)
			return;
	}
	if (!x->o.messages)
		shut(x, j);
}

static size_t
data(void *ctx, rs_handle h, uint64_t user, struct rs_slice bytes)
{
	struct tool *x = ctx;
	struct job *j = &x->jobs[user];
	size_t n = bytes.len;
	uint32_t way = x->o.messages && !x->o.listen ? 0 : 1; /* our own come back */

	if (x->o.messages && x->o.listen) {
		int64_t took = rs_tcp_write(x->t, h, bytes, x->now);

		n = took > 0 ? (size_t)took : 0;
		j->sent += n;
	}
	for (size_t i = 0; i < n; i++)
		x->wrong += bytes.p[i] != known(x, way, j->received + i);
	j->received += n;
	while (x->o.messages && !x->o.listen && j->received >= (uint64_t)(j->messages + 1) * x->o.size) {
		j->messages++;
		push(x, j);
	}
	return n;
}

static void
event(void *ctx, rs_handle h, uint64_t user, enum rs_tcp_event e, enum rs_tcp_cause cause)
{
	struct tool *x = ctx;
	struct rs_tcp_info info;
	struct job *j;

	if (e == RS_TCP_ACCEPTED) {
		if (x->n_jobs == CONNS_MAX) {
			(void)rs_tcp_abort(x->t, h, x->now);
			return;
		}
		user = x->n_jobs++;
		x->jobs[user].h = h;
		(void)rs_tcp_set_user(x->t, h, user);
	}
	j = &x->jobs[user];
	j->h = h;
	switch (e) {
	case RS_TCP_ACCEPTED:
	case RS_TCP_CONNECTED: push(x, j); break;
	case RS_TCP_WRITABLE:
		push(x, j);
		break;
	case RS_TCP_HALF_CLOSED:
		if (x->o.messages)
			shut(x, j);
		break;
	case RS_TCP_CLOSED:
		if (rs_tcp_info(x->t, h, &info) == 0)
			x->srtt_us = info.srtt_us;
		j->closed = true;
		x->n_closed++;
		if (cause != RS_TCP_CAUSE_NONE || (!x->o.messages && j->received != x->o.bulk) ||
			(x->o.messages && !x->o.listen && j->messages != x->o.messages))
			x->n_bad++;
		break;
	}
}

static int
open_tun(struct tool *x)
{
	struct ifreq ifr = { .ifr_flags = IFF_TUN | IFF_NO_PI };

	x->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
	if (x->fd < 0)
		return -errno;
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", x->o.tun);
	return ioctl(x->fd, TUNSETIFF, &ifr) == 0 ? 0 : -errno;
}

static int
begin(struct tool *x, struct rs_arena *arena)
{
	struct rs_tcp_cfg cfg = rs_tcp_defaults();
	struct rs_tcp_link link = { take, put, mtu, x };
	struct rs_tcp_user user = { event, data, x };
	struct rs_tcp_ports ports = { 20000, 60000, 9, 0, 1 };
	rs_handle h;
	int rc;

	cfg.connections = cfg.time_waits = CONNS_MAX;
	cfg.half_open = CONNS_MAX;
	cfg.blocks = 8192;
	cfg.send_bytes = 256 * 1024;
	cfg.receive_bytes = x->o.receive_bytes;
	cfg.sack = !x->o.no_sack;
	cfg.timestamps = !x->o.no_timestamps;
	cfg.window_scale = !x->o.no_scale;
	cfg.time_wait_ns = RS_NS_PER_S;
	for (uint32_t i = 0; i < sizeof(cfg.secret); i++)
		cfg.secret[i] = (uint8_t)rs_random_at(x->o.seed, 7, i);
	rc = rs_arena_init(arena, rs_tcp_bytes(&cfg));
	if (rc == 0)
		rc = rs_metrics_init(&x->cells, &rs_tcp_metrics_table);
	if (rc == 0)
		rc = rs_tcp_create(&cfg, &link, &user, arena, &x->cells, x->now, &x->t);
	if (rc != 0)
		return rc;
	if (x->o.listen)
		return rs_tcp_listen(x->t, &x->o.path.local, x->o.path.local_port, CONNS_MAX, 0, &h);
	for (uint32_t i = 0; i < x->o.connections && rc == 0; i++) {
		x->n_jobs = i + 1;
		rc = rs_tcp_connect(x->t, &x->o.path, &ports, i, x->now, &x->jobs[i].h);
	}
	return rc;
}

static void
one_turn(struct tool *x, uint64_t end_ns)
{
	struct pollfd p = { .fd = x->fd, .events = POLLIN };
	uint64_t next = rs_tcp_next_due(x->t);
	uint8_t packet[PACKET_MAX];
	struct timespec wait;

	for (uint32_t i = 0; i < x->n_queue; i++)
		if (x->queue[i].at_ns < next)
			next = x->queue[i].at_ns;
	if (next > end_ns)
		next = end_ns;
	x->now = rs_clock_mono_ns();
	next = next > x->now ? next - x->now : 0;
	wait = (struct timespec){ .tv_sec = (time_t)(next / RS_NS_PER_S), .tv_nsec = (long)(next % RS_NS_PER_S) };
	(void)ppoll(&p, 1, &wait, NULL);
	x->now = rs_clock_mono_ns();
	for (uint32_t i = 0; i < 64; i++) {
		ssize_t n = read(x->fd, packet, sizeof(packet));

		if (n <= 0)
			break;
		impair(x, packet, (uint32_t)n, true);
	}
	for (;;) { /* what is due, in its order */
		uint32_t first = UINT32_MAX;
		struct queued q;

		for (uint32_t i = 0; i < x->n_queue; i++) {
			const struct queued *a = &x->queue[i];

			if (a->at_ns <= x->now && (first == UINT32_MAX || a->at_ns < x->queue[first].at_ns ||
							  (a->at_ns == x->queue[first].at_ns && a->serial < x->queue[first].serial)))
				first = i;
		}
		if (first == UINT32_MAX)
			break;
		q = x->queue[first];
		x->queue[first] = x->queue[--x->n_queue];
		arrive(x, &q);
	}
	(void)rs_tcp_tick(x->t, x->now);
	/* Echoes that were not taken at once. */
	for (uint32_t i = 0; x->o.messages && x->o.listen && i < x->n_jobs; i++)
		if (!x->jobs[i].closed)
			(void)rs_tcp_read(x->t, x->jobs[i].h, x->now);
	if (rs_metric_get(&x->cells, RS_NET_TCP_BLOCKS) > x->blocks_peak)
		x->blocks_peak = (uint32_t)rs_metric_get(&x->cells, RS_NET_TCP_BLOCKS);
}

static void
tell(const struct tool *x, double seconds)
{
	printf("{\"connections\": %u, \"closed\": %u, \"bad\": %u, \"wrong_bytes\": %llu, \"seconds\": %.3f, \"lost\": %llu, "
	       "\"srtt_us\": %u, \"blocks_peak\": %u",
		x->n_jobs, x->n_closed, x->n_bad, (unsigned long long)x->wrong, seconds, (unsigned long long)x->lost, x->srtt_us,
		x->blocks_peak);
	for (uint32_t i = 0; i < RS_NET_TCP_METRICS; i++)
		printf(", \"%s\": %llu", rs_tcp_metrics_table.defs[i].name, (unsigned long long)rs_metric_get(&x->cells, i));
	printf("}\n");
}

static int
usage(const char *what)
{
	fprintf(stderr,
		"tcp_end: %s\nusage: tcp_end --tun NAME --local ADDRESS --remote ADDRESS --port PORT [--listen] [--connections N]\n"
		"	(--bulk BYTES | --messages N --size BYTES) [--loss P] [--repeat P] [--reorder P] [--delay-ms N] [--seed N]\n"
		"	[--receive-bytes N] [--mtu N] [--no-sack] [--no-timestamps] [--no-scale] [--seconds N]\n",
		what);
	return 2;
}

enum letter { TUN = 1, LOCAL, REMOTE, PORT, LISTEN, CONNECTIONS, BULK, MESSAGES, SIZE, LOSS, REPEAT, REORDER, DELAY, SEED, RECEIVE, MTU,
	NO_SACK, NO_TIMESTAMPS, NO_SCALE, SECONDS };

static int
read_options(int argc, char **argv, struct options *o)
{
	static const struct option names[] = { { "tun", 1, NULL, TUN }, { "local", 1, NULL, LOCAL }, { "remote", 1, NULL, REMOTE },
		{ "port", 1, NULL, PORT }, { "listen", 0, NULL, LISTEN }, { "connections", 1, NULL, CONNECTIONS },
		{ "bulk", 1, NULL, BULK }, { "messages", 1, NULL, MESSAGES }, { "size", 1, NULL, SIZE }, { "loss", 1, NULL, LOSS },
		{ "repeat", 1, NULL, REPEAT }, { "reorder", 1, NULL, REORDER }, { "delay-ms", 1, NULL, DELAY }, { "seed", 1, NULL, SEED },
		{ "receive-bytes", 1, NULL, RECEIVE }, { "mtu", 1, NULL, MTU }, { "no-sack", 0, NULL, NO_SACK },
		{ "no-timestamps", 0, NULL, NO_TIMESTAMPS }, { "no-scale", 0, NULL, NO_SCALE }, { "seconds", 1, NULL, SECONDS },
		{ NULL, 0, NULL, 0 } };
	uint16_t port = 0;
	int c, rc = 0;

	*o = (struct options){ .connections = 1, .seed = 1, .receive_bytes = 65536, .mtu = 1500, .seconds = 60 };
	while (rc == 0 && (c = getopt_long(argc, argv, "", names, NULL)) != -1) {
		switch (c) {
		case TUN: o->tun = optarg; break;
		case LOCAL: rc = rs_addr_parse(rs_slice_str(optarg), &o->path.local); break;
		case REMOTE: rc = rs_addr_parse(rs_slice_str(optarg), &o->path.remote); break;
		case PORT: port = (uint16_t)atoi(optarg); break;
		case LISTEN: o->listen = true; break;
		case CONNECTIONS: o->connections = (uint32_t)atoi(optarg); break;
		case BULK: o->bulk = strtoull(optarg, NULL, 10); break;
		case MESSAGES: o->messages = (uint32_t)atoi(optarg); break;
		case SIZE: o->size = (uint32_t)atoi(optarg); break;
		case LOSS: o->loss = atof(optarg); break;
		case REPEAT: o->repeat = atof(optarg); break;
		case REORDER: o->reorder = atof(optarg); break;
		case DELAY: o->delay_ms = atof(optarg); break;
		case SEED: o->seed = strtoull(optarg, NULL, 10); break;
		case RECEIVE: o->receive_bytes = (uint32_t)atoi(optarg); break;
		case MTU: o->mtu = (uint32_t)atoi(optarg); break;
		case NO_SACK: o->no_sack = true; break;
		case NO_TIMESTAMPS: o->no_timestamps = true; break;
		case NO_SCALE: o->no_scale = true; break;
		case SECONDS: o->seconds = (uint32_t)atoi(optarg); break;
		default: return -EINVAL;
		}
	}
	if (rc != 0 || o->tun == NULL || o->path.local.family == 0 || o->path.remote.family == 0 || port == 0 ||
		(o->bulk == 0) == (o->messages == 0) || o->connections == 0 || o->connections > CONNS_MAX || (o->messages && !o->size) ||
		o->mtu > PACKET_MAX)
		return -EINVAL;
	if (o->listen)
		o->path.local_port = port;
	else
		o->path.remote_port = port;
	return 0;
}

int
main(int argc, char **argv)
{
	static struct tool x;
	struct rs_arena arena;
	uint64_t start, end;
	int rc;

	if (read_options(argc, argv, &x.o) != 0)
		return usage("an option is missing or wrong");
	x.rng.state = x.o.seed;
	x.queue = malloc(QUEUE * sizeof(*x.queue));
	make_known(&x);
	rc = x.queue ? open_tun(&x) : -ENOMEM;
	x.now = start = rs_clock_mono_ns();
	end = start + x.o.seconds * RS_NS_PER_S;
	if (rc == 0)
		rc = begin(&x, &arena);
	if (rc != 0) {
		fprintf(stderr, "tcp_end: %s\n", strerror(-rc));
		return 1;
	}
	printf("ready\n");
	fflush(stdout);
	while (x.n_closed < x.o.connections && x.now < end)
		one_turn(&x, end);
	start = x.now - start;
	/* What the other end still waits for: the last ACKs, and FINs that come again. */
	end = x.now + 300 * RS_NS_PER_MS + (uint64_t)(4e6 * x.o.delay_ms);
	while (x.now < end)
		one_turn(&x, end);
	tell(&x, (double)start / 1e9);
	return x.n_closed == x.o.connections && x.n_bad == 0 && x.wrong == 0 ? 0 : 1;
}
