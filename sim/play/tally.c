/*
 * Rows in the order in which they were first seen; few enough to be walked. The last row
 * takes what has no room.
 */
#include "sim/play/tally.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

struct tally *tally_new(void)
{
	return xcalloc(1, sizeof(struct tally));
}

void tally_free(struct tally *t)
{
	free(t);
}

static bool is_row(const struct tally_row *row, const char *client, const struct fault_request *r)
{
	return strcmp(row->client, client) == 0 && strcmp(row->verb, r->verb) == 0 &&
	       strcmp(row->resource, r->resource) == 0;
}

static struct tally_row *row_of(struct tally *t, const char *client, const struct fault_request *r)
{
	for (size_t i = 0; i < t->n; i++)
		if (is_row(&t->rows[i], client, r))
			return &t->rows[i];
	if (t->n == TALLY_ROWS_MAX)
		return &t->rows[t->n - 1];
	struct tally_row *row = &t->rows[t->n++];
	bool last = t->n == TALLY_ROWS_MAX;
	snprintf(row->client, sizeof(row->client), "%s", last ? "others" : client);
	snprintf(row->verb, sizeof(row->verb), "%s", last ? "" : r->verb);
	snprintf(row->resource, sizeof(row->resource), "%s", last ? "" : r->resource);
	return row;
}

void tally_count(struct tally *t, const struct fault_request *request)
{
	char client[TALLY_TEXT_MAX];
	const char *agent = request->user_agent != NULL ? request->user_agent : "";
	snprintf(client, sizeof(client), "%.*s", (int)strcspn(agent, "/"), agent);
	row_of(t, client, request)->count++;
	t->total++;
}

uint64_t tally_of(const struct tally *t, const char *client_prefix)
{
	uint64_t n = 0;
	for (size_t i = 0; i < t->n; i++)
		if (strncmp(t->rows[i].client, client_prefix, strlen(client_prefix)) == 0)
			n += t->rows[i].count;
	return n;
}
