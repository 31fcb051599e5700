/*
 * The catalogue as data, for the code that walks it: encoder, decoder, printer,
 * man page, fuzz seeds and the tests. Programs see only the structs (ipc/msg.h).
 */
#ifndef DROP_IPC_MSG_TABLE_H
#define DROP_IPC_MSG_TABLE_H

#include <stddef.h>

#include "ipc/msg.h"

#define MSG_VERSION 1

/* Fields of a message or a row: one bit each in the decoder's set of those seen. */
#define MSG_FIELDS_MAX 64

enum msg_field_type {
	MSG_F_U64,
	MSG_F_I64,
	MSG_F_BOOL,
	MSG_F_STR,
	MSG_F_BIN,
	MSG_F_OBJECT,
	MSG_F_FRAME,
	MSG_F_LIST,
};

struct msg_field {
	int id;
	const char *name, *doc;
	size_t offset;
	enum msg_field_type type;
	/* Lists: the fields and the size of a row, and the name of its group. */
	const struct msg_field *row;
	size_t n_row, row_size;
	const char *group;
};

struct msg_rows { /* the shape of every struct msg_<group>_list */
	void *at;
	size_t n;
};

/* Copies, because a list of rows of one type must not be read as a list of another. */
struct msg_rows msg_rows_get(const void *member);
const char *msg_str_get(const void *member);

#endif
