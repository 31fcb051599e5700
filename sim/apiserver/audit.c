/*
 * Writes lines. A log that cannot be written does not stop the server: the test that reads
 * it will notice.
 */
#include "sim/apiserver/audit.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/buf.h"
#include "base/random.h"
#include "base/xalloc.h"

/* A larger line buffer is freed after use. */
#define LINE_KEEP (64 * 1024)

struct audit {
	FILE *file; /* NULL: nothing is written */
	struct buf line;
};

struct audit *audit_new(const char *path, struct err *err)
{
	struct audit *a = xcalloc(1, sizeof(*a));
	if (path != NULL && (a->file = fopen(path, "ae")) == NULL) {
		err_set(err, ERR_TERMINAL, "--audit-log %s: %s", path, strerror(errno));
		free(a);
		return NULL;
	}
	return a;
}

void audit_free(struct audit *a)
{
	if (a == NULL)
		return;
	if (a->file != NULL)
		fclose(a->file);
	buf_done(&a->line);
	free(a);
}

void audit_flush(struct audit *a)
{
	if (a->file != NULL)
		fflush(a->file);
}

static void member(struct buf *b, const char *name, const char *value)
{
	if (value == NULL || value[0] == '\0')
		return;
	buf_addf(b, "%s\"%s\":", b->data[b->len - 1] == '{' ? "" : ",", name);
	buf_add_json(b, value);
}

static void add_object(struct buf *b, const struct target *t)
{
	if (t->res == NULL)
		return;
	buf_adds(b, ",\"objectRef\":{");
	member(b, "resource", t->res->plural);
	member(b, "namespace", t->ns);
	member(b, "name", t->name);
	member(b, "apiGroup", t->res->group);
	member(b, "apiVersion", t->res->version);
	member(b, "subresource", t->sub);
	buf_adds(b, "}");
}

/* On one line, whatever spaces the client sent; what is no JSON is left out. */
static void add_body(struct buf *b, const struct audit_event *e)
{
	const struct resource *r = e->target->res;
	if (e->body == NULL || e->len == 0 || r == NULL ||
	    (r->kind_id != KIND_POD && strcmp(r->group, API_GROUP) != 0))
		return;
	cJSON *body = cJSON_ParseWithLength(e->body, e->len);
	char *text = body != NULL ? cJSON_PrintUnformatted(body) : NULL;
	if (text != NULL)
		buf_addf(b, ",\"requestObject\":%s", text);
	cJSON_free(text);
	cJSON_Delete(body);
}

static void add_verb(struct buf *b, const struct audit_event *e)
{
	char method[16];
	size_t n = 0;
	for (; e->method[n] != '\0' && n + 1 < sizeof(method); n++)
		method[n] = (char)tolower((unsigned char)e->method[n]);
	method[n] = '\0';
	member(b, "verb", e->target->verb[0] != '\0' ? e->target->verb : method);
}

void audit_write(struct audit *a, const struct audit_event *e)
{
	struct buf *b = &a->line;
	char received[TIME_TEXT_MAX], now[TIME_TEXT_MAX];
	if (a->file == NULL)
		return;
	time_format_us(received, e->received_us);
	time_format_us(now, clock_wall_us());
	buf_clear(b, LINE_KEEP);
	buf_addf(b,
		 "{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/v1\",\"level\":\"Request\","
		 "\"auditID\":\"%016" PRIx64 "\",\"stage\":\"ResponseComplete\"",
		 random_id());
	member(b, "requestURI", e->uri);
	add_verb(b, e);
	buf_adds(b, ",\"user\":{\"username\":\"drop-sim\",\"groups\":[\"system:masters\"]},"
		    "\"sourceIPs\":[");
	buf_add_json(b, e->peer);
	buf_adds(b, "],\"userAgent\":");
	buf_add_json(b, e->user_agent);
	add_object(b, e->target);
	buf_addf(b, ",\"responseStatus\":{\"metadata\":{},\"code\":%d}", e->code);
	add_body(b, e);
	buf_addf(b, ",\"requestReceivedTimestamp\":\"%s\",\"stageTimestamp\":\"%s\"}\n", received,
		 now);
	fwrite(b->data, 1, b->len, a->file);
}
