"""What the tests of the pipeline form share: a Loki and a Prometheus of our own, specs, and the methods of signals once
more in Python (behaviour 55). Loki answers as Loki does: pages of at most `limit` lines, newest or oldest first over all
streams, start included and end not, statistics beside the result, refusals as text.
"""
import collections
import json
import math
import urllib.parse

import pipeline

LOKI = '/loki/api/v1/query_range'
RANGE = '/api/v1/query_range'
SECOND = 10 ** 9


class Loki:
    def __init__(self, entries=(), most=5000):
        self.entries, self.most = list(entries), most  # (ns, labels, line)
        self.requests, self.posted = [], []
        self.answer = None

    def __call__(self, handler):
        text = handler.form if handler.form is not None else urllib.parse.urlparse(handler.path).query
        words = {k: v[0] for k, v in urllib.parse.parse_qs(text).items()}
        self.requests.append(words)
        self.posted.append(handler.form is not None)
        if self.answer:
            return self.answer
        limit = int(words['limit'])
        if limit > self.most:
            return 400, {'Content-Type': 'text/plain; charset=utf-8'}, (
                'max entries limit per query exceeded, limit > max_entries_limit '
                f'({limit} > {self.most})').encode()
        found = [e for e in self.entries if int(words['start']) <= e[0] < int(words['end'])]
        found.sort(key=lambda e: e[0], reverse=words['direction'] == 'backward')
        streams = collections.defaultdict(list)
        for ns, labels, line in found[:limit]:
            streams[json.dumps(labels)].append([str(ns), line])
        return 200, {}, {'status': 'success', 'data': {
            'resultType': 'streams',
            'result': [{'stream': json.loads(k), 'values': v} for k, v in streams.items()],
            'stats': {'summary': {'bytesProcessedPerSecond': 1, 'totalLinesProcessed': len(found)},
                      'ingester': {'store': {'chunk': {}}}}}}


def matrix(series):
    """[(labels, [(seconds, value)])] as Prometheus has it."""
    return 200, {}, {'status': 'success', 'data': {'resultType': 'matrix', 'result': [
        {'metric': labels, 'values': [[at, str(value)] for at, value in values]} for labels, values in series]}}


def duration(seconds):
    """As Go writes it."""
    if seconds < 1:
        return f'{seconds * 1e6:.0f}µs' if seconds < 0.001 else f'{seconds * 1e3:g}ms'
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    text = f'{rest:g}s'
    return f'{hours:.0f}h{minutes:.0f}m{text}' if hours else f'{minutes:.0f}m{text}' if minutes else text


def pulled(image, seconds, size, form):
    """kubelets' texts: 1.29 has no size; newer ones have it."""
    text = f'Successfully pulled image "{image}" in {duration(seconds)} ({duration(2 * seconds)} including waiting)'
    return text if form == '1.29' else f'{text}. Image size: {size} bytes.'


def pipeline_policy(s, name, queries, signals=(), ranking=None, **spec):
    whole = {'queries': queries, 'signals': list(signals), **spec}
    if ranking:
        whole['ranking'] = ranking
    s.ask('POST', pipeline.API, {'apiVersion': 'drop.corewire.io/v1alpha1', 'kind': 'DiscoveryPolicy',
                                 'metadata': {'name': name}, 'spec': whole})


def prom(s, name='usage', **more):
    return {'name': name, 'type': 'prometheus', 'prometheus': {'endpoint': s.source.url, 'query': 'up', **more}}


def loki(s, name='events', parser=True, **more):
    block = {'endpoint': s.source.url, 'query': '{app="events"}', **more}
    if parser:
        block['parser'] = {'type': 'kubernetesEvents'}
    return {'name': name, 'type': 'loki', 'loki': block}


def tags(s, *repositories, name='tags', **more):
    return {'name': name, 'type': 'registry', 'registry': {
        'url': s.source.url, 'repositories': repositories, **more}}


def signal(name, query, kind, **block):
    return {'name': name, 'query': query, 'type': kind, kind: block}


def entries(s, name):
    return s.status(name).get('discoveredImages') or []


def results(s, name):
    return {r['name']: r for r in s.status(name).get('queryResults') or []}


# ---- the same in Python ----

def percentile(values, p):
    values = sorted(values)
    h = (len(values) - 1) * p
    low = math.floor(h)
    high = min(low + 1, len(values) - 1)
    return values[low] + (h - low) * (values[high] - values[low])


METHODS = {'sum': sum, 'count': len, 'avg': lambda v: sum(v) / len(v), 'max': max, 'min': min}


def inside(at, first, last):
    return first <= at < last if first <= last else at >= first or at < last


def same(got, want):
    return math.isclose(float(got), want, rel_tol=1e-9, abs_tol=1e-12)


def check_values(s, name, wanted):
    """wanted: signal -> image -> value."""
    for entry in entries(s, name):
        for value in entry['signals']:
            want = wanted[value['name']][entry['image']]
            assert same(value['value'], want), (entry['image'], value, want)
