/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * A scenario compiled to a program: what one call does, step by step. Immutable once compiled; shared by all workers.
 * The compiler (scenario.h) makes it, the engine plays it; the order of the steps is the order of the file (labels are resolved).
 */
#ifndef RS_PLAN_PROGRAM_H
#define RS_PLAN_PROGRAM_H

#include "base/dist.h"
#include "plan/inject.h"
#include "plan/plan_media.h"
#include "proto/ere/ere.h"
#include "proto/sip/template.h"

#define RS_NO_STEP (-1)
#define RS_NO_VAR  (-1)
#define RS_MAX_RTD 8
#define RS_MAX_STEPS 1000

enum rs_step_kind { RS_STEP_SEND, RS_STEP_RECV, RS_STEP_PAUSE, RS_STEP_TIMEWAIT, RS_STEP_NOP };

enum rs_optional { RS_MANDATORY, RS_OPTIONAL, RS_OPTIONAL_GLOBAL };

enum rs_action_kind {
	RS_ACT_EREG,
	RS_ACT_LOG,
	RS_ACT_WARNING,
	RS_ACT_ERROR,	  /* here: fails the call and counts; it never ends the process */
	RS_ACT_ASSIGN,	  /* var_out = value or number of var_in */
	RS_ACT_ASSIGNSTR, /* var_out = template */
	RS_ACT_ADD, RS_ACT_SUBTRACT, RS_ACT_MULTIPLY, RS_ACT_DIVIDE,
	RS_ACT_TODOUBLE,
	RS_ACT_TEST,	  /* var_in compare (value or var_in2) */
	RS_ACT_STRCMP,	  /* var_in with value text or var_in2 */
	RS_ACT_TRIM,
	RS_ACT_GETTIMEOFDAY, /* var_outs[0] seconds, [1] microseconds */
	RS_ACT_INDEX,
	RS_ACT_STOP_CALL,
	RS_ACT_STOP_GRACEFULLY,
	RS_ACT_STOP_NOW,
	RS_ACT_VERIFYAUTH, /* var_out[0] = do the credentials of the last request fit template (user) and template2 (password)? */
	RS_ACT_SETDEST,	   /* from now on to template (an address) and template2 (its port); transport must be the call's own */
	RS_ACT_CLOSECON,   /* the connection that the call is on is closed */
	RS_ACT_MEDIA,	   /* media: what (enum rs_media_step), clip or template */
	RS_ACTS
};

/** What a media step wants of the streams of its call. */
enum rs_media_step {
	RS_STEP_PLAY,	/* clip */
	RS_STEP_DIGITS, /* template: digits, and how long each is */
	RS_STEP_HUSH,	/* what is played rests */
	RS_STEP_GO_ON,	/* and goes on */
	RS_STEP_ECHO,	/* what comes is sent back; value 0: no longer */
};

enum rs_search { RS_SEARCH_MSG, RS_SEARCH_HDR, RS_SEARCH_BODY, RS_SEARCH_VAR };
enum rs_compare { RS_CMP_EQ, RS_CMP_NE, RS_CMP_GT, RS_CMP_LT, RS_CMP_GE, RS_CMP_LE };

struct rs_action {
	uint8_t kind;	      /* enum rs_action_kind */
	uint8_t search;	      /* EREG: enum rs_search */
	uint8_t compare;      /* TEST */
	uint8_t media;	      /* MEDIA: enum rs_media_step */
	uint8_t transport;    /* SETDEST: enum rs_transport; RS_TRANSPORTS: any */
	int32_t clip;	      /* MEDIA: index into clips; -1: none */
	bool check_it, check_it_inverse;
	bool start_line;      /* EREG in a header: only where the header's name stands at a line's start */
	bool has_value;	      /* a literal value is given, else var_in2 (TEST, STRCMP) or var_in (ASSIGN, ADD ...) */
	uint8_t n_out;
	int16_t var_out[RS_ERE_GROUPS];
	int16_t var_in, var_in2;
	uint16_t occurrence;  /* EREG in a header: which one, from 1 */
	int32_t template;     /* LOG, WARNING, ERROR, ASSIGNSTR, SETDEST's host, STRCMP value: index into templates, -1 none */
	int32_t template2;    /* VERIFYAUTH: the password; SETDEST: the port; -1: none */
	int32_t ere;	      /* EREG: index into eres */
	double value;
	struct rs_slice header; /* EREG: as the scenario writes it, with its colon if it has one: the search starts behind it */
	bool header_any_case; /* EREG: case_indep holds for the header's name, too */
	uint8_t header_id;    /* enum rs_sip_header_id of it */
	int32_t line;
};

struct rs_step {
	uint8_t kind;	     /* enum rs_step_kind */
	/* common */
	bool ignoresdp, crlf, hide, repeat_rtd, condexec_inverse;
	int8_t start_rtd;    /* -1: none; else number of the timer */
	int8_t rtd;
	int16_t counter;     /* -1, else index into counters */
	int16_t condexec;    /* variable or RS_NO_VAR */
	int16_t test;	     /* with next */
	int16_t next;	     /* step, or RS_NO_STEP */
	int16_t ontimeout;   /* step, or RS_NO_STEP */
	uint32_t chance;     /* next is taken when a 32-bit random number is below it; UINT32_MAX: always */
	uint32_t lost;	     /* the same for dropping the message; 0: never */
	uint32_t first_action;
	uint32_t n_actions;
	int32_t line;	     /* of the scenario file */
	/* send */
	int32_t template;    /* index into templates */
	uint8_t method;	     /* send: of a request, RS_SIP_OTHER with status set in a response; recv: of the request waited for */
	uint16_t status;     /* send or recv of a response: its code; 0: a request */
	struct rs_slice method_text; /* send or recv of a request */
	uint64_t retrans_ns; /* send: first retransmission; 0: none */
	/* recv */
	uint8_t optional;    /* enum rs_optional */
	bool rrs;
	bool auth;	     /* its challenges are kept for a later [authentication] */
	bool advance_state;  /* false: match and act, but stay */
	uint64_t timeout_ns; /* 0: the activity's `timeout` */
	uint64_t methods;    /* recv of a response: bit per enum rs_sip_method sent in some step before this one; and, ... */
	struct rs_slice methods_text; /* ... for methods without a number, their concatenated text (the loose CSeq rule) */
	/* pause, timewait */
	struct rs_dist pause;
	/* what the rest of the program may want of the message received here (recv) */
	uint64_t keep;	     /* bit per enum rs_sip_header_id: these headers are kept */
	bool keep_all;	     /* the whole message ([last_message]) */
	bool keep_other;	/* headers without a number are named by some later [last_X]: keep those in keep_names */
};

enum rs_var_scope { RS_VAR_CALL, RS_VAR_GLOBAL, RS_VAR_USER };

struct rs_var {
	struct rs_slice name;
	uint8_t scope; /* enum rs_var_scope */
};

/** [fieldN file="x" line=expr] */
struct rs_field_ref {
	int16_t file;	  /* index into the activity's injection files; 0 the default one */
	uint16_t field;
	int16_t line_var; /* variable with the line, or RS_NO_VAR: the call's own line */
	int32_t line;	  /* fixed line, -1: none */
};

/** [fill text="X" variable="len"] */
struct rs_fill {
	struct rs_slice text;
	int16_t var;
};

/** [authentication username=X password=Y]: templates, -1 where it does not say: the endpoint's own */
struct rs_auth_ref {
	int32_t username, password;
};

struct rs_program {
	struct rs_slice name;	     /* of the scenario */
	const char *file;
	uint64_t digest;	     /* of the file's text */
	bool is_server;		     /* the first send or recv is a recv */
	const struct rs_step *steps;
	uint32_t n_steps;
	const struct rs_action *actions;
	uint32_t n_actions;
	const struct rs_template *templates;
	uint32_t n_templates;
	struct rs_ere *const *eres;
	uint32_t n_eres;
	size_t ere_scratch;	     /* bytes, the largest of them */
	const struct rs_var *vars;
	uint32_t n_vars;	     /* of the call; frame size follows */
	const struct rs_field_ref *fields;
	uint32_t n_fields;
	const struct rs_fill *fills;
	uint32_t n_fills;
	const struct rs_slice *keep_names; /* headers without a number that are kept */
	uint32_t n_keep_names;
	const struct rs_auth_ref *auths; /* uses of [authentication] */
	uint32_t n_auths;
	const struct rs_slice *rtds; /* names of the response timers */
	uint32_t n_rtds;
	const struct rs_slice *counters;
	uint32_t n_counters;
	/* what is sent when a call ends before its scenario does (templates; -1: not needed) */
	int32_t abort_ack, abort_bye, abort_cancel, auto_200;
	const struct rs_clip *clips; /* what its media steps play */
	uint32_t n_clips;
	bool media;		     /* it has media steps: its calls have RTP ports, whether or not their group has a profile */
	bool video, image;	     /* some of them play m=video, m=image */
	bool crypto;		     /* its descriptions have keys: [cryptokeyparams1audio] and so on */
	int32_t abort_refused;	     /* ACK to a refusal of the first INVITE: its own lines, To as it was answered */
	void *memory;		     /* of the compiler */
};

void rs_program_free(struct rs_program *p);

/** "INVITE", "200", "pause", ... of a step, for people. @return @buf */
const char *rs_step_name(const struct rs_program *p, uint32_t step, char *buf, size_t cap);

#endif
