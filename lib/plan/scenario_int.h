/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * What the files of the scenario compiler share; nothing outside lib/plan/scenario*.c includes
 * this.
 */
#ifndef RS_PLAN_SCENARIO_INT_H
#define RS_PLAN_SCENARIO_INT_H

#include <stdlib.h>

#include "plan/scenario.h"

#define RS_SC_MAX_FINDINGS 500
#define RS_SC_MAX_FILE     (4u << 20)  /* bytes of a scenario */
#define RS_SC_MAX_INLINE   (64u << 10) /* bytes of one [file name="..."] */
#define RS_SC_MAX_TEXT     (16u << 20) /* bytes of all literal text */

/** Memory that lives as long as the program: blocks in a list, freed together. */
struct rs_sc_pool {
	struct rs_sc_block *blocks;
	struct rs_ere **eres; /* freed one by one */
	uint32_t n_eres;
};

/** A growing array; its bytes are moved into the pool when the program is finished. */
struct rs_sc_vec {
	void *p;
	uint32_t n, cap;
};

struct rs_sc_attr {
	const char *name;
	struct rs_slice value; /* escapes resolved; a NUL follows */
	const char *text;      /* value.p */
};

/** An element of the file. */
struct rs_sc_node {
	const char *name;
	int line;
	uint32_t n_attrs;
	const struct rs_sc_attr *attrs;
	struct rs_sc_node *parent, *first, *last, *next;
	struct rs_slice cdata; /* of its first CDATA section; absent: none */
	int cdata_line;
	bool more_cdata;
	int stray_line;  /* of text outside CDATA, 0: none */
	bool text_first; /* CDATA stood before the first child */
};

/** A label's use, to be resolved when all labels are known. */
struct rs_sc_jump {
	uint32_t step;
	bool ontimeout;
	const char *label;
	int line;
};

struct rs_sc_label {
	const char *name;
	int step;
	int line;
	bool used;
};

/** What is known of a variable beside its name and scope; same index as the program's vars. */
struct rs_sc_use {
	uint32_t uses;
	bool assigned;
	bool referenced; /* named in a Reference */
	int line;        /* of the first use */
};

/** Values of an [authentication], to be compiled when the message that it stands in has been. */
struct rs_sc_auth_text {
	struct rs_slice username, password; /* absent: not given */
	int line;
};

struct rs_sc_rtd {
	int started_line, stopped_line; /* 0: never */
};

/** A text on its way to a template: cleaned, with the source line of each of its lines. */
struct rs_sc_text {
	uint8_t *p;
	size_t len;
	struct {
		uint32_t off;
		int line;
	} * lines;
	uint32_t n_lines;
};

struct rs_sc {
	const char *name; /* of the file */
	const struct rs_scenario_opts *opts;
	struct rs_findings *findings;
	struct rs_sc_pool *pool;
	bool oom;
	/* parts of the program */
	struct rs_slice title;
	struct rs_sc_vec steps, actions, templates, ops, text, eres, vars, fields, fills,
		keep_names, rtds, counters, auths, clips;
	/* beside it */
	struct rs_sc_vec uses, rtd_marks, labels, jumps, auth_texts;
	uint32_t template_auths; /* auths before the template that is being made */
	bool hide_rest;
	bool media; /* there are media steps, or keywords for their ports and keys */
	bool video, image, crypto; /* of them: for m=video, m=image; keywords for keys */
	int optional_line; /* of the optional recvs that no mandatory one has followed yet; 0: none */
	int timewait_line;
	int32_t invite_step;      /* first step that sends an INVITE, -1: none */
	struct rs_sc_text invite; /* and its text */
	int32_t aborts[5];        /* abort_ack, abort_bye, abort_cancel, auto_200, abort_refused */
	uint32_t template_ops;    /* first op of the template that is being made */
	struct {		  /* the m= lines with a port keyword so far in it */
		bool seen[2];	  /* audio; video or image */
		bool video;	  /* the last one of them */
		int32_t n;	  /* and its offset: [media_port+2] */
	} lines;
	uint8_t sink[512];        /* where an element goes that there is no memory for */
};

/**
 * Kind of a sendCmd or recvCmd while its attributes are read; they are not built and become a nop.
 */
#define RS_SC_STEP_CMD (RS_STEP_NOP + 1)

/* scenario.c */
void *rs_sc_alloc(
	struct rs_sc *c, size_t size); /* zeroed, of the pool; NULL and c->oom without memory */
char *rs_sc_copy(struct rs_sc *c, const void *p, size_t len); /* with a NUL behind */
/** A new zeroed element of @v; never NULL (without memory it is the sink, and c->oom is set). */
void *rs_sc_push(struct rs_sc *c, struct rs_sc_vec *v, size_t size);
void rs_sc_error(struct rs_sc *c, int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void rs_sc_warn(struct rs_sc *c, int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/** @construct: its name, static text. */
void rs_sc_unsupported(struct rs_sc *c, int line, const char *construct, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

#define RS_SC_AT(vec, type, i) (&((type *)(vec).p)[i])

/* scenario_tidy.c */
/**
 * A file made XML, and the lines of its start tags and CDATA sections in their order (vectors of
 * int).
 */
struct rs_sc_tidy {
	struct rs_sc_vec out; /* bytes */
	struct rs_sc_vec tag_lines, cdata_lines;
};
/**
 * @return false after a finding or without memory; the vectors are the caller's to free in any case
 */
bool rs_sc_tidy(struct rs_sc *c, struct rs_slice xml, struct rs_sc_tidy *out);

/* scenario_xml.c */
/** Read the elements of @xml. @return the root, or NULL with a finding (or c->oom) */
struct rs_sc_node *rs_sc_xml(struct rs_sc *c, struct rs_slice xml);

/* scenario_attr.c */
const struct rs_sc_attr *rs_sc_attr(const struct rs_sc_node *n, const char *name);
bool rs_sc_bool(struct rs_sc *c, const struct rs_sc_node *n, const struct rs_sc_attr *a, bool *out);
bool rs_sc_long(struct rs_sc *c, const struct rs_sc_node *n, const struct rs_sc_attr *a, long min,
	long max, long *out);
bool rs_sc_double(
	struct rs_sc *c, const struct rs_sc_node *n, const struct rs_sc_attr *a, double *out);
/** A string attribute: the value after the second pass over HTML entities. */
struct rs_slice rs_sc_string(struct rs_sc *c, const struct rs_sc_attr *a);
/** The next name of a list "a, b"; @pos is 0 first. @return false at the end */
bool rs_sc_list(struct rs_sc *c, struct rs_slice list, size_t *pos, struct rs_slice *out);
/** Number of variable @name, made when it is new; RS_NO_VAR after a finding. */
int16_t rs_sc_var(struct rs_sc *c, int line, struct rs_slice name, bool assign);
/** Finding for attribute @a that none of @names is. */
void rs_sc_unknown_attr(struct rs_sc *c, const struct rs_sc_node *n, const struct rs_sc_attr *a,
	const char *const *names, size_t n_names);

/** One attribute of a step being read. */
struct rs_sc_take {
	struct rs_sc *c;
	const struct rs_sc_node *n;
	const struct rs_sc_attr *a;
	struct rs_step *s;
	uint32_t step;
};

/* scenario_pause.c */
#define RS_SC_MAX_MS 2147483647L
void rs_sc_take_milliseconds(struct rs_sc_take *j);
void rs_sc_take_pause_variable(struct rs_sc_take *j);
/** distribution="..." or, as older files do, an attribute with the distribution's name. */
void rs_sc_take_distribution(struct rs_sc_take *j);
void rs_sc_take_min(struct rs_sc_take *j);
void rs_sc_check_pause(struct rs_sc *c, const struct rs_sc_node *n);

/* scenario_step.c */
/** The attributes of step number @step, which element @n describes. */
void rs_sc_step_attrs(struct rs_sc *c, struct rs_sc_node *n, uint32_t step);

/* scenario_elem.c */
void rs_sc_elements(struct rs_sc *c, struct rs_sc_node *root);

/** What a text is: a message with a body, keywords only, or not even these. */
enum rs_sc_use_of_text { RS_SC_MESSAGE, RS_SC_STRING, RS_SC_LITERAL };

/** One action being read. */
struct rs_sc_act {
	struct rs_sc *c;
	struct rs_sc_node *n;
	struct rs_action a;
	uint32_t step;
	bool drop; /* nothing is to be played */
};

/* scenario_ereg.c */
void rs_sc_ereg(struct rs_sc_act *j);

/* scenario_media.c: the exec attributes of media */
void rs_sc_play_pcap(struct rs_sc_act *j, const struct rs_sc_attr *a);
void rs_sc_rtp_stream(struct rs_sc_act *j, const struct rs_sc_attr *a);
void rs_sc_play_dtmf(struct rs_sc_act *j, const struct rs_sc_attr *a);
void rs_sc_rtp_echo(struct rs_sc_act *j, const struct rs_sc_attr *a);
void rs_clips_free(const struct rs_clip *clips, uint32_t n);

/* scenario_action.c */
/** assign_to: from @min to @max variables. */
void rs_sc_take_out(struct rs_sc_act *j, unsigned min, unsigned max);
/** variable="name" */
void rs_sc_take_in(struct rs_sc_act *j);
/** check_it, check_it_inverse */
void rs_sc_take_checks(struct rs_sc_act *j);
/** A needed attribute @name with text; NULL after a finding that gives @example. */
const struct rs_sc_attr *rs_sc_need(struct rs_sc_act *j, const char *name, const char *example);
/** The template of attribute @a. */
int32_t rs_sc_attr_template(
	struct rs_sc_act *j, const struct rs_sc_attr *a, enum rs_sc_use_of_text use);
void rs_sc_actions(struct rs_sc *c, struct rs_sc_node *action, uint32_t step);

/* scenario_text.c */
/** Clean the CDATA of a message (SIPp's rules: see the file). @return false without memory */
bool rs_sc_clean(struct rs_sc *c, struct rs_slice cdata, int line, struct rs_sc_text *out);
/** A text that is taken as it stands. */
bool rs_sc_plain(struct rs_sc *c, struct rs_slice text, int line, struct rs_sc_text *out);
int rs_sc_text_line(const struct rs_sc_text *t, size_t off);
/** The start line of a cleaned message: what it sends. @return false after a finding */
bool rs_sc_start_line(struct rs_sc *c, const struct rs_sc_text *t, struct rs_step *s);

/* scenario_template.c */
/** Compile @t. @return number of the template */
int32_t rs_sc_template(struct rs_sc *c, const struct rs_sc_text *t, enum rs_sc_use_of_text use);

/* scenario_family.c */
bool rs_sc_is_family(struct rs_slice kw);
/** Take @kw if it belongs to a family of keywords. @return it does */
bool rs_sc_family(struct rs_sc *c, struct rs_slice kw, int line);
/**
 * The value of @name in @params (name="value" name=value); what is between quotes may hold anything
 * but a quote. @return absent: not given
 */
struct rs_slice rs_sc_param(struct rs_slice params, const char *name);

/* scenario_auth.c */
bool rs_sc_is_auth(struct rs_slice kw);
/** [authentication ...] */
void rs_sc_auth(struct rs_sc *c, struct rs_slice kw, int line, enum rs_sc_use_of_text use);
/** The template with the last [authentication]s is made: now their own values are. */
void rs_sc_auth_values(struct rs_sc *c);
/** <verifyauth> */
void rs_sc_verifyauth(struct rs_sc_act *j);
/** Is there anything that uses the challenges that <recv auth="true"> keeps? */
void rs_sc_check_auth(struct rs_sc *c);

/* scenario_crypto.c */
bool rs_sc_is_crypto(struct rs_slice kw);
/** Take @kw if it is a keyword of an a=crypto line. @return it is */
bool rs_sc_crypto(struct rs_sc *c, struct rs_slice kw);

/* scenario_keyword.c */
/** Keyword in brackets, without them, at @line. */
void rs_sc_keyword(struct rs_sc *c, struct rs_slice kw, int line, enum rs_sc_use_of_text use);
bool rs_sc_is_keyword(struct rs_slice kw);
void rs_sc_literal(struct rs_sc *c, const void *p, size_t len);
struct rs_op *rs_sc_op(struct rs_sc *c, enum rs_slot slot);
/** Append to the text of the templates without an op. @return its offset */
uint32_t rs_sc_text_add(struct rs_sc *c, const void *p, size_t len);

/* scenario_abort.c */
void rs_sc_abort_templates(struct rs_sc *c, bool is_server);

/* scenario_check.c */
void rs_sc_check(struct rs_sc *c);

/* scenario_keep.c */
void rs_sc_keep(struct rs_sc *c);

#endif
