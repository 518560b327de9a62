/* SPDX-License-Identifier: BSD-3-Clause */
/** What is known about a device before and after EAL opens it. */
#include "net/private.h"

#include <net/if.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/** One kind of device made from a string. */
struct kind {
	const char *prefix;
	/* The argument that names a kernel interface, which must exist. NULL: none. */
	const char *iface_key;
	/* Arguments added unless the string has them; "%u" in one: the number of queues. */
	const char *defaults;
	enum rs_steer_mode steering; /* with several queues: none of these takes a key or a rule and keeps to it */
	const char *miss_counter; /* "kernel": unless its sockets are not found */
	/* Files of the interface's statistics that tell what was lost before it reached us, all and those of virtual interfaces. */
	const char *drops, *virtual_drops;
	bool privileged; /* the kernel lets only root make it */
	bool peers_mac; /* the MAC that it tells is that of the kernel interface at its other end */
	bool xdp;
};

/*
 * af_packet's own defaults hold 512 frames: 2.5 ms of 200,000 packets a second. Its driver has the kernel put IPv4 fragments
 * together (PACKET_FANOUT_FLAG_DEFRAG) and cuts the result off at the frame's size: hence frames of 8 KiB. Its and af_xdp's
 * miss counters were seen to stay at zero while 80 % of packets were lost: the kernel is asked instead. On a virtual interface
 * rx_dropped is what found the processor's backlog full; drivers of real ones put frames there that were for nobody.
 */
static const struct kind kinds[] = {
	{ .prefix = "net_af_packet",
		.iface_key = "iface",
		.steering = RS_STEER_SOFTWARE,
		.miss_counter = "kernel",
		.drops = "rx_missed_errors",
		.virtual_drops = "rx_dropped",
		.privileged = true,
		.defaults = "blocksz=65536,framesz=8192,framecnt=4096,qpairs=%u" },
	{ .prefix = "net_af_xdp",
		.iface_key = "iface",
		.steering = RS_STEER_SOFTWARE,
		.miss_counter = "kernel",
		.drops = "rx_missed_errors",
		.privileged = true,
		.defaults = "queue_count=%u",
		.xdp = true },
	{ .prefix = "net_tap",
		.steering = RS_STEER_SOFTWARE,
		.miss_counter = "kernel",
		.virtual_drops = "tx_dropped",
		.privileged = true,
		.peers_mac = true },
	{ .prefix = "net_memif", .steering = RS_STEER_PAIR, .miss_counter = "inferred" },
	/* What does not fit a ring is dropped, and counted, by the port at its other end. */
	{ .prefix = "net_ring", .steering = RS_STEER_PAIR, .miss_counter = "device" },
	{ .prefix = "net_", .steering = RS_STEER_SOFTWARE, .miss_counter = "inferred" },
};

static const struct kind *
kind_of(const char *device)
{
	for (size_t i = 0; i < RTE_DIM(kinds); i++) {
		if (strncmp(device, kinds[i].prefix, strlen(kinds[i].prefix)) == 0)
			return &kinds[i];
	}
	return NULL;
}

/** The value of argument @key in a device string. @return its length, 0 without one */
static size_t
argument(const char *device, const char *key, size_t key_len, const char **value)
{
	for (const char *p = strchr(device, ','); p; p = strchr(p, ',')) {
		p++;
		if (strncmp(p, key, key_len) == 0 && p[key_len] == '=') {
			*value = p + key_len + 1;
			return strcspn(*value, ",");
		}
	}
	return 0;
}

/** A device on an interface that is down opens well, and then nothing ever comes. */
static bool
is_up(const char *name)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = { 0 };
	bool up;

	if (fd < 0)
		return true; /* not known: the driver will say */
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	up = ioctl(fd, SIOCGIFFLAGS, &request) != 0 || (request.ifr_flags & IFF_UP);
	close(fd);
	return up;
}

static int
check_iface(const struct rs_net_port *p, const struct kind *kind, struct rs_err *err)
{
	const char *key = kind->iface_key;
	const char *value;
	size_t n = argument(p->device, key, strlen(key), &value);
	char name[IF_NAMESIZE];
	unsigned ifindex;

	if (n == 0 || n >= sizeof(name))
		return rs_err_set(err, -EINVAL,
			"port \"%s\": device \"%s\" names no interface; add \",%s=NAME\"", p->name,
			p->device, key);
	memcpy(name, value, n);
	name[n] = '\0';
	ifindex = if_nametoindex(name);
	if (ifindex == 0)
		return rs_err_set(err, -ENODEV,
			"port \"%s\": device \"%s\": there is no interface \"%s\" here; make it (ip link), "
			"or start in the network namespace that has it",
			p->name, p->device, name);
	if (!is_up(name))
		return rs_err_set(err, -ENODEV,
			"port \"%s\": device \"%s\": the interface \"%s\" is down; ip link set %s up",
			p->name, p->device, name, name);
	if (kind->xdp)
		(void)rs_net_xdp_remove_stale(ifindex);
	return 0;
}

/** "0000:3b:00.0" or "3b:00.0" with a domain put in front. @return false: no PCI address */
static bool
pci_address(const char *device, char *out, size_t size)
{
	unsigned domain = 0, bus, slot, function;
	int used = 0;

	if ((sscanf(device, "%4x:%2x:%2x.%1x%n", &domain, &bus, &slot, &function, &used) != 4 &&
		    (domain = 0,
			    sscanf(device, "%2x:%2x.%1x%n", &bus, &slot, &function, &used) != 3)) ||
		(device[used] != '\0' && device[used] != ','))
		return false;
	snprintf(out, size, "%04x:%02x:%02x.%x", domain, bus, slot, function);
	return true;
}

/** A device without a driver's name in front must be on the PCI bus. */
static int
check_pci(const struct rs_net_port *p, struct rs_err *err)
{
	char address[32], path[64];

	if (!pci_address(p->device, address, sizeof(address)))
		return rs_err_set(err, -ENODEV,
			"port \"%s\": \"%s\" is no device: write a PCI address (\"0000:3b:00.0\"), a device "
			"string (\"net_af_packet0,iface=eth1\"), or the end of a ring pair (\"ring:x/a\")",
			p->name, p->device);
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s", address);
	if (access(path, F_OK) != 0)
		return rs_err_set(err, -ENODEV,
			"port \"%s\": there is no PCI device %s here; dpdk-devbind.py --status lists those "
			"there are",
			p->name, address);
	return 0;
}

/**
 * Append the kind's default arguments that the string does not set. @return false when there is no
 * room
 */
static bool
complete(const struct rs_net_port *p, const char *defaults, char *out, size_t size)
{
	size_t used = strlen(out);

	while (*defaults) {
		size_t n = strcspn(defaults, ","), key = strcspn(defaults, "=");
		const char *value;
		char format[64];
		int put;

		if (argument(p->device, defaults, key, &value) == 0) {
			snprintf(format, sizeof(format), ",%.*s", (int)n, defaults);
			if (strchr(format, '%')) {
				*strchr(format, '%') = '\0';
				put = snprintf(
					out + used, size - used, "%s%u", format, p->n_workers);
			} else {
				put = snprintf(out + used, size - used, "%s", format);
			}
			if (put < 0 || (size_t)put >= size - used)
				return false;
			used += (size_t)put;
		}
		defaults += n;
		defaults += *defaults == ',';
	}
	return true;
}

int
rs_net_probe_string(const struct rs_net_port *p, char *out, size_t size, struct rs_err *err)
{
	const struct kind *kind = kind_of(p->device);
	int rc;

	if ((size_t)snprintf(out, size, "%s", p->device) >= size)
		return rs_err_set(err, -EINVAL,
			"port \"%s\": the device string is longer than %zu bytes", p->name,
			size - 1);
	if (kind == NULL)
		return check_pci(p, err);
	if (kind->iface_key) {
		rc = check_iface(p, kind, err);
		if (rc != 0)
			return rc;
	}
	if (kind->defaults && !complete(p, kind->defaults, out, size))
		return rs_err_set(
			err, -EINVAL, "port \"%s\": the device string is too long", p->name);
	return 0;
}

/** The kernel interface of a device, if it has one. @return false: none */
static bool
iface_of(const char *device, char *out, size_t size)
{
	const char *value;
	size_t n = argument(device, "iface", strlen("iface"), &value);

	if (n)
		return (size_t)snprintf(out, size, "%.*s", (int)n, value) < size;
	/* The tap driver's own choice for net_tap0 is dtap0. */
	if (strncmp(device, "net_tap", strlen("net_tap")) != 0)
		return false;
	device += strlen("net_tap");
	return (size_t)snprintf(out, size, "dtap%.*s", (int)strcspn(device, ","), device) < size;
}

static uint64_t
read_statistic(const char *iface, const char *name, bool *there)
{
	char path[128];
	unsigned long long n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/class/net/%s/statistics/%s", iface, name);
	f = fopen(path, "r");
	if (f == NULL)
		return 0;
	*there |= fscanf(f, "%llu", &n) == 1;
	fclose(f);
	return n;
}

/** @param there  out: set when the kernel lists the interface's drops at all */
static uint64_t
iface_drops(const struct rs_net_port *p, bool *there)
{
	const struct kind *kind = kind_of(p->device);
	char iface[IF_NAMESIZE], path[64];
	uint64_t n = 0;

	if (kind == NULL || !iface_of(p->device, iface, sizeof(iface)))
		return 0;
	if (kind->drops)
		n += read_statistic(iface, kind->drops, there);
	snprintf(path, sizeof(path), "/sys/class/net/%s/device", iface);
	if (kind->virtual_drops && access(path, F_OK) != 0)
		n += read_statistic(iface, kind->virtual_drops, there);
	return n;
}

uint64_t
rs_net_probe_iface_drops(const struct rs_net_port *p)
{
	bool there = false;

	return iface_drops(p, &there);
}

/** Who counts what is lost in front of us. */
static const char *
miss_counter(const struct rs_net_port *p, const struct kind *kind)
{
	bool there = false;

	if (kind == NULL)
		return "device";
	if (strcmp(kind->miss_counter, "kernel") != 0)
		return kind->miss_counter;
	/* Drivers with sockets lose packets there; the others at the interface. */
	(void)iface_drops(p, &there);
	return p->sockets.n || (there && kind->iface_key == NULL) ? "kernel" : "inferred";
}

uint32_t
rs_net_probe_frame_size(const char *string)
{
	const char *value;

	if (strncmp(string, "net_af_packet", strlen("net_af_packet")) != 0 ||
		argument(string, "framesz", strlen("framesz"), &value) == 0)
		return 0;
	return (uint32_t)strtoul(value, NULL, 10);
}

/* Why the port cannot steer by @mode, or NULL. */
static const char *
steering_refusal(const struct rs_net_port *p, const struct rte_eth_dev_info *dev, enum rs_steer_mode mode)
{
	bool software_device = p->kind != RS_NET_KIND_RING && kind_of(p->device) != NULL;

	if (mode == RS_STEER_KEY && p->kind != RS_NET_KIND_RING)
		return software_device ? "no device without hardware keeps to a hash key" : rs_net_rss_refusal(p, dev);
	if (mode == RS_STEER_FLOW && (software_device || p->kind == RS_NET_KIND_RING))
		return "it matches no packets";
	return NULL;
}

int
rs_net_probe_steering(struct rs_net_port *p, const struct rte_eth_dev_info *dev, struct rs_err *err)
{
	const struct kind *kind = p->kind == RS_NET_KIND_RING ? NULL : kind_of(p->device);
	const char *refusal = steering_refusal(p, dev, p->asked);

	p->mode = p->asked;
	p->steer_bits = RS_STEER_BITS;
	if (p->n_workers == 1)
		return 0;
	if (refusal)
		return rs_err_set(err, -EINVAL,
			"port \"%s\": device \"%s\" cannot be steered by %s: %s; remove `steering`, or write \"software\"", p->name,
			p->device, rs_steer_mode_name(p->asked), refusal);
	if (p->asked != RS_STEER_AUTO)
		return 0;
	if (kind)
		p->mode = kind->steering;
	else /* rte_flow is asked once the device has started */
		p->mode = steering_refusal(p, dev, RS_STEER_KEY) ? RS_STEER_FLOW : RS_STEER_KEY;
	return 0;
}

void
rs_net_probe_info(struct rs_net_port *p)
{
	const struct kind *kind =
		p->kind == RS_NET_KIND_RING ? kind_of("net_ring") : kind_of(p->device);
	struct rte_eth_dev_info dev;
	struct rte_eth_link link = { 0 };
	struct rs_net_port_info *info = &p->info;

	snprintf(p->driver, sizeof(p->driver), "%s",
		rte_eth_dev_info_get(p->dev, &dev) == 0 && dev.driver_name ? dev.driver_name
									   : "unknown");
	snprintf(p->offloads, sizeof(p->offloads), "%s", p->ifc.udp_offload ? "udp" : "none");
	(void)rte_eth_link_get_nowait(p->dev, &link);
	*info = (struct rs_net_port_info){
		.name = p->name,
		.device = p->device,
		.driver = p->driver,
		.steering = p->n_workers == 1 ? "single queue" : rs_steer_mode_name(p->mode),
		.steer_bits = p->steer_bits,
		.offloads = p->offloads,
		.miss_counter = miss_counter(p, kind),
		.mtu = p->mtu,
		.rx_queues = (uint16_t)p->n_workers,
		.tx_queues = p->n_tx,
		.speed_mbps = link.link_speed == RTE_ETH_SPEED_NUM_UNKNOWN ? 0 : link.link_speed,
		.link_up = link.link_status == RTE_ETH_LINK_UP,
	};
	memcpy(info->mac, p->ifc.mac, RS_ETH_ADDR_LEN);
	p->infer = strcmp(info->miss_counter, "inferred") == 0;
}

int
rs_net_probe_failure(const struct rs_net_port *p, int rc, const char *what, struct rs_err *err)
{
	const struct kind *kind = kind_of(p->device);

	/* Drivers say -1 of anything: it means a missing right only where one is missing. */
	if (rc == -EACCES || (geteuid() != 0 && (rc == -EPERM || (kind && kind->privileged))))
		return rs_err_set(err, -EPERM,
			"port \"%s\": device \"%s\" %s: no permission; start as root", p->name,
			p->device, what);
	if (rc == -ENOMEM)
		return rs_err_set(err, -ENOMEM,
			"port \"%s\": device \"%s\" %s: no memory; give EAL more", p->name,
			p->device, what);
	if (rc == -EFAULT) /* EAL's way to say that nobody claims the name */
		return rs_err_set(err, -ENODEV,
			"port \"%s\": device \"%s\" %s: no DPDK driver has that name; net_af_packet, "
			"net_af_xdp, net_tap and net_memif are usual",
			p->name, p->device, what);
	return rs_err_set(err, -ENODEV, "port \"%s\": device \"%s\" %s: %s; %s", p->name, p->device,
		what, rc == -EPERM ? "the driver refused" : rte_strerror(-rc),
		p->kind == RS_NET_KIND_PCI
			? "bind it to vfio-pci (dpdk-devbind.py -b vfio-pci ADDRESS)"
			: "see what DPDK printed about it, that no other program has it, and that it has a queue "
			  "for each worker of the port");
}

bool
rs_net_probe_mac_is_peers(const struct rs_net_port *p)
{
	const struct kind *kind = p->kind == RS_NET_KIND_VDEV ? kind_of(p->device) : NULL;

	return kind && kind->peers_mac;
}
