"""The checks over a whole run: what every test on every cluster left in the audit logs, and one list of the slowest.

A Trace is what remains of a cluster after its end. A test of a module in plan.WHOLE gets a Whole instead of a Harness:
the traces of all clusters of the run, and checks.
"""
import collections

from audit import Audit
from plan import module_of

# lawless: (user, since, until) whose rights a test took away, on this cluster.
Trace = collections.namedtuple("Trace", "audit_log lawless")
SLOWEST = 10


class Whole:
    def __init__(self, tap, traces):
        self.tap = tap
        self.traces = traces
        self.context = ""

    @property
    def audit_logs(self):
        return [trace.audit_log for trace in self.traces]

    def requests(self):
        """(request, trace of its cluster) of our programs, all of them."""
        return [(r, trace) for trace in self.traces for r in Audit(trace.audit_log).since(0)]

    def check(self, good, name, why=""):
        return self.tap.check(good, f"{self.context}: {name}", why)

    def diag(self, text):
        self.tap.diag(text)


def show_seconds(tap, took):
    """took: {test: seconds}. The slowest tests, and each module's sum."""
    if len(took) < 2:
        return
    tap.diag(f"the {min(SLOWEST, len(took))} slowest tests:")
    for name in sorted(took, key=took.get, reverse=True)[:SLOWEST]:
        tap.diag(f"{took[name]:7.1f} s  {name}")
    sums = collections.Counter()
    for name, seconds in took.items():
        sums[module_of(name)] += seconds
    tap.diag("seconds by module: " + ", ".join(f"{name} {sums[name]:.0f}" for name in sorted(sums)))
