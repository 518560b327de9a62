/* SPDX-License-Identifier: BSD-3-Clause */
#include "end.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

/*
 * A frame of 600 bytes takes about 1,300 of a socket buffer: this is 40,000 of them, most of a
 * second at 50,000 a second.
 */
#define SOCKET_BUFFER (64 << 20)
#define TAG_BYTES     4

static int
set_options(int fd, unsigned index)
{
	const int on = 1, size = SOCKET_BUFFER;
	const struct packet_mreq promiscuous = { .mr_ifindex = (int)index,
		.mr_type = PACKET_MR_PROMISC };

	/*
	 * What we send ourselves must not come back as received. The FORCE options need
	 * CAP_NET_ADMIN, as a packet socket does.
	 */
	if (setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)) != 0 ||
		setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on)) != 0 ||
		setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) != 0 ||
		setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promiscuous,
			sizeof(promiscuous)) != 0 ||
		setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on)) != 0 ||
		setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) != 0 ||
		setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) != 0)
		return -errno;
	return 0;
}

int
rs_wire_end_open(struct rs_wire_end *end, const char *interface, struct rs_err *err)
{
	unsigned index = if_nametoindex(interface);
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)index
	};
	int rc;

	*end = (struct rs_wire_end){ .fd = -1, .interface = interface };
	if (index == 0)
		return rs_err_set(err, -ENODEV,
			"there is no interface %s in this network namespace", interface);
	/* Protocol 0: nothing arrives before it is bound, so no frame of another interface does. */
	end->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (end->fd < 0)
		return rs_err_set(err, -errno,
			"no packet socket: %s (the wire needs CAP_NET_RAW and CAP_NET_ADMIN)",
			strerror(errno));
	rc = set_options(end->fd, index);
	if (rc == 0 && bind(end->fd, (const struct sockaddr *)&address, sizeof(address)) != 0)
		rc = -errno;
	if (rc != 0) {
		rs_wire_end_close(end);
		return rs_err_set(err, rc, "interface %s cannot be an end of the wire: %s",
			interface, strerror(-rc));
	}
	return 0;
}

void
rs_wire_end_close(struct rs_wire_end *end)
{
	if (end->fd >= 0)
		close(end->fd);
	end->fd = -1;
}

/* The kernel takes a VLAN tag off before it shows a frame: put it back where it was. */
static void
restore_tag(struct rs_wire_packet *packet, const struct tpacket_auxdata *beside)
{
	uint16_t kind =
		beside->tp_status & TP_STATUS_VLAN_TPID_VALID ? beside->tp_vlan_tpid : ETH_P_8021Q;
	const uint8_t tag[TAG_BYTES] = { (uint8_t)(kind >> 8), (uint8_t)kind,
		(uint8_t)(beside->tp_vlan_tci >> 8), (uint8_t)beside->tp_vlan_tci };

	memmove(packet->bytes, packet->bytes + TAG_BYTES, 12);
	memcpy(packet->bytes + 12, tag, TAG_BYTES);
	packet->start = 0;
	packet->len += TAG_BYTES;
}

/* The kernel stamps frames with the time of day: how long ago was that? */
static uint64_t
age_of(const struct timespec *stamp)
{
	struct timespec today;
	int64_t age;

	clock_gettime(CLOCK_REALTIME, &today);
	age = (today.tv_sec - stamp->tv_sec) * (int64_t)RS_NS_PER_S;
	age += today.tv_nsec - stamp->tv_nsec;
	return age > 0 ? (uint64_t)age : 0;
}

static void
read_beside(struct msghdr *msg, struct rs_wire_arrival *arrival)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
		struct tpacket_auxdata beside;
		struct timespec stamp;

		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS &&
			c->cmsg_len >= CMSG_LEN(sizeof(stamp))) {
			memcpy(&stamp, CMSG_DATA(c), sizeof(stamp));
			arrival->time_ns -= age_of(&stamp);
		}
		if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA ||
			c->cmsg_len < CMSG_LEN(sizeof(beside)))
			continue;
		memcpy(&beside, CMSG_DATA(c), sizeof(beside));
		arrival->checksum_unfinished = beside.tp_status & TP_STATUS_CSUMNOTREADY;
		if (beside.tp_status & TP_STATUS_VLAN_VALID && arrival->packet->len >= 12)
			restore_tag(arrival->packet, &beside);
	}
}

uint32_t
rs_wire_end_receive(
	struct rs_wire_end *end, struct rs_wire_pool *pool, struct rs_wire_arrival *arrivals)
{
	struct mmsghdr messages[RS_WIRE_BURST];
	struct iovec vectors[RS_WIRE_BURST];
	union {
		struct cmsghdr align;
		uint8_t bytes[CMSG_SPACE(sizeof(struct tpacket_auxdata)) +
			CMSG_SPACE(sizeof(struct timespec))];
	} beside[RS_WIRE_BURST];
	uint32_t n = 0, got, kept = 0;
	int rc;

	for (; n < RS_WIRE_BURST && (arrivals[n].packet = rs_wire_pool_get(pool)) != NULL; n++) {
		vectors[n] =
			(struct iovec){ arrivals[n].packet->bytes + TAG_BYTES, RS_WIRE_FRAME_MAX };
		messages[n] = (struct mmsghdr){ .msg_hdr = { .msg_iov = &vectors[n],
							.msg_iovlen = 1,
							.msg_control = &beside[n],
							.msg_controllen = sizeof(beside[n]) } };
		arrivals[n].checksum_unfinished = false;
	}
	rc = n > 0 ? recvmmsg(end->fd, messages, n, MSG_DONTWAIT, NULL) : 0;
	got = rc > 0 ? (uint32_t)rc : 0;
	for (uint32_t i = 0; i < n; i++) {
		struct rs_wire_arrival a = arrivals[i];

		/* A frame that does not fit could not be sent on as it was. */
		if (i >= got || messages[i].msg_hdr.msg_flags & MSG_TRUNC) {
			end->overrun += i < got;
			rs_wire_pool_put(pool, a.packet);
			continue;
		}
		a.packet->start = TAG_BYTES;
		a.packet->len = messages[i].msg_len;
		a.time_ns = rs_clock_mono_ns();
		read_beside(&messages[i].msg_hdr, &a);
		arrivals[kept++] = a;
	}
	return kept;
}

uint32_t
rs_wire_end_send(struct rs_wire_end *end, struct rs_wire_packet *const *packets, uint32_t n)
{
	struct mmsghdr messages[RS_WIRE_BURST];
	struct iovec vectors[RS_WIRE_BURST];
	uint32_t sent = 0, failed = 0;
	int patience = 100;

	for (uint32_t i = 0; i < n; i++) {
		vectors[i] =
			(struct iovec){ packets[i]->bytes + packets[i]->start, packets[i]->len };
		messages[i] =
			(struct mmsghdr){ .msg_hdr = { .msg_iov = &vectors[i], .msg_iovlen = 1 } };
	}
	while (sent < n) {
		int rc = sendmmsg(end->fd, messages + sent, n - sent, 0);

		if (rc > 0) {
			sent += (uint32_t)rc;
		} else if (errno == EINTR) {
			continue;
		} else if ((errno == EAGAIN || errno == ENOBUFS) && patience-- > 0) {
			struct pollfd room = { .fd = end->fd, .events = POLLOUT };

			poll(&room, 1, 1);
		} else { /* too long for the interface, or it is down */
			sent++;
			failed++;
		}
	}
	return failed;
}

void
rs_wire_end_statistics(struct rs_wire_end *end)
{
	struct tpacket_stats stats; /* since the last question */
	socklen_t len = sizeof(stats);

	if (getsockopt(end->fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len) == 0)
		end->overrun += stats.tp_drops;
}
