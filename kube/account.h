/*
 * Which service account we are, read from the claims of the token that the kubelet gave us
 * (KEP-1205, bound tokens): no request and no right is needed for it. What we leave in the cluster
 * (pull pods, the Lease) belongs to it, so that the API server's garbage collector takes it along
 * when the operator is uninstalled. Pure.
 */
#ifndef DROP_KUBE_ACCOUNT_H
#define DROP_KUBE_ACCOUNT_H

struct account { /* all NULL: not known */
	char *ns, *name, *uid;
};

/*
 * The claims are not verified: they are used as what they say about ourselves. A token that says
 * nothing of it (another issuer's, or none at all) gives no account, which is no error.
 */
struct account account_of_token(const char *token);
void account_done(struct account *a);

#endif
