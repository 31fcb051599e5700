/* See event.h. */
#include "kube/event.h"

#include <inttypes.h>
#include <unistd.h>

#include "base/clock.h"

/* Namespace of events about cluster-scoped objects; the API server requires it. */
#define EVENT_NAMESPACE "default"
#define EVENT_REPORTER  "drop"

static const struct dialect { /* the two APIs for one thing */
	const char *path, *api_version, *object, *note, *reporter;
} dialects[] = {
	{"/apis/events.k8s.io/v1/namespaces/" EVENT_NAMESPACE "/events", "events.k8s.io/v1",
	 "regarding", "note", "reportingController"},
	{"/api/v1/namespaces/" EVENT_NAMESPACE "/events", "v1", "involvedObject", "message",
	 "reportingComponent"},
};

const char *event_path(bool legacy)
{
	return dialects[legacy].path;
}

static void add_member(struct buf *body, const char *key, const char *value)
{
	buf_addf(body, ",\"%s\":", key);
	buf_add_json(body, value);
}

static void add_time(struct buf *body, const char *key, int64_t unix_s, bool micro)
{
	char text[TIME_TEXT_MAX];
	if (micro)
		time_format_us(text, unix_s * 1000000);
	else
		time_format(text, unix_s);
	buf_addf(body, ",\"%s\":\"%s\"", key, text);
}

static void add_count(const struct event *e, bool legacy, struct buf *body)
{
	if (legacy) {
		buf_addf(body, ",\"count\":%" PRId64, e->count);
		add_time(body, "lastTimestamp", e->last_s, false);
	} else if (e->count > 1) {
		buf_addf(body, ",\"series\":{\"count\":%" PRId64, e->count);
		add_time(body, "lastObservedTime", e->last_s, true);
		buf_adds(body, "}");
	}
}

void event_count_body(const struct event *e, bool legacy, struct buf *body)
{
	add_count(e, legacy, body);
	body->data[0] = '{'; /* where its comma is */
	buf_adds(body, "}");
}

void event_body(const struct event *e, bool legacy, struct buf *body)
{
	const struct dialect *d = &dialects[legacy];
	const struct kind_info *info = &kinds[e->kind];
	char host[128] = EVENT_REPORTER;
	gethostname(host, sizeof(host) - 1);
	buf_addf(body,
		 "{\"apiVersion\":\"%s\",\"kind\":\"Event\",\"metadata\":{\"namespace\":\"%s\"",
		 d->api_version, EVENT_NAMESPACE);
	add_member(body, "name", e->name);
	buf_addf(body, "},\"%s\":{\"apiVersion\":\"%s%s%s\"", d->object, info->group,
		 *info->group != '\0' ? "/" : "", info->version);
	add_member(body, "kind", info->kind);
	add_member(body, "name", e->object);
	add_member(body, "uid", e->uid);
	buf_adds(body, "}");
	add_member(body, "type", e->warning ? "Warning" : "Normal");
	add_member(body, "reason", e->reason);
	add_member(body, "action", e->action);
	add_member(body, d->note, e->note);
	add_member(body, d->reporter, EVENT_REPORTER);
	add_member(body, "reportingInstance", host[0] != '\0' ? host : EVENT_REPORTER);
	if (legacy) {
		buf_adds(body, ",\"source\":{\"component\":\"" EVENT_REPORTER "\"}");
		add_time(body, "firstTimestamp", e->first_s, false);
	} else {
		add_time(body, "eventTime", e->first_s, true);
	}
	add_count(e, legacy, body);
	buf_adds(body, "}");
}
