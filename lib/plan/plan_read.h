/* SPDX-License-Identifier: BSD-3-Clause */
/** What the files of the plan reader share. Private to lib/plan. */
#ifndef RS_PLAN_READ_H
#define RS_PLAN_READ_H

#include "plan/plan.h"
#include "plan/plan_settings.h"
#include "plan/plan_tree.h"

/**
 * What a plan takes from outside its own text. rs_plan_load and rs_plan_parse use the real one
 * (rs_plan_files); a test or a fuzz
 * target may bring another.
 */
struct rs_plan_io {
	uint32_t n_cores; /* of this machine; 0: ask the system */
	/**
	 * The file that a scenario's or injection file's @name means in the plan @plan_file.
	 * @return 0 with @path; -ENOENT with the places looked at in @err; other negative errno
	 */
	int (*find)(const char *plan_file, const char *name, bool is_scenario, char *path,
		size_t cap, struct rs_err *err);
	int (*scenario)(const char *file, const struct rs_scenario_opts *opts,
		struct rs_program **out, struct rs_findings *findings, struct rs_err *err);
	int (*data)(const char *file, struct rs_inject **out, struct rs_err *err);
	int (*payload)(const char *file, const struct rs_payload_want *want,
		struct rs_payload **out, struct rs_err *err);
	/* May such a certificate with its key be shown, such a file of authorities be used? NULL: that is not asked. */
	int (*cert)(const char *cert_file, const char *key_file, bool may_be_expired, struct rs_err *err);
	int (*ca)(const char *file, struct rs_err *err);
};
extern const struct rs_plan_io rs_plan_files;

/** rs_plan_parse with another outside. */
int rs_plan_read_text(const char *name, const char *text, size_t len, const struct rs_set *sets,
	uint32_t n_sets, const struct rs_plan_io *io, struct rs_plan **out, struct rs_err *err);

struct rs_reader {
	struct rs_plan *plan;
	struct rs_plan_mem *mem;
	const char *file;
	struct rs_node *root;
	const struct rs_plan_io *io;
	struct rs_err *err;
};

/** The part of the plan that is being read, for messages. */
struct rs_part {
	const struct rs_section *section;
	int index;                  /* in a list, else -1 */
	const struct rs_node *node; /* its group; NULL when the plan leaves the section out */
	const struct rs_part *in;   /* the part that this group is a setting of; NULL: a section */
};

/**
 * Set the error "FILE:LINE: SECTION[INDEX].SETTING: text", LINE being the setting's if it is there,
 * else the part's.
 * @param setting  NULL: about the part as a whole
 * @return @code
 */
int rs_part_fail(const struct rs_reader *r, const struct rs_part *p, const char *setting, int code,
	const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/** Part @index of a section. */
struct rs_part rs_part_of(const struct rs_reader *r, enum rs_section_id id, int index);

/** ": did you mean 'X'?" or "", in @buf. */
const char *rs_did_you_mean(
	const char *name, const char *const *names, size_t n, char *buf, size_t cap);

/** The group that the setting @s of @p holds, as a part of its own; @index as in rs_part_of. */
struct rs_part rs_part_inside(const struct rs_part *p, const struct rs_setting *s, int index);

/** The value @n of the setting @s of @p, checked and stored. @return 0, -EINVAL, -ENOMEM */
int rs_value_read(const struct rs_reader *r, const struct rs_part *p, const struct rs_setting *s,
	const struct rs_node *n, void *into);

/**
 * Check all settings of @p against its table and store those with an offset into @into; defaults
 * likewise.
 * @return 0; -EINVAL: unknown, of the wrong type, out of range, missing, not in this version;
 * -ENOMEM
 */
int rs_part_read(const struct rs_reader *r, const struct rs_part *p, void *into);

/** The text of the STRING setting @name: as set, else its default, else NULL. */
const char *rs_part_text(const struct rs_reader *r, const struct rs_part *p, const char *name);

/** Is @n what a STRINGS or INTS setting takes? @return 0, -EINVAL */
int rs_part_check_elements(const struct rs_reader *r, const struct rs_part *p,
	const struct rs_setting *s, const struct rs_node *n);

/**
 * The element number @i of the STRINGS setting @name (a plain string is its own only element); NULL
 * past the end.
 */
const char *rs_part_string(const struct rs_part *p, const char *name, uint32_t i);
uint32_t rs_part_n(const struct rs_part *p, const char *name);

/**
 * Store the number of a setting that is not in a table's struct (thresholds). @return 0, -EINVAL
 */
int rs_part_number(const struct rs_reader *r, const struct rs_part *p, const struct rs_node *n,
	const struct rs_setting *s, double *value);

/** Is @name one for the command line: a letter, then letters, digits, '-' and '_', 63 at most? */
int rs_part_check_name(const struct rs_reader *r, const struct rs_part *p, const char *name);

/* the sections, in the order in which they are read */
int rs_read_machine(struct rs_reader *r); /* sut, targets, workers */
int rs_read_ports(struct rs_reader *r);
int rs_read_media(struct rs_reader *r);
int rs_read_tls(struct rs_reader *r);
int rs_read_endpoints(struct rs_reader *r);
/** tls of a group. */
int rs_read_group_tls(const struct rs_reader *r, const struct rs_part *p, struct rs_plan_group *g);
/** The files of the profiles' certificates, as many as their groups need. */
int rs_read_certs(const struct rs_reader *r);
/** media and rtp_ports of a group; behind its addresses and SIP port. */
int rs_read_group_media(
	const struct rs_reader *r, const struct rs_part *p, struct rs_plan_group *g);
/** The profile of each activity's calls; one is made up for those whose scenario has media steps and whose group has none. */
int rs_imply_media(struct rs_reader *r);
int rs_check_overlaps(const struct rs_reader *r); /* of the groups' addresses and SIP ports */
int rs_read_activities(struct rs_reader *r);
int rs_read_scenario(struct rs_reader *r, const struct rs_part *p, struct rs_plan_activity *a);
int rs_read_agent(struct rs_reader *r, const struct rs_part *p,
	struct rs_plan_group *g); /* password, auth_user, credentials, ua */
/** The duration @name, fixed or drawn: @out is a fixed 0 where the plan leaves it out. */
int rs_read_dist(const struct rs_reader *r, const struct rs_part *p, const char *name,
	struct rs_dist *out);
int rs_read_shape(const struct rs_reader *r, const struct rs_part *p, struct rs_plan_activity *a);
/** A program without steps, the plan's own, for activities that play no scenario. */
int rs_plan_own_program(const struct rs_reader *r, struct rs_plan_activity *a, const char *name);
int rs_read_drop(struct rs_reader *r, const struct rs_part *p, struct rs_plan_activity *a);
int rs_read_register(struct rs_reader *r, const struct rs_part *p, struct rs_plan_activity *a);
int rs_read_starts(const struct rs_reader *r); /* when all activities are read */
int rs_check_ceiling(const struct rs_reader *r); /* after that */
int rs_read_run(struct rs_reader *r);
int rs_check_routes(
	const struct rs_reader *r); /* destinations: targets, prefixes, gateways, ring pairs */

/** Apply one --set to the tree. */
int rs_set_apply(
	struct rs_plan_mem *m, struct rs_node *root, const struct rs_set *set, struct rs_err *err);

enum { RS_PATTERN_NONE, RS_PATTERN_INDEX, RS_PATTERN_RANDOM }; /* rs_pattern.what */

/** Divide any text at its field. @return 0; -EINVAL with a reason of static text in @why */
int rs_pattern_divide(const char *text, struct rs_pattern *out, const char **why);

/** Bytes of the longest text that it makes of a number of 32 bits. */
size_t rs_pattern_longest(const struct rs_pattern *p);

/** Divide a user's text. @return 0; -EINVAL with a reason of static text in @why */
int rs_pattern_parse(const char *text, struct rs_pattern *out, const char **why);

/** A "sip:" URI of a plan: [user@]host[:port][;transport=udp|tcp|tls|ws], or "sips:". */
struct rs_plan_uri {
	struct rs_slice user; /* p NULL: none */
	struct rs_slice host; /* with its brackets */
	uint16_t port;        /* 0: not given */
	int8_t transport;     /* enum rs_transport; -1: not given. WebSocket's may be secure as well: sips says so */
	bool sips;
	struct rs_addr addr;  /* family 0: the host is a name */
};
int rs_uri_parse(const char *text, struct rs_plan_uri *out, const char **why);
/** Does @uri ask for what @g speaks? Its port is filled in. @return 0, -EINVAL: @setting names the plan's error */
int rs_uri_check(const struct rs_reader *r, const struct rs_part *p, const char *setting, const char *text, struct rs_plan_uri *uri,
	enum rs_transport transport);

/**
 * "198.18.0.2/20"; without "/n" the whole address. @return 0; -EINVAL with a reason of static text
 * in @why
 */
int rs_prefix_parse(const char *text, struct rs_prefix *out, const char **why);
bool rs_in_prefixes(const struct rs_addr *a, const struct rs_prefix *p, uint32_t n);

/** Transport, connections, proxies of group @g. @return 0, negative with the error set */
int rs_read_transport(struct rs_reader *r, const struct rs_part *p, struct rs_plan_group *g);

/** Text of an address for messages. @return @buf */
const char *rs_addr_text(const struct rs_addr *a, char buf[48]);

#endif
