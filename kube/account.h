/*
 * The operator's own service account, read from the claims of its token (KEP-1205, bound tokens):
 * this needs no request and no right. It owns pull pods and the Lease, so that the garbage
 * collector deletes them when the operator is uninstalled. Pure.
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
