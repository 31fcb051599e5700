/*
 * Messages between processes: the expansions of ipc/messages.def and the one
 * generic encoder, decoder, checker and printer over them.
 *
 * On the wire a message is a msgpack array [version, message id, sender, map of
 * field id to value]. Decoding is strict: wrong version, unknown id, sender or
 * pattern, missing or repeated field, wrong type, trailing bytes, or more than
 * MSG_MAX bytes is an error, never a crash. NULL strings travel as nil.
 */
#ifndef DROP_IPC_MSG_H
#define DROP_IPC_MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#include "ipc/messages.def"

/* Bytes of a message; nng's RECVMAXSZ is set to it. */
#define MSG_MAX (1024 * 1024)

enum proc_id {
	PROC_NONE,
	PROC_WATCHER,
	PROC_RECONCILER,
	PROC_PULLER,
	PROC_DISCOVERER,
	PROC_METRICSD,
	PROC_CTL,
	PROC_COUNT,
	/* Catalogue only: every process that answers, which dropctl does not; who asks about
	   others. */
	PROC_ANY = PROC_COUNT,
	PROC_ASKER,
};

enum msg_pattern { MSG_PUB, MSG_REQ, MSG_REP };

struct msg_bin {
	const uint8_t *data;
	size_t len;
};

enum pull_result { /* pull_started.result */
		   PULL_CREATED,
		   PULL_EXISTS,  /* 409 AlreadyExists: as good as created */
		   PULL_REFUSED, /* 403, 404, 422: the text says why (behaviour.md 9, PodRejected)
				  */
		   PULL_FAILED,  /* not created as far as we know; may be asked again */
		   PULL_DROPPED, /* too late or of another term: never sent */
};

enum node_result { /* node_opened.result, node_said.result */
		   NODE_WRITTEN,
		   NODE_UNCHANGED, /* there is nothing to write, or the node is another, or gone */
		   NODE_CHANGED,   /* it changed between our read and our write: decide again */
		   NODE_FORBIDDEN, /* 403: the right is missing */
		   NODE_FAILED,    /* not written as far as we know; may be asked again */
		   NODE_DROPPED,   /* too late or of another term: never sent */
};

/* The member types of a field type. */
#define MSG_T_U64     uint64_t
#define MSG_T_I64     int64_t
#define MSG_T_BOOL    bool
#define MSG_T_STR     const char *
#define MSG_T_BIN     struct msg_bin
#define MSG_T_OBJECT  struct msg_bin
#define MSG_T_FRAME   struct msg_bin
#define MSG_T_LIST(g) struct msg_##g##_list

#define MSG_MEMBER(S, id, type, member, doc) MSG_T_##type member;
#define MSG_GROUP_STRUCT(g)                                                                        \
	struct msg_##g {                                                                           \
		FIELDS_##g(MSG_MEMBER, )                                                           \
	};                                                                                         \
	struct msg_##g##_list {                                                                    \
		struct msg_##g *at;                                                                \
		size_t n;                                                                          \
	};
GROUPS(MSG_GROUP_STRUCT)

#define MSG_ENUM(id, name, from, to, pattern, reply, doc) MSG_##name,
enum msg_type { MSG_none, MESSAGES(MSG_ENUM) MSG_COUNT };

#define MSG_STRUCT(id, name, from, to, pattern, reply, doc)                                        \
	struct msg_##name {                                                                        \
		FIELDS_##name(MSG_MEMBER, )                                                        \
	};
MESSAGES(MSG_STRUCT)

struct msg_field; /* ipc/msg_table.h */

struct msg_info {
	int id;
	const char *name;
	enum proc_id from, to;
	enum msg_pattern pattern;
	enum msg_type reply; /* MSG_none unless pattern is MSG_REQ */
	const char *doc;
	size_t size;
	const struct msg_field *fields;
	size_t n_fields;
};

extern const struct msg_info messages[MSG_COUNT]; /* indexed by enum msg_type */

const char *proc_id_name(enum proc_id id);
/* -1 if unknown. */
int proc_id_find(const char *name);

/* body is the struct msg_<name>. Over MSG_MAX: ERR_BUG, out unchanged. */
int msg_encode(enum msg_type type, enum proc_id from, const void *body, struct buf *out,
	       struct err *err);

struct msg {
	enum msg_type type;
	enum proc_id from;
	void *body; /* struct msg_<name>, in the arena; bytes and strings too */
};

/* Why a message is refused; each is a `fault` of drop_messages_dropped_total. */
#define MSG_FAULTS(X)                                                                              \
	X(oversize, "more than MSG_MAX bytes")                                                     \
	X(malformed, "not msgpack: cut off, too deep, or longer than its bytes")                   \
	X(bundle, "not whole messages, each after its head (ipc/bundle.h)")                        \
	X(trailing, "bytes after the message")                                                     \
	X(envelope, "not [version, id, sender, fields]")                                           \
	X(version, "sent by another build")                                                        \
	X(unknown, "no such message")                                                              \
	X(sender, "its sender may not send it")                                                    \
	X(reader, "not meant for this process")                                                    \
	X(field_unknown, "a field that the message does not have")                                 \
	X(field_repeated, "a field twice")                                                         \
	X(field_missing, "a field is not there")                                                   \
	X(field_type, "a field of the wrong type")                                                 \
	X(pattern, "came over a socket for other messages")                                        \
	X(no_handler, "the process has no handler for it")

#define MSG_FAULT_ENUM(name, doc) MSG_FAULT_##name,
enum msg_fault { MSG_FAULTS(MSG_FAULT_ENUM) MSG_FAULT_COUNT };

const char *msg_fault_name(enum msg_fault fault);

/* to: the process that reads it; PROC_ANY: whoever. ERR_TERMINAL with the reason. */
int msg_decode(const void *bytes, size_t len, enum proc_id to, struct arena *a, struct msg *ret,
	       struct err *err);
/* The same; *fault is set on failure. */
int msg_decode_why(const void *bytes, size_t len, enum proc_id to, struct arena *a, struct msg *ret,
		   enum msg_fault *fault, struct err *err);
/* May a process be the from or to of a row? ANY is everybody but the other party and dropctl. */
bool msg_party(enum proc_id row, enum proc_id other, enum proc_id id);

/* Appends {"type":..,"from":..,<fields>} as one JSON line without newline; BIN objects of
 * `change` rows are printed by their descriptor, a nested tap frame as its message. */
void msg_dump(const struct msg *m, struct buf *out);
/* Appends the rows of the message's first list as JSON objects with commas between them. */
void msg_dump_rows(enum msg_type type, const void *body, struct buf *out);
/* Appends a catalogue page in mdoc for man/drop-messages.7. */
void msg_man(struct buf *out);

#endif
