/* See loki_event.h. The names that collectors use besides the parser's are accepted in lines. */
#include "discoverer/loki_event.h"

#include <string.h>
#include <strings.h>

#include "base/utf8.h"

static const struct {
	enum event_field field;
	const char *name;
} others[] = {
	{EVENT_REASON, "reason"}, {EVENT_POD, "involvedObject_name"},
	{EVENT_POD, "name"},      {EVENT_MESSAGE, "message"},
	{EVENT_MESSAGE, "msg"},
};

static const char *name_or(const char *name, const char *other)
{
	return name != NULL && *name != '\0' ? name : other;
}

void event_reader_init(struct event_reader *r, const struct loki_parser *parser)
{
	*r = (struct event_reader){0};
	r->names[EVENT_POD] = name_or(parser->pod_field, "involvedObject_name");
	r->names[EVENT_REASON] = name_or(parser->reason_field, "reason");
	r->names[EVENT_MESSAGE] = name_or(parser->message_field, "message");
	r->names[EVENT_IMAGE] = name_or(parser->image_field, "message");
}

static void put(struct event_values *v, size_t field, const char *text)
{
	size_t n = utf8_cut(text, EVENT_VALUE_MAX);
	memcpy(v->at[field], text, n);
	v->at[field][n] = '\0';
}

void event_stream(struct event_reader *r)
{
	for (size_t i = 0; i < EVENT_FIELDS; i++)
		r->labels.at[i][0] = '\0';
}

void event_label(struct event_reader *r, const char *name, const char *value)
{
	for (size_t i = 0; i < EVENT_FIELDS; i++)
		if (strcmp(name, r->names[i]) == 0)
			put(&r->labels, i, value);
}

/* A member of a line that is an object. The parser's names win over others. */
static int on_member(void *ctx, const struct sax *s, enum sax_event event, struct err *err)
{
	struct event_reader *r = ctx;
	(void)err;
	if (event != SAX_STRING || s->depth != 1)
		return 0;
	const char *name = s->level[1].key;
	for (size_t i = 0; i < EVENT_FIELDS; i++)
		if (strcmp(name, r->names[i]) == 0) {
			put(&r->values, i, s->text);
			r->named[i] = true;
		}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		enum event_field field = others[i].field;
		if (!r->named[field] && r->values.at[field][0] == '\0' &&
		    strcmp(name, others[i].name) == 0)
			put(&r->values, field, s->text);
	}
	return 0;
}

/* Puts what the line has into values; false: it is no JSON object. */
static bool read_object(struct event_reader *r, const char *line, size_t len)
{
	struct err err;
	size_t blank = strspn(line, " \t\r\n");
	if (line[blank] != '{')
		return false;
	memset(&r->sax, 0, sizeof(r->sax));
	bool ok = sax_feed(&r->sax, line, len, on_member, r, &err) == 0 &&
		  sax_end(&r->sax, on_member, r, &err) == 0;
	for (size_t i = 0; !ok && i < EVENT_FIELDS; i++)
		r->values.at[i][0] = '\0';
	return ok;
}

bool event_line(struct event_reader *r, const char *line, size_t len, struct event_found *ret)
{
	for (size_t i = 0; i < EVENT_FIELDS; i++) {
		r->values.at[i][0] = '\0';
		r->named[i] = false;
	}
	bool object = read_object(r, line, len);
	for (size_t i = 0; i < EVENT_FIELDS; i++)
		if (r->labels.at[i][0] != '\0')
			put(&r->values, i, r->labels.at[i]);
	const char *message = r->values.at[EVENT_MESSAGE], *reason = r->values.at[EVENT_REASON];
	if (*message == '\0' && !object)
		put(&r->values, EVENT_MESSAGE, line);
	if (*reason != '\0' ? strcasecmp(reason, "Pulled") != 0 : !event_says_pulled(message))
		return false;
	const char *text = r->values.at[EVENT_IMAGE];
	*ret = (struct event_found){.pod = r->values.at[EVENT_POD], .message = message};
	ret->image = event_image(*text != '\0' ? text : message, &ret->len);
	ret->pull = event_read(message);
	return ret->image != NULL && (ret->pull.seconds >= 0 || ret->pull.bytes >= 0);
}
