/* SPDX-License-Identifier: BSD-3-Clause */
/* What the test runs on: the system under test, targets, workers, ports. */
#include "base/steer.h"
#include "plan/plan.h"
#include "plan/plan_settings.h"

const struct rs_setting rs_settings_sut[] = {
	{ .name = "name",
		.type = RS_SET_STRING,
		RS_FIELD(struct rs_plan, sut_name),
		.meaning = "What is tested, for the report." },
	{ .name = "version",
		.type = RS_SET_STRING,
		RS_FIELD(struct rs_plan, sut_version),
		.meaning = "Its version, for the report." },
};
const uint32_t rs_n_settings_sut = RS_COUNT(rs_settings_sut);

const struct rs_setting rs_settings_targets[] = {
	{ .name = "targets",
		.type = RS_SET_STRINGS,
		.offset = RS_SET_CUSTOM,
		.required = true,
		.meaning =
			"Addresses and prefixes that packets may be sent to: signalling and media of the SUT. Nothing else is ever "
			"sent anywhere else, whatever a plan, a scenario or a peer says." },
};

const uint32_t rs_n_settings_targets = RS_COUNT(rs_settings_targets);

static const struct rs_word idle_words[] = { { "busy", NULL }, { "sleep", NULL }, { NULL, NULL } };

const struct rs_setting rs_settings_workers[] = {
	{ .name = "cores",
		.type = RS_SET_INTS,
		.offset = RS_SET_CUSTOM,
		.derived = true,
		.standard = "the last core",
		.meaning = "CPU cores, one worker each. A core may be listed again: its workers then take turns, which is good for trying "
			"out many workers, and for no figure about speed." },
	{ .name = "idle",
		.type = RS_SET_WORD,
		.words = idle_words,
		RS_FIELD(struct rs_plan, idle_sleep),
		.standard = "\"sleep\"",
		.meaning =
			"What a worker does with nothing to do: \"sleep\" until something is due, or poll (\"busy\")." },
	{ .name = "memory_mb",
		.type = RS_SET_INT,
		.min = 64,
		.max = 1 << 20,
		.unit = "MiB",
		RS_FIELD(struct rs_plan, memory_mb),
		.standard = "256",
		.meaning = "Memory for packets." },
	{ .name = "mbufs",
		.type = RS_SET_INT,
		.min = 2047,
		.max = 1 << 24,
		.unit = "packets",
		RS_FIELD(struct rs_plan, mbufs),
		.standard = "16383",
		.meaning = "Packet buffers of the pool; 2^n - 1 wastes no memory." },
	{ .name = "hugepages",
		.type = RS_SET_BOOL,
		RS_FIELD(struct rs_plan, hugepages),
		.standard = "false",
		.meaning =
			"Take the memory for packets from huge pages (they must be reserved); real NICs want it." },
	{ .name = "handshake_threads",
		.type = RS_SET_INT,
		.min = 1,
		.max = 32,
		.standard = "1",
		RS_FIELD(struct rs_plan, handshake_threads),
		.meaning =
			"Threads for TLS handshakes, started when a plan has TLS profiles. One does some 2,000 handshakes a second, and wants a "
			"core for that." },
	{ .name = "handshakes",
		.type = RS_SET_INT,
		.min = 1,
		.max = 65536,
		.standard = "2048",
		RS_FIELD(struct rs_plan, handshakes),
		.meaning =
			"Handshakes that one such thread has under way at a time, 30 KiB each; further ones wait, which counts as lateness." },
	{ .name = "handshake_queue",
		.type = RS_SET_INT,
		.min = 1,
		.max = 65536,
		.standard = "1024",
		RS_FIELD(struct rs_plan, handshake_queue),
		.meaning = "Handshakes that one worker may have with one thread, under way or waiting." },
	{ .name = "sessions",
		.type = RS_SET_INT,
		.min = 0,
		.max = 4000000,
		.standard = "65536",
		RS_FIELD(struct rs_plan, sessions),
		.meaning =
			"TLS sessions that one thread keeps for tls[].resume, some 1.5 KiB each, one an endpoint; the oldest go." },
	{ .name = "tls_fallback_mb",
		.type = RS_SET_INT,
		.min = 8,
		.max = 65536,
		.unit = "MiB",
		.derived = true,
		.standard = "by the plan's connections",
		RS_FIELD(struct rs_plan, fallback_mb),
		.meaning =
			"Memory for OpenSSL's records, where a TLS profile has suites with AES-CBC or AES-CCM: 20 KiB a connection, more while one "
			"shakes hands. What finds none fails." },
};
const uint32_t rs_n_settings_workers = RS_COUNT(rs_settings_workers);

static const struct rs_word steering_words[] = { [RS_STEER_AUTO] = { "auto", NULL },
	[RS_STEER_KEY] = { "hardware key", NULL },
	[RS_STEER_FLOW] = { "rte_flow", NULL },
	[RS_STEER_PAIR] = { "queue pair", NULL },
	[RS_STEER_SOFTWARE] = { "software", NULL },
	{ NULL, NULL } };

const struct rs_setting rs_settings_ports[] = {
	{ .name = "name",
		.type = RS_SET_STRING,
		.required = true,
		RS_FIELD(struct rs_plan_port, name),
		.meaning = "The port's name in this plan and in reports." },
	{ .name = "device",
		.type = RS_SET_STRING,
		.required = true,
		RS_FIELD(struct rs_plan_port, device),
		.meaning =
			"A PCI address (\"0000:3b:00.0\"), a DPDK device string (\"net_af_packet0,iface=eth1\"), or one end of a pair "
			"inside the process: \"ring:x/a\" is joined to \"ring:x/b\"." },
	{ .name = "vlan",
		.type = RS_SET_INT,
		.min = 0,
		.max = 4094,
		RS_FIELD(struct rs_plan_port, vlan),
		.standard = "0",
		.meaning = "The VLAN that all packets of the port carry; 0: untagged." },
	{ .name = "mtu",
		.type = RS_SET_INT,
		.min = 576,
		.max = 9600,
		.unit = "bytes",
		RS_FIELD(struct rs_plan_port, mtu),
		.standard = "1500",
		.meaning = "Largest IP packet." },
	{ .name = "mac",
		.type = RS_SET_STRING,
		.offset = RS_SET_CUSTOM,
		.derived = true,
		.standard = "the device's own",
		.meaning = "Ethernet address, as in \"02:00:00:00:00:01\"." },
	{ .name = "addresses",
		.type = RS_SET_STRINGS,
		.required = true,
		.offset = RS_SET_CUSTOM,
		.meaning =
			"The port's own addresses with their prefix lengths, as in [ \"198.18.0.2/20\" ]." },
	{ .name = "gateway",
		.type = RS_SET_STRINGS,
		.offset = RS_SET_CUSTOM,
		.meaning =
			"Next hop of destinations outside the prefixes: one address, or one of each family." },
	{ .name = "routed",
		.type = RS_SET_BOOL,
		RS_FIELD(struct rs_plan_port, routed),
		.standard = "false",
		.meaning =
			"The SUT has a route to the endpoints' addresses through this port's own address: they may lie outside the "
			"prefixes, and no neighbour entry is offered for each." },
	{ .name = "workers",
		.type = RS_SET_INTS,
		.offset = RS_SET_CUSTOM,
		.derived = true,
		.standard = "all",
		.meaning = "The workers that serve the port: positions in workers.cores, from 0." },
	{ .name = "steering",
		.type = RS_SET_WORD,
		.words = steering_words,
		RS_FIELD(struct rs_plan_port, steering),
		.standard = "\"auto\"",
		.meaning =
			"How what comes in finds the worker that owns it, where several serve the port: the first of \"hardware key\" (the "
			"device's RSS with a key of ours), \"rte_flow\", \"queue pair\" and \"software\" (redirected inside the process) "
			"that the device can do, or the one named here." },
	{ .name = "rx_descriptors",
		.type = RS_SET_INT,
		.min = 64,
		.max = 65535,
		.unit = "packets",
		.standard = "1024",
		RS_FIELD(struct rs_plan_port, rx_descriptors),
		.meaning = "Length of each receive queue." },
	{ .name = "tx_descriptors",
		.type = RS_SET_INT,
		.min = 64,
		.max = 65535,
		.unit = "packets",
		.standard = "1024",
		RS_FIELD(struct rs_plan_port, tx_descriptors),
		.meaning = "Length of each transmit queue." },
};
const uint32_t rs_n_settings_ports = RS_COUNT(rs_settings_ports);
