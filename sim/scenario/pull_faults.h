/*
 * What goes wrong when an image is pulled: the names that scenarios give it and the fault of
 * a registry (sim/nodes/registry.h). One table for the file's reader, its page and the registries.
 */
#ifndef DROP_SIM_SCENARIO_PULL_FAULTS_H
#define DROP_SIM_SCENARIO_PULL_FAULTS_H

/* id, name in scenarios, what kubelet and containerd report */
#define PULL_FAULTS(F)                                                                             \
	F(NONE, "", "none")                                                                        \
	F(DNS, "dns", "lookup HOST: no such host")                                                 \
	F(REFUSED, "refused", "connect: connection refused")                                       \
	F(UNAUTHORIZED, "unauthorized", "401")                                                     \
	F(FORBIDDEN, "forbidden", "403")                                                           \
	F(NOT_FOUND, "not-found", "404: no such tag or repository")                                \
	F(RATE_LIMITED, "rate-limited", "429")                                                     \
	F(SERVER_ERROR, "server-error", "503")                                                     \
	F(TLS, "tls", "x509: certificate signed by unknown authority")                             \
	F(TIMEOUT, "timeout", "i/o timeout after a while")                                         \
	F(SLOW, "slow", "a hundredth of the bandwidth")                                            \
	F(NO_PLATFORM, "no-platform", "no match for platform in manifest")                         \
	F(INVALID_NAME, "invalid-name", "the reference does not parse")

enum pull_fault {
#define F(id, name, doc) PULL_FAULT_##id,
	PULL_FAULTS(F)
#undef F
		PULL_FAULT_COUNT
};

#endif
