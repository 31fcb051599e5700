"""Rules 40 and 41 on the real registry and kubelet: maxBytesPerSecond is held, by bytes that the registry tells; an image that
is too large is not pulled."""
import time

from objects import condition, status

MB = 1000 * 1000
RATE = 5 * MB
SIZES_KB = {"a": 5000, "b": 20000, "c": 1000, "d": 40000, "e": 8000}
LARGE_KB = 30000
# A create may reach the API server this long after it was decided, on a busy machine. Without the limit all would start at once.
LATE_S = 6


def bytes_of(obj):
    told = (status(obj).get("registry") or {}).get("platforms") or []
    return max((one.get("bytes", 0) for one in told), default=0)


def test_rate(t):
    """Rule 40: from any start on, what started is never ahead of the rate by more than one image, nor far behind it."""
    t.supervisor(words=["--registries", f"docker.io=http://{t.cluster.registry}"]).wait_up()
    t.cluster.push(*[word for name, kb in {**SIZES_KB, "large": LARGE_KB}.items() for word in (f"bytes/{name}:1", kb)])
    t.policy("bytes", maxConcurrentNodes=9, maxPullsPerNode=9, minDelayBetweenPulls="0s", maxBytesPerSecond="5M")
    t.policy("small", maxConcurrentNodes=9, minDelayBetweenPulls="0s", maxImageSize="10M")
    began = time.time()
    for name in SIZES_KB:
        t.image(name, f"docker.io/bytes/{name}:1", policyRef="bytes")
    t.image("large", "docker.io/bytes/large:1", policyRef="small")
    t.all_ready(list(SIZES_KB), 120)
    told = {f"docker.io/bytes/{name}:1": bytes_of(t.get(name)) for name in SIZES_KB}
    t.check(all(told.values()), "the registry told the bytes of each", told)
    starts = [(one.at, told[pull.reference]) for one, pull in t.audit.creates(began)]
    t.equal(len(starts), len(SIZES_KB), "each image is pulled once, and the one that is too large is not")
    for i, (first, _) in enumerate(starts):
        paid = 0
        for (at, _), (_, size) in zip(starts[i + 1:], starts[i:]):
            paid += size
            t.check(paid <= RATE * (at - first + LATE_S), f"start {i}: {paid} bytes are paid for", at - first)
    took, size = starts[-1][0] - starts[0][0], sum(size for _, size in starts[:-1])
    t.check(size / took >= RATE * 0.1, "and the rate is used", f"{size} bytes in {took:.2f} s")
    obj = t.image_is("large", lambda o: (condition(o, "Ready") or {}).get("reason") == "ImageTooLarge", "is too large", 20)
    t.equal(status(obj).get("phase"), "Degraded", "which makes it Degraded")
