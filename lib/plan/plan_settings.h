/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Every setting of a plan, as data: the reader, the documentation and the messages about unknown
 * names all come from these
 * tables. Private to lib/plan.
 */
#ifndef RS_PLAN_SETTINGS_H
#define RS_PLAN_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum rs_setting_type {
	RS_SET_STRING,
	RS_SET_INT,
	RS_SET_FLOAT,
	RS_SET_BOOL,
	RS_SET_DURATION,
	RS_SET_WORD,    /* one of a few strings */
	RS_SET_STRINGS, /* a string, or an array or list of strings */
	RS_SET_INTS,    /* an array or list of integers */
	RS_SET_FLOATS,  /* an array or list of numbers */
	RS_SET_MS,      /* a duration, or a number of milliseconds; stored as a double, in ms */
	RS_SET_DIST,    /* a duration, or a group that describes a distribution of durations */
	RS_SET_GROUP,   /* { } of its own */
	RS_SET_GROUPS   /* ( { }, { } ) */
};

#define RS_SET_CUSTOM                                                                              \
	UINT16_MAX /* as offset: read by the section's own code, not stored by the table */
#define RS_SET_MAX_NS (365ull * 24 * 3600 * 1000000000ull)

/** A value of a WORD; its number is its place in the list. */
struct rs_word {
	const char *word;    /* NULL ends a list */
	const char *instead; /* not NULL: known, but not in this version; the remedy */
};

struct rs_section;

struct rs_setting {
	const char *name;
	const char *standard;        /* default, as one would write it in a plan; NULL: none */
	const char *unit;            /* NULL: none */
	const char *meaning;         /* one sentence or two */
	const char *later;           /* not NULL: known, but not in this version; the remedy */
	const struct rs_word *words; /* WORD */
	/**
	 * GROUP, GROUPS, DIST: the settings inside, documented with this one. Those of a GROUP that is not
	 * RS_SET_CUSTOM are stored in the same struct as the settings beside it.
	 */
	const struct rs_section *group;
	int64_t min, max;            /* INT, FLOAT; both 0: any */
	uint16_t offset;             /* into the section's struct, or RS_SET_CUSTOM */
	uint8_t size;                /* of the field there: 1, 2, 4, 8 */
	uint8_t type;                /* enum rs_setting_type */
	bool required;
	bool derived; /* standard is a description: nothing is stored when the setting is missing */
};

enum rs_section_shape {
	RS_SECTION_VALUE, /* one setting at the top */
	RS_SECTION_GROUP, /* NAME = { ... } */
	RS_SECTION_LIST   /* NAME = ( { ... }, { ... } ) */
};

struct rs_section {
	const char *name;
	const char *meaning;
	const struct rs_setting *settings; /* of a VALUE: the one setting itself */
	const uint32_t *n_settings;
	uint8_t shape; /* enum rs_section_shape */
	bool required;
	const char *later;
};

enum rs_section_id {
	RS_SECTION_SUT,
	RS_SECTION_TARGETS,
	RS_SECTION_WORKERS,
	RS_SECTION_PORTS,
	RS_SECTION_MEDIA,
	RS_SECTION_TLS,
	RS_SECTION_ENDPOINTS,
	RS_SECTION_ACTIVITIES,
	RS_SECTION_RUN,
	RS_SECTIONS
};

extern const struct rs_section rs_plan_sections[RS_SECTIONS];

/** Settings whose names are made of parts: <latency>_<stat>_ms. NULL-terminated. */
extern const char *const rs_plan_latencies[];
extern const char *const rs_plan_stats[];
extern const struct rs_word rs_mode_words[];
/** The thresholds with fixed names, run.thresholds. */
extern const struct rs_setting rs_plan_thresholds[];
extern const uint32_t rs_plan_n_thresholds;

/* the tables behind rs_plan_sections, one or two a file */
extern const struct rs_setting rs_settings_sut[], rs_settings_targets[], rs_settings_workers[],
	rs_settings_ports[], rs_settings_media[], rs_settings_endpoints[], rs_settings_activities[],
	rs_settings_run[], rs_settings_tls[];
extern const uint32_t rs_n_settings_sut, rs_n_settings_targets, rs_n_settings_workers,
	rs_n_settings_ports, rs_n_settings_media, rs_n_settings_endpoints, rs_n_settings_activities,
	rs_n_settings_run, rs_n_settings_tls;

/* groups inside the sections */
extern const struct rs_section rs_group_ua, rs_group_ws, rs_group_dist, rs_group_shape, rs_group_health,
	rs_group_keep_messages, rs_group_thresholds, rs_group_impair, rs_group_wrong, rs_group_dtx;

/** @return the row named @name of @n rows at @s, or NULL */
const struct rs_setting *rs_setting_find(const struct rs_setting *s, uint32_t n, const char *name);

#define RS_FIELD(type, field) .offset = offsetof(type, field), .size = sizeof(((type *)0)->field)
#define RS_COUNT(a)           (sizeof(a) / sizeof((a)[0]))

#endif
