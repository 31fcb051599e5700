/*
 * Classifies the address of a server, and decides to which addresses it may redirect or refer us. A
 * remote server must not make us send requests to addresses that only this machine or its link can
 * reach (a metadata service, a sidecar). Pure.
 */
#ifndef DROP_KUBE_PEER_H
#define DROP_KUBE_PEER_H

#include <stdbool.h>

struct sockaddr;

enum peer_kind {
	PEER_NOBODY,     /* no server: the user wrote the URL */
	PEER_OTHER,      /* any other address, and one behind a proxy */
	PEER_LOOPBACK,   /* 127.0.0.0/8, ::1, and the unspecified addresses, which lead there */
	PEER_LINK_LOCAL, /* 169.254.0.0/16, fe80::/10 */
};

/* IPv4, IPv6, IPv4 inside IPv6; of any other family PEER_OTHER. */
enum peer_kind peer_of(const struct sockaddr *address);
/* Of a numeric address as text, without brackets; PEER_OTHER if it is none. */
enum peer_kind peer_of_text(const char *address);
/* To loopback and link-local addresses only a server of the same kind leads, or the user. */
bool peer_may_lead(enum peer_kind from, enum peer_kind to);

#endif
