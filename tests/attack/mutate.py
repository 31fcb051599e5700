"""Changes documents and bytes at random, from a seed: what a broken or hostile server could answer."""
import json
import random

HUGE = 100_000
TEXTS = ["", "A" * HUGE, "\u202e\u0000\u001b[31m", "../../../x", "\ud800", "%s%n", "9" * 400, "2999-13-45T99:99:99Z", "-1",
         "\x7f" * 300, "a/b/c@sha256:" + "0" * 63, "9223372036854775808"]
NUMBERS = [0, -1, 2 ** 31, 2 ** 53 + 1, 2 ** 63, -2 ** 63 - 1, 1e308, -0.5, 10 ** 40]


class Mutator:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def chance(self, p):
        return self.random.random() < p

    # ---- JSON ----

    def _places(self, doc, out, depth=0):
        """Containers with a key or index, of the whole document."""
        keys = list(doc) if isinstance(doc, dict) else range(len(doc)) if isinstance(doc, list) else ()
        for key in keys:
            out.append((doc, key))
            if depth < 40 and len(out) < 20_000:
                self._places(doc[key], out, depth + 1)

    def _value(self, old):
        r = self.random
        kind = r.randrange(9)
        if kind == 0:
            return None
        if kind == 1:
            return r.choice(TEXTS)
        if kind == 2:
            return r.choice(NUMBERS)
        if kind == 3:
            return []
        if kind == 4:
            return {}
        if kind == 5:
            deep = old
            for _ in range(r.choice((3, 200))):
                deep = [deep] if r.random() < 0.5 else {"x": deep}
            return deep
        if kind == 6 and isinstance(old, list):
            return old * r.choice((2, 50))
        if kind == 7 and isinstance(old, str):
            at = r.randrange(len(old) + 1)
            return old[:at] + r.choice(TEXTS) + old[at + r.randrange(4):]
        return not old if isinstance(old, bool) else r.choice((True, [old], {"items": old}))

    def document(self, text):
        """text: bytes of a JSON document. One to four values are changed, removed or given twice."""
        try:
            doc = json.loads(text)
        except ValueError:
            return self.bytes(text)
        for _ in range(self.random.randrange(1, 5)):
            places = []
            self._places(doc, places)
            if not places:
                break
            holder, key = self.random.choice(places)
            if self.random.random() < 0.25:
                del holder[key]
            else:
                holder[key] = self._value(holder[key])
        out = json.dumps(doc).encode("utf-8", "surrogatepass")
        if self.chance(0.1) and out.startswith(b"{"):  # a key twice
            out = out[:-1] + b"," + out[1:]
        return out

    # ---- bytes ----

    def bytes(self, data):
        data = bytearray(data)
        r = self.random
        for _ in range(r.choice((1, 1, 2, 8))):
            at = r.randrange(len(data) + 1)
            kind = r.randrange(5)
            if kind == 0 and at < len(data):
                data[at] ^= 1 << r.randrange(8)
            elif kind == 1:
                data[at:at] = bytes(r.randrange(256) for _ in range(r.choice((1, 4, 100))))
            elif kind == 2:
                del data[at:at + r.choice((1, 10, 1000))]
            elif kind == 3:
                data[at:at] = data[:r.choice((10, 1000))]
            else:
                del data[at:]
        return bytes(data)
