/* What the message of a kubelet's event Pulled says (behaviour 52, 55). Pure. */
#ifndef DROP_USAGE_PULL_MESSAGE_H
#define DROP_USAGE_PULL_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>

struct pull_event {
	double seconds; /* of the pull without waiting; -1: not said, the image was there */
	double waited;  /* of the pull, including waiting; -1: not said */
	double bytes;   /* of the image; -1: not said */
};

/* "1m2.345s", "733ms", "421µs", "1h0m5s": seconds, or -1 if text is no Go duration. len bytes. */
double event_seconds(const char *text, size_t len);
/* `Successfully pulled image "R" in 2s (3s including waiting). Image size: 5 bytes.` */
struct pull_event event_read(const char *message);
/* Does the message say that an image was pulled? For events without a reason. */
bool event_says_pulled(const char *message);
/* `(combined from similar events): ` comes first: one event for several of a pod. */
bool event_is_combined(const char *message);
/* The text in double quotes after the word image; NULL: there is none. *ret_len: its bytes. */
const char *event_image(const char *text, size_t *ret_len);

#endif
