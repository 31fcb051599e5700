/*
 * Follows the files behind a configuration and makes the Authorization header.
 */
#include "kube/credentials.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/xalloc.h"

#include "kube/base64.h"

static char *basic_header(const struct kube_config *c)
{
	struct buf pair = {0}, header = {0};
	buf_addf(&pair, "%s:%s", c->username, c->password ? c->password : "");
	char *coded = base64_encode(pair.data, pair.len);
	buf_addf(&header, "Authorization: Basic %s", coded);
	secret_free(coded, strlen(coded));
	explicit_bzero(pair.data, pair.len);
	buf_done(&pair);
	return header.data;
}

/* The token without the line end that files have. NULL: a byte that would break the header. */
static char *bearer_header(const struct config_item *token)
{
	size_t n = token->len;
	while (n > 0 && strchr(" \r\n\t", token->data[n - 1]) != NULL)
		n--;
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)token->data[i] <= ' ' || token->data[i] == 0x7f)
			return NULL;
	if (n == 0)
		return NULL;
	struct buf header = {0};
	buf_addf(&header, "Authorization: Bearer %.*s", (int)n, token->data);
	return header.data;
}

static int make_header(struct credentials *c, struct err *err)
{
	char *header = NULL;
	if (c->config.token.data != NULL) {
		header = bearer_header(&c->config.token);
		if (header == NULL)
			return err_set(err, ERR_TERMINAL, "the token%s%s is empty or holds blanks",
				       c->config.token.path ? " in " : "",
				       c->config.token.path ? c->config.token.path : "");
	} else if (c->config.username != NULL) {
		header = basic_header(&c->config);
	}
	secret_free(c->authorization, c->authorization ? strlen(c->authorization) : 0);
	c->authorization = header;
	return 0;
}

int credentials_init(struct credentials *c, struct kube_config *config, struct err *err)
{
	*c = (struct credentials){.config = *config, .generation = 1};
	*config = (struct kube_config){0};
	if (make_header(c, err) == 0)
		return 0;
	credentials_done(c);
	return -1;
}

bool credentials_refresh(struct credentials *c, int64_t now_ms, bool at_once)
{
	if (!at_once && now_ms < c->next_check_ms)
		return false;
	c->next_check_ms = now_ms + CREDENTIALS_CHECK_MS;
	struct config_item *items[] = CONFIG_ITEMS(&c->config);
	bool changed = false;
	struct err err;
	for (size_t i = 0; i < CONFIG_ITEM_COUNT; i++) {
		if (!config_item_stale(items[i]))
			continue;
		if (config_item_read(items[i], &err) == 0)
			changed = true;
		else
			log_debug("credential cannot be reloaded, ignoring", LS("error", err.text));
	}
	if (!changed)
		return false;
	if (make_header(c, &err) != 0)
		log_debug("new token is not usable, ignoring", LS("error", err.text));
	c->generation++;
	return true;
}

void credentials_done(struct credentials *c)
{
	secret_free(c->authorization, c->authorization ? strlen(c->authorization) : 0);
	config_done(&c->config);
	*c = (struct credentials){0};
}
