/* See listen.h. A host must be a numeric address, so that no name has to be resolved. */
#include "metricsd/listen.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool is_address(const char *host)
{
	struct in6_addr scratch;
	return inet_pton(AF_INET, host, &scratch) == 1 || inet_pton(AF_INET6, host, &scratch) == 1;
}

/* 127.0.0.0/8 and ::1, with brackets or without. */
static bool is_loopback(const char *host, size_t len)
{
	char text[LISTEN_HOST_MAX];
	struct in_addr four;
	struct in6_addr six;
	if (len >= 2 && host[0] == '[' && host[len - 1] == ']') {
		host++;
		len -= 2;
	}
	if (len >= sizeof(text))
		return false;
	memcpy(text, host, len);
	text[len] = '\0';
	if (inet_pton(AF_INET, text, &four) == 1)
		return ntohl(four.s_addr) >> 24 == 127;
	return inet_pton(AF_INET6, text, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

bool listen_is_loopback(const struct listen_address *a)
{
	return is_loopback(a->host, strlen(a->host));
}

bool listen_is_local_name(const char *host)
{
	static const char name[] = "localhost";
	const char *colon = strrchr(host, ':'), *bracket = strrchr(host, ']');
	size_t len = colon != NULL && (bracket == NULL || colon > bracket) ? (size_t)(colon - host)
									   : strlen(host);
	return (len == sizeof(name) - 1 && strncasecmp(host, name, len) == 0) ||
	       is_loopback(host, len);
}

static int parse_port(const char *text)
{
	char *end;
	long port = strtol(text, &end, 10);
	return *text >= '0' && *text <= '9' && *end == '\0' && port <= 65535 ? (int)port : -1;
}

int listen_parse(const char *option, const char *text, struct listen_address *ret, struct err *err)
{
	struct listen_address a = {.on = true};
	if (strcmp(text, "0") == 0) {
		*ret = (struct listen_address){0};
		return 0;
	}
	const char *colon = strrchr(text, ':');
	size_t len = colon != NULL ? (size_t)(colon - text) : 0;
	if (len >= 2 && text[0] == '[' && text[len - 1] == ']') {
		text++;
		len -= 2;
	} else if (memchr(text, ':', len) != NULL) {
		colon = NULL; /* an IPv6 address without brackets: its end is ambiguous */
	}
	if (colon != NULL && len < sizeof(a.host)) {
		memcpy(a.host, text, len);
		a.port = parse_port(colon + 1);
		if (a.port >= 0 && (len == 0 || is_address(a.host))) {
			*ret = a;
			return 0;
		}
	}
	return err_set(
		err, ERR_TERMINAL,
		"--%s %s: not an address such as :8443, 127.0.0.1:9090 or [::1]:80; 0 is off",
		option, text);
}
