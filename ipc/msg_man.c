/*
 * The catalogue as a manual page (mdoc, drop-messages.7): each message with sender, receiver and
 * fields, in the order of messages.def.
 */
#include "ipc/msg.h"

#include "ipc/msg_table.h"

/* Plain text on a line of its own; a leading dot or quote would be a request, \ an escape. */
static void add_text(struct buf *out, const char *text)
{
	if (*text == '.' || *text == '\'')
		buf_adds(out, "\\&");
	for (; *text != '\0'; text++)
		if (*text == '\\')
			buf_adds(out, "\\e");
		else
			buf_add(out, text, 1);
	buf_adds(out, "\n");
}

static void add_fields(struct buf *out, const struct msg_field *fields, size_t n)
{
	static const char *const types[] = {
		[MSG_F_U64] = "unsigned",  [MSG_F_I64] = "integer",  [MSG_F_BOOL] = "boolean",
		[MSG_F_STR] = "string",    [MSG_F_BIN] = "bytes",    [MSG_F_OBJECT] = "object",
		[MSG_F_FRAME] = "message", [MSG_F_LIST] = "list of",
	};
	buf_adds(out, ".Bl -tag -width Ds -compact\n");
	for (size_t i = 0; i < n; i++) {
		buf_addf(out, ".It %d Va %s No (%s%s%s)\n", fields[i].id, fields[i].name,
			 types[fields[i].type], fields[i].type == MSG_F_LIST ? " " : "",
			 fields[i].type == MSG_F_LIST ? fields[i].group : "");
		add_text(out, fields[i].doc);
		if (fields[i].type == MSG_F_LIST)
			add_fields(out, fields[i].row, fields[i].n_row);
	}
	buf_adds(out, ".El\n");
}

static void add_message(struct buf *out, const struct msg_info *m)
{
	static const char *const patterns[] = {
		[MSG_PUB] = "Published", [MSG_REQ] = "Request", [MSG_REP] = "Answer"};
	buf_addf(out, ".Ss %d %s\n", m->id, m->name);
	buf_addf(out, "%s from %s to %s", patterns[m->pattern], proc_id_name(m->from),
		 proc_id_name(m->to));
	if (m->pattern == MSG_REQ)
		buf_addf(out, ", answered by\n.Sx \"%d %s\" .\n", messages[m->reply].id,
			 messages[m->reply].name);
	else
		buf_adds(out, ".\n");
	buf_adds(out, ".Pp\n");
	add_text(out, m->doc);
	add_fields(out, m->fields, m->n_fields);
}

void msg_man(struct buf *out)
{
	buf_adds(out,
		 ".\\\" Written by msgman from ipc/messages.def.\n"
		 ".Dd $Mdocdate$\n.Dt DROP-MESSAGES 7\n.Os\n.Sh NAME\n"
		 ".Nm drop-messages\n.Nd messages between the processes of drop\n"
		 ".Sh DESCRIPTION\n"
		 "A message is a msgpack array of the version of this format, the number of the\n"
		 "message, the number of its sender, and a map from field number to value.\n"
		 "All fields are always there; a string that is absent is nil.\n"
		 "Published messages may be lost.\n"
		 "A request is sent once and answered once, or not at all.\n"
		 "What is not exactly one of these is counted, logged and dropped.\n");
	buf_addf(out, "A message has at most %d bytes; the version is %d.\n", MSG_MAX, MSG_VERSION);
	buf_adds(out, ".Pp\nSenders:");
	for (int id = PROC_NONE + 1; id < PROC_COUNT; id++)
		buf_addf(out, "%s %d %s", id == PROC_NONE + 1 ? "" : ",", id,
			 proc_id_name((enum proc_id)id));
	buf_adds(out, ".\n.Sh MESSAGES\n");
	for (int t = MSG_none + 1; t < MSG_COUNT; t++)
		add_message(out, &messages[t]);
	buf_adds(out, ".Sh SEE ALSO\n.Xr dropctl 1\n");
}
