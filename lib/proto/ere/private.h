/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Inside of the matcher, for its own files and its tests. The way from text to match:
 *
 *   parse.c, bracket.c   pattern -> tree
 *   node.c               the tree's nodes, and what is known of each
 *   emit.c               tree -> states (an NFA)
 *   dfa.c                states -> table, where it stays small
 *   literal.c            the bytes that every match begins with
 *   search.c             where the whole match is
 *   submatch.c           where the groups are, given the whole
 */
#ifndef RS_PROTO_ERE_PRIVATE_H
#define RS_PROTO_ERE_PRIVATE_H

#include "proto/ere/ere.h"

#define RS_ERE_STATES_MAX  4000
#define RS_ERE_PATTERN_MAX 65535      /* bytes */
#define RS_ERE_NEST_MAX    200        /* parentheses inside one another: they cost stack */
#define RS_ERE_DUP_MAX     32767      /* RE_DUP_MAX of glibc */
#define RS_ERE_INF         UINT32_MAX /* a length or a count without bound */
#define RS_ERE_NONE        (-1)
#define RS_ERE_NO_SLOT     0xff
#define RS_ERE_SLOTS_MAX   (2 * RS_ERE_GROUPS)

/** A set of bytes. */
struct rs_ere_set {
	uint64_t w[4];
};

static inline bool
rs_ere_set_has(const struct rs_ere_set *s, uint8_t c)
{
	return s->w[c >> 6] >> (c & 63) & 1;
}

static inline void
rs_ere_set_add(struct rs_ere_set *s, uint8_t c)
{
	s->w[c >> 6] |= UINT64_C(1) << (c & 63);
}

enum rs_ere_kind {
	RS_ERE_EMPTY,
	RS_ERE_BYTE,
	RS_ERE_SET,
	RS_ERE_ASSERT,
	RS_ERE_CAT,
	RS_ERE_ALT,
	RS_ERE_REP,
	RS_ERE_GROUP,
};

enum rs_ere_assert {
	RS_ERE_BEGIN,
	RS_ERE_END,
	RS_ERE_WORD_BEGIN,
	RS_ERE_WORD_END,
	RS_ERE_WORD_EDGE,
	RS_ERE_NOT_WORD_EDGE,
};

/**
 * A node of the tree. Lengths, state count and groups are known as soon as a node is made, so
 * that a pattern which grows too large is refused before anything of that size exists.
 */
struct rs_ere_node {
	uint8_t kind;
	uint8_t arg; /* BYTE: its value, in lower case when case is ignored; ASSERT: which */
	uint8_t first_group; /* lowest reported group inside, 0: none */
	uint8_t slot;        /* as a piece of a CAT: where a sub-match pass keeps its end */
	bool mark;           /* as a piece of a CAT: its end is a choice, so the states mark it */
	uint16_t set;        /* SET */
	uint16_t entry;      /* states of one copy of this node: from entry until exit is reached */
	uint16_t exit;
	uint16_t group; /* GROUP: its number, from 1 */
	uint16_t slots; /* CAT: slots that a pass needs */
	int32_t first;  /* children, in order */
	int32_t last;
	int32_t next;
	int32_t prev;
	uint32_t rest; /* as a piece of a CAT: bytes behind it if that is one number, else INF */
	int32_t run;   /* as a piece of a CAT: it ends where the bytes of this SET or BYTE end */
	uint32_t min;  /* REP */
	uint32_t max;
	uint32_t len_min; /* bytes that it can match */
	uint32_t len_max;
	uint32_t states;
};

enum rs_ere_op {
	RS_ERE_OP_ACCEPT,
	RS_ERE_OP_BYTE,
	RS_ERE_OP_FOLD, /* a letter in either case */
	RS_ERE_OP_SET,
	RS_ERE_OP_SPLIT,
	RS_ERE_OP_ASSERT,
	RS_ERE_OP_MARK, /* end of a piece or iteration of .owner, for sub-match passes over it */
};

struct rs_ere_state {
	uint8_t op;
	uint8_t arg; /* BYTE, FOLD: value; ASSERT: which; MARK: slot */
	uint16_t x;  /* next */
	uint16_t y;  /* SPLIT: the other next; SET: its number */
	int32_t owner;
};

/** A deterministic table: row 0 is "dead". */
struct rs_ere_dfa {
	uint8_t class_of[256];
	uint8_t accept[256]; /* bit 0: anywhere, bit 1: at the end of the text */
	uint8_t start_begin; /* row to start from at the beginning of the text */
	uint8_t start_inside;
	uint16_t n_classes;
	uint8_t next[]; /* [row * n_classes + class] */
};

struct rs_ere_literal {
	uint8_t *p; /* NULL: none; in lower case when case is ignored */
	uint32_t len;
	uint32_t rare; /* index of the byte to look for first */
	bool fold;
	bool whole; /* the literal is all that the expression matches */
};

struct rs_ere {
	struct rs_ere_node *nodes;
	struct rs_ere_set *sets;
	struct rs_ere_state *states;
	struct rs_ere_dfa *dfa; /* NULL: too large, or the expression looks at word edges */
	struct rs_ere_literal literal;
	int32_t root;
	uint32_t n_nodes;
	uint32_t n_sets;
	uint32_t n_states;
	uint32_t n_groups;
	uint32_t slots_max; /* most slots of any sub-match pass */
	uint16_t start;
	bool icase;
	bool anchored;   /* can match only at the beginning of the text */
	bool first[256]; /* bytes that a match may begin with; all of them when it may be empty */
};

/** The tree while it grows. */
struct rs_ere_builder {
	const uint8_t *p;
	size_t len;
	size_t pos;
	bool icase;
	unsigned nest;
	unsigned n_groups;
	struct rs_ere_node *nodes;
	uint32_t n_nodes, cap_nodes;
	struct rs_ere_set *sets;
	uint32_t n_sets, cap_sets;
	int rc; /* the first error; later steps do nothing */
	const char *err;
	size_t err_off;
};

/** Head of the caller's scratch; lists of states follow. */
struct rs_ere_run {
	const struct rs_ere *re;
	const uint8_t *text;
	int32_t len;
	uint64_t steps; /* work done so far: tests hold it against the length of the text */
};

int32_t rs_ere_fail(struct rs_ere_builder *b, int rc, const char *err, size_t off);
int32_t rs_ere_node_leaf(struct rs_ere_builder *b, enum rs_ere_kind kind, uint8_t arg);
int32_t rs_ere_node_byte(struct rs_ere_builder *b, uint8_t c);
int32_t rs_ere_node_set(struct rs_ere_builder *b, const struct rs_ere_set *set);
int32_t rs_ere_node_group(struct rs_ere_builder *b, int32_t child, unsigned number);
int32_t rs_ere_node_rep(struct rs_ere_builder *b, int32_t child, uint32_t min, uint32_t max);
/**
 * A CAT or ALT of nodes already linked by rs_ere_node_append; fewer than two make no node of
 * their own.
 */
int32_t rs_ere_node_list(
	struct rs_ere_builder *b, enum rs_ere_kind kind, int32_t first, int32_t last);
void rs_ere_node_append(struct rs_ere_builder *b, int32_t *first, int32_t *last, int32_t node);

/** The whole pattern; RS_ERE_NONE on error, with b->rc, b->err and b->err_off set. */
int32_t rs_ere_parse(struct rs_ere_builder *b);
/** A bracket expression; b->pos is behind its '['. */
int32_t rs_ere_parse_bracket(struct rs_ere_builder *b);
/** A set by the name of its class ("alpha"); false when there is no such class. */
bool rs_ere_class(struct rs_slice name, struct rs_ere_set *set);
bool rs_ere_is_word(uint8_t c);

void rs_ere_emit(struct rs_ere *re);
/** Bytes that @node may begin with are added to @set. */
void rs_ere_first_bytes(const struct rs_ere *re, int32_t node, struct rs_ere_set *set);

int rs_ere_literal_init(struct rs_ere *re);
/** Offset of the first occurrence at or after @from, or -1. */
int32_t rs_ere_literal_find(
	const struct rs_ere_literal *lit, const uint8_t *text, int32_t len, int32_t from);

/** Leaves re->dfa NULL when there is none to be had; -ENOMEM. */
int rs_ere_dfa_build(struct rs_ere *re);

/** Does the assertion hold at offset @t? */
bool rs_ere_holds(const struct rs_ere_run *run, uint8_t which, int32_t t);
bool rs_ere_search(struct rs_ere_run *run, struct rs_ere_group *whole);
size_t rs_ere_search_scratch(const struct rs_ere *re);
void rs_ere_submatch(struct rs_ere_run *run, struct rs_ere_group *groups, unsigned n_groups);
size_t rs_ere_submatch_scratch(const struct rs_ere *re);

static inline bool
rs_ere_consumes(const struct rs_ere *re, const struct rs_ere_state *s, uint8_t c)
{
	switch (s->op) {
	case RS_ERE_OP_BYTE: return c == s->arg;
	case RS_ERE_OP_FOLD: return (c | 0x20) == s->arg;
	default: return rs_ere_set_has(&re->sets[s->y], c);
	}
}

#endif
