/* See peer.h. */
#include "kube/peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

static enum peer_kind of_v4(uint32_t address)
{
	if (address >> 24 == 127 || address == 0)
		return PEER_LOOPBACK;
	return address >> 16 == 0xa9fe ? PEER_LINK_LOCAL : PEER_OTHER;
}

static enum peer_kind of_v6(const struct in6_addr *address)
{
	if (IN6_IS_ADDR_V4MAPPED(address) || IN6_IS_ADDR_V4COMPAT(address)) {
		uint32_t v4;
		memcpy(&v4, address->s6_addr + 12, sizeof(v4));
		return of_v4(ntohl(v4));
	}
	if (IN6_IS_ADDR_LOOPBACK(address) || IN6_IS_ADDR_UNSPECIFIED(address))
		return PEER_LOOPBACK;
	return IN6_IS_ADDR_LINKLOCAL(address) ? PEER_LINK_LOCAL : PEER_OTHER;
}

enum peer_kind peer_of(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET) {
		struct sockaddr_in v4;
		memcpy(&v4, address, sizeof(v4));
		return of_v4(ntohl(v4.sin_addr.s_addr));
	}
	if (address->sa_family == AF_INET6) {
		struct sockaddr_in6 v6;
		memcpy(&v6, address, sizeof(v6));
		return of_v6(&v6.sin6_addr);
	}
	return PEER_OTHER;
}

enum peer_kind peer_of_text(const char *address)
{
	struct in_addr v4;
	struct in6_addr v6;
	char plain[INET6_ADDRSTRLEN];
	size_t n = strcspn(address, "%"); /* a scope may follow */
	if (inet_pton(AF_INET, address, &v4) == 1)
		return of_v4(ntohl(v4.s_addr));
	if (n >= sizeof(plain))
		return PEER_OTHER;
	memcpy(plain, address, n);
	plain[n] = '\0';
	return inet_pton(AF_INET6, plain, &v6) == 1 ? of_v6(&v6) : PEER_OTHER;
}

bool peer_may_lead(enum peer_kind from, enum peer_kind to)
{
	return from == PEER_NOBODY || to == PEER_OTHER || from == to;
}
