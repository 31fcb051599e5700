/*
 * Syntax of names, labels and annotation keys (RFC 1123 subdomains and labels, qualified names),
 * with the error texts of the API server. Pure.
 */
#ifndef DROP_API_LABEL_SYNTAX_H
#define DROP_API_LABEL_SYNTAX_H

#include <stddef.h>

#define WRONGS_MAX 4

struct wrongs { /* sentences, static; n == 0: all is well */
	const char *at[WRONGS_MAX];
	size_t n;
};

/* Names of most objects: at most 253 characters. */
struct wrongs wrong_subdomain(const char *name);
/* Names of namespaces and containers: at most 63 characters, no dots. */
struct wrongs wrong_label_name(const char *name);
/* Keys of labels and annotations, finalizers: [subdomain/]name of at most 63 characters. */
struct wrongs wrong_qualified_name(const char *name);
struct wrongs wrong_label_value(const char *value);
/* Keys in the data of secrets and config maps. */
struct wrongs wrong_config_key(const char *key);

#endif
