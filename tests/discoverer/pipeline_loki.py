"""A query of type loki on drop-sim, with a Loki of our own: pages, bounds, refusals, and what kubelets' events say
(behaviour 55). Arguments as of pipeline.py; prints TAP.
"""
import collections
import json
import pathlib
import time

import pipeline
from pipeline import Scene, until
from pipeline_parts import (
    LOKI, SECOND, Loki, check_values, entries, loki, percentile, pipeline_policy, pulled, results, signal,
)


def lines_of(count, per_ns=1):
    now = time.time_ns()
    return [(now - SECOND - (i // per_ns) * 1000, {'image': f'r.io/i{i % 5}', 'pod': str(i % 3)}, f'line {i}')
            for i in range(count)]


def count_policy(s, name, **more):
    pipeline_policy(s, name, [loki(s, 'lines', parser=False, **more)],
                    [signal('lines', 'lines', 'aggregate', method='count')], {'strategy': 'signal', 'signal': 'lines'},
                    syncInterval='1h')


def test_rule_55_loki_pages():
    with Scene() as s:
        # 17 lines in each nanosecond: a page never ends where one does.
        served = s.source.answers[LOKI] = Loki(lines_of(12345, per_ns=17))
        count_policy(s, 'p')
        s.until_reason('p', 'Synced')
        got = {e['image']: e['finalScore'] for e in entries(s, 'p')}
        assert got == {f'r.io/i{i}': '2469' for i in range(5)}, got
        assert {(r['limit'], r['direction']) for r in served.requests} == {('5000', 'backward')}, served.requests
        assert len(served.requests) == 3, len(served.requests)
        span = int(served.requests[0]['end']) - int(served.requests[0]['start'])
        assert span == 86400 * SECOND, span
        # A server that gives fewer.
        served = s.source.answers[LOKI] = Loki(lines_of(2500), most=1000)
        count_policy(s, 'few')
        s.until_reason('few', 'Synced')
        assert sum(int(e['finalScore']) for e in entries(s, 'few')) == 2500
        assert [r['limit'] for r in served.requests] == ['5000', '1000', '1000', '1000'], served.requests
        # More than a page in one nanosecond: what can be read is read, and it ends.
        s.source.answers[LOKI] = Loki(lines_of(1500, per_ns=1200), most=1000)
        count_policy(s, 'dense')
        s.until_reason('dense', 'Synced')
        assert sum(int(e['finalScore']) for e in entries(s, 'dense')) == 1300, entries(s, 'dense')


def test_rule_55_loki_limit_keeps_the_newest():
    with Scene() as s:
        now = time.time_ns()
        old = [(now - 7200 * SECOND - i, {'image': 'r.io/old'}, str(i)) for i in range(3000)]
        served = s.source.answers[LOKI] = Loki(lines_of(51000) + old)
        count_policy(s, 'p')
        s.until_reason('p', 'Synced')
        assert sum(int(e['finalScore']) for e in entries(s, 'p')) == 50000, entries(s, 'p')
        assert 'r.io/old' not in [e['image'] for e in entries(s, 'p')]
        message = results(s, 'p')['lines']['message']
        assert 'only the newest 50000 lines were read' in message and 'lookback' in message, message
        assert len(served.requests) == 10 + (len(served.requests) > 10), len(served.requests)


def test_rule_55_loki_long_lines():
    """Whole events with what an exporter adds: a page may be larger than what a sync reads of further pages."""
    with Scene() as s:
        lines = [(ns, labels, text + 'x' * 4000) for ns, labels, text in lines_of(6000)]
        s.source.answers[LOKI] = Loki(lines)
        count_policy(s, 'p')
        s.until_reason('p', 'Synced')
        assert sum(int(e['finalScore']) for e in entries(s, 'p')) == 5000, entries(s, 'p')
        message = results(s, 'p')['lines']['message']
        assert 'only the newest 5000 lines were read' in message, message


def test_rule_55_loki_refusals():
    with Scene() as s:
        served = s.source.answers[LOKI] = Loki()
        served.answer = (429, {'Retry-After': '1', 'Content-Type': 'text/plain'}, b'too many outstanding requests\n')
        count_policy(s, 'p')
        until('it is said', lambda: 'too many outstanding requests' in results(s, 'p').get('lines', {}).get('message', ''))
        assert results(s, 'p')['lines']['status'] == 'failed'
        assert s.ready('p')['status'] == 'False'
        served.answer = (400, {'Content-Type': 'text/plain'},
                         b'the query time range exceeds the limit (query length: 24h0m0s, limit: 12h)\n')
        until('it is said', lambda: 'exceeds the limit' in results(s, 'p')['lines']['message'])
        served.answer = (200, {}, {'status': 'success', 'data': {'resultType': 'matrix', 'result': []}})
        until('numbers', lambda: 'log lines are required' in results(s, 'p')['lines']['message'])
        served.answer = None
        s.until_reason('p', 'Synced')
        assert 'returned no lines' in results(s, 'p')['lines']['message']
        served.entries = [(time.time_ns() - SECOND, {'app': 'x'}, 'a line')]
        count_policy(s, 'q')
        until('no label', lambda: 'has a label image' in results(s, 'q').get('lines', {}).get('message', ''))


def collected(form, at, event, i):
    """One event as three kinds of collectors log it."""
    reason, text, pod = 'Pulled', event['text'], f'p{i}'
    labels = [{'reason': reason, 'involvedObject_name': pod}, {'job': 'events'}, {'job': 'events'}][form]
    line = [text, json.dumps({'reason': reason, 'involvedObject_name': pod, 'message': text}),
            json.dumps({'name': pod, 'kind': 'Pod', 'reason': reason, 'msg': text, 'count': 1, 'type': 'Normal'})][form]
    return at, labels, line


def test_rule_55_texts_of_kubelets():
    """pulled_events.json has what the format strings of three kubelets make of durations, printed by Go."""
    with open(pathlib.Path(__file__).parent / 'pulled_events.json', encoding='utf-8') as file:
        events = json.load(file)
    assert {e['kubelet'] for e in events} == {'1.29.6', '1.34.4', '1.36.3'} and len(events) > 60
    with Scene() as s:
        for form in range(3):
            now = time.time_ns()
            s.source.answers[LOKI] = Loki([collected(form, now - (i + 1) * SECOND, e, i) for i, e in enumerate(events)])
            seconds, sizes = collections.defaultdict(list), collections.defaultdict(list)
            for event in events:
                if event['seconds'] is not None:
                    seconds[event['image']].append(event['seconds'])
                if event['bytes'] is not None:
                    sizes[event['image']].append(event['bytes'])
            wanted = {'count': {i: len(v) for i, v in seconds.items()}, 'max': {i: max(v) for i, v in seconds.items()},
                      'avg': {i: sum(v) / len(v) for i, v in seconds.items()},
                      'size': {i: sum(v) / len(v) for i, v in sizes.items()}}
            wanted |= {p: {i: percentile(v, int(p[1:]) / 100) for i, v in seconds.items()} for p in ('p50', 'p90', 'p95')}
            signals = [signal(n, 'events', 'eventPullTime', statistic=n) for n in wanted if n != 'size']
            signals.append(signal('size', 'events', 'eventPullTime', metric='imageSize', statistic='avg'))
            name = f'form-{form}'
            pipeline_policy(s, name, [loki(s)], signals, {'strategy': 'weightedSum', 'weightedSum': {'terms': [
                {'signal': n, 'weight': '1'} for n in wanted]}})
            s.until_reason(name, 'Synced')
            assert {e['image'] for e in entries(s, name)} == set(seconds), entries(s, name)
            assert all(len(e['signals']) == len(wanted) for e in entries(s, name)), entries(s, name)
            check_values(s, name, wanted)


def test_rule_55_a_long_loki_query_is_posted():
    with Scene() as s:
        served = s.source.answers[LOKI] = Loki(lines_of(20))
        query = '{app="events"} |~ "' + '|'.join(f'image-{i:04}' for i in range(600)) + '"'
        pipeline_policy(s, 'p', [loki(s, parser=False, query=query)])
        s.until_reason('p', 'Synced')
        assert served.requests[0]['query'] == query and served.posted == [True], served.posted
        assert len(entries(s, 'p')) == 5
        pipeline_policy(s, 'q', [loki(s, parser=False)])
        s.until_reason('q', 'Synced')
        assert served.posted == [True, False], served.posted


def test_rule_55_an_event_that_two_collectors_log_counts_once():
    with Scene() as s:
        text, now = pulled('r.io/a', 2, 5, '1.34'), time.time_ns()
        s.source.answers[LOKI] = Loki([
            (now - 3 * SECOND, {'collector': c, 'reason': 'Pulled', 'involvedObject_name': pod}, text)
            for c in ('x', 'y') for pod in ('p1', 'p2')])
        pipeline_policy(s, 'p', [loki(s)], [signal('pulls', 'events', 'eventPullTime', statistic='count')],
                        {'strategy': 'signal', 'signal': 'pulls'})
        s.until_images('p', 'a')
        assert entries(s, 'p')[0]['finalScore'] == '2', entries(s, 'p')


if __name__ == '__main__':
    pipeline.main(globals())
