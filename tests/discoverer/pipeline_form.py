"""The pipeline form of a DiscoveryPolicy on drop-sim, with a Prometheus, a Loki and a registry of our own.

Signals and rankings are computed a second time in Python, of the same samples (behaviour 55). Arguments as of pipeline.py;
prints TAP.
"""
import collections
import datetime
import json
import math
import pathlib
import re
import subprocess
import time
import urllib.parse
import zoneinfo

import pipeline
from pipeline import CTL, Scene, until
from pipeline_parts import (
    LOKI, METHODS, RANGE, SECOND, Loki, check_values, entries, inside, loki, matrix, percentile, pipeline_policy,
    prom, pulled, results, same, signal, tags,
)


def usage_series():
    """Two weeks around a change to summer time, every half an hour; several series of one image."""
    begin = datetime.datetime(2024, 3, 25, tzinfo=datetime.UTC).timestamp()
    series = []
    for number in range(12):
        values = [(begin + 1800 * i, (i * (number + 3)) % 17 / 4) for i in range(672) if (i + number) % 5]
        series.append(({'image': f'r.io/i{number % 8}', 'pod': str(number)}, values))
    return series


def test_rule_55_signals_and_rankings_as_computed_in_python():
    series = usage_series()
    samples = collections.defaultdict(list)
    for labels, values in series:
        samples[labels['image']] += values
    zone = zoneinfo.ZoneInfo('Europe/Berlin')

    def local(at):
        return datetime.datetime.fromtimestamp(at, zone)

    def weight(at):
        return 3 if inside(local(at).hour, 22, 6) else -0.5 if inside(local(at).hour, 2, 4) else 0.25

    def clock(at):
        return local(at).hour * 60 + local(at).minute

    now = time.time_ns()
    seconds, sizes, events = collections.defaultdict(list), {}, []
    for i in range(300):
        image, took = f'r.io/i{i % 7}', [0.000421, 0.733, 2, 62.345, 3605][i % 5] + i / 100
        form = '1.29' if i % 3 == 0 else '1.36'
        text = pulled(image, took, 1000 * (i % 7 + 1), form)
        events.append((now - i * 7 * SECOND, {'reason': 'Pulled'}, text) if i % 2 else (
            now - i * 7 * SECOND, {'app': 'events'}, json.dumps(
                {'reason': 'Pulled', 'name': f'p{i}', 'msg': text})))
        # What the text says, in its own precision.
        seconds[image].append(took)
        if form != '1.29':
            sizes[image] = 1000 * (i % 7 + 1)
    events.append((now - SECOND, {'reason': 'Pulled'}, 'Container image "r.io/there" already present on machine'))
    events.append((now - SECOND, {'reason': 'Pulling'}, 'Pulling image "r.io/not"'))

    methods = {m: {i: METHODS[m]([v for _, v in samples[i]]) for i in samples} for m in METHODS}
    wanted = {f'a-{m}': methods[m] for m in METHODS}
    wanted['weighted'] = {i: sum(v * weight(at) for at, v in samples[i]) for i in samples}
    wanted['night'] = {i: METHODS['avg']([v for at, v in samples[i] if inside(clock(at), 1410, 90)]) for i in samples}
    wanted['p50'] = {i: percentile(seconds[i], 0.5) for i in seconds}
    wanted['p90'] = {i: percentile(seconds[i], 0.9) for i in seconds}
    wanted['p95'] = {i: percentile(seconds[i], 0.95) for i in seconds}
    wanted['size'] = sizes
    wanted['pulls'] = {i: len(seconds[i]) for i in seconds}
    signals = [signal(f'a-{m}', 'usage', 'aggregate', method=m) for m in METHODS]
    signals += [
        signal('weighted', 'usage', 'timeWeightedAggregate', method='sum', timezone='Europe/Berlin',
               defaultWeight='250m', windows=[{'startHour': 22, 'endHour': 6, 'weight': 3},
                                              {'startHour': 2, 'endHour': 4, 'weight': '-0.5'}]),
        signal('night', 'usage', 'windowAggregate', method='avg', timezone='Europe/Berlin',
               window={'start': '23:30', 'end': '01:30'}),
        *(signal(p, 'events', 'eventPullTime', statistic=p) for p in ('p50', 'p90', 'p95')),
        signal('size', 'events', 'eventPullTime', metric='imageSize', statistic='max'),
        signal('pulls', 'events', 'eventPullTime', statistic='count'),
    ]
    weights = {s['name']: (i % 5) - 1.5 for i, s in enumerate(signals)}
    images = sorted(set(samples) | set(seconds))
    score = collections.Counter()
    for name, factor in weights.items():
        low, high = min(wanted[name].values()), max(wanted[name].values())
        for image in images:
            value = (wanted[name].get(image, 0) - low) / (high - low) if high > low else 1
            score[image] += factor * value
    with Scene() as s:
        s.source.answers[RANGE] = matrix(series)
        s.source.answers[LOKI] = Loki(events)
        pipeline_policy(s, 'sum', [prom(s), loki(s)], signals, {
            'strategy': 'weightedSum', 'weightedSum': {'terms': [
                {'signal': n, 'weight': str(w)} for n, w in weights.items()]}})
        s.until_reason('sum', 'Synced')
        got = entries(s, 'sum')
        check_values(s, 'sum', wanted)
        order = sorted(images, key=lambda i: (-score[i], i))
        assert [e['image'] for e in got] == order, ([e['image'] for e in got], order)
        assert [e['rank'] for e in got] == list(range(1, len(images) + 1))
        assert all(same(e['finalScore'], score[e['image']]) for e in got), got
        assert results(s, 'sum')['events']['status'] == 'success'

        # Ready nodes: two of three, of which one matches.
        for name, ready, zone_label in (('n1', 'True', 'a'), ('n2', 'True', 'b'), ('n3', 'False', 'a')):
            s.ask('POST', '/api/v1/nodes', {
                'apiVersion': 'v1', 'kind': 'Node', 'metadata': {'name': name, 'labels': {'zone': zone_label}},
                'status': {'conditions': [{'type': 'Ready', 'status': ready}]}})
        exposure = {'preWindowUsageSignal': 'pulls', 'targetWindowUsageSignal': 'a-sum', 'pullTimeSignal': 'p50'}

        def zones(*names):
            return {'nodeSelectorTerms': [{'matchExpressions': [{'key': 'zone', 'operator': 'In', 'values': names}]}]}
        for name, nodes, count in (('all', None, 2), ('count', {'count': 50}, 50),
                                   ('some', {'count': 50, 'selector': zones('a', 'b')}, 2),
                                   ('none', {'count': 50, 'selector': zones('c')}, 50)):
            block = {**exposure, **({'nodes': nodes} if nodes else {})}
            pipeline_policy(s, name, [prom(s), loki(s)], signals, {
                'strategy': 'modelExposure', 'modelExposure': block})
            s.until_reason(name, 'Synced')
            want = {i: wanted['a-sum'].get(i, 0) * (1 - 1 / count) ** wanted['pulls'].get(i, 0)
                    * wanted['p50'].get(i, 0) for i in images}
            got = entries(s, name)
            assert [e['image'] for e in got] == sorted(images, key=lambda i, w=want: (-w[i], i)), (name, got, want)
            assert all(same(e['finalScore'], want[e['image']]) for e in got), (name, got, want)

        # The last week alone, which has no sample: missing, so 0, and by name.
        pipeline_policy(s, 'recent', [prom(s)], [signal('recent', 'usage', 'windowAggregate', method='sum',
                                                        relativeWindow='168h')],
                        {'strategy': 'signal', 'signal': 'recent'})
        s.until_reason('recent', 'Synced')
        assert [(e['image'], e['finalScore']) for e in entries(s, 'recent')] == [
            (i, '0') for i in sorted(samples)], entries(s, 'recent')


def test_rule_55_without_ranking_the_highest_raw_value():
    with Scene() as s:
        s.source.answers[RANGE] = matrix([({'image': 'r.io/a'}, [(1, 1), (2, 5.5)]), ({'image': 'r.io/a'}, [(1, 4)]),
                                          ({'image': 'r.io/b'}, [(1, 7)]), ({'pod': 'x'}, [(1, 9)])])
        s.source.series(c=6)
        pipeline_policy(s, 'p', [prom(s), prom(s, 'now', queryType='instant')], maxImages=3, imageFilter='r.io')
        s.until_images('p', 'b', 'c', 'a')
        assert [e['finalScore'] for e in entries(s, 'p')] == ['7', '6', '5.5'], entries(s, 'p')
        words = [urllib.parse.parse_qs(urllib.parse.urlparse(path).query) for path, _ in s.source.asked
                 if path.startswith(RANGE)]
        span = float(words[0]['end'][0]) - float(words[0]['start'][0])
        assert abs(span - 86400) < 1 and words[0]['step'] == ['300.000'], words
        shown = subprocess.run([CTL, 'discover', '-f', '-', *s.common[:2]], capture_output=True, text=True, timeout=60,
                               check=True, input=json.dumps(s.ask('GET', f'{pipeline.API}/p'))).stdout
        assert 'usage prometheus' in shown and '2 images of 5 samples' in shown, shown


def test_rule_55_dropctl_shows_signals():
    with Scene() as s:
        s.source.answers[RANGE] = matrix([({'image': 'r.io/a'}, [(1, 1), (2, 5.5)]), ({'image': 'r.io/b'}, [(1, 7)]),
                                          ({'image': 'r.io/c'}, [(1, 7)])])
        s.source.answers[LOKI] = Loki([(time.time_ns() - SECOND, {'reason': 'Pulled'}, pulled('r.io/a', 2, 5, '1.34')),
                                       (time.time_ns() - SECOND, {'reason': 'Pulled'}, pulled('r.io/c', 3, 5, '1.34'))])
        pipeline_policy(s, 'p', [prom(s), loki(s)], [
            signal('used', 'usage', 'aggregate', method='sum'),
            signal('seconds', 'events', 'eventPullTime', statistic='p50')], {
                'strategy': 'weightedSum', 'weightedSum': {'missingSignal': 'drop', 'terms': [
                    {'signal': 'used', 'weight': 1}, {'signal': 'seconds', 'weight': 2}]}}, maxImages=1)
        s.until_reason('p', 'Synced')
        ask = [CTL, 'discover', '-f', '-', *s.common[:2]]
        body = json.dumps(s.ask('GET', f'{pipeline.API}/p'))
        shown = subprocess.run(ask, capture_output=True, text=True, timeout=60, check=True, input=body).stdout
        lines = [' '.join(line.split()) for line in shown.splitlines()]
        assert '1. r.io/c 3 used=7 seconds=3' in lines, shown
        assert '- r.io/a 0 used=6.5 seconds=2; ranked below the first maxImages' in lines, shown
        assert '- r.io/b used=7; has no value of a signal of the ranking (missingSignal: drop)' in lines, shown
        told = json.loads(subprocess.run([*ask, '-o', 'json'], capture_output=True, text=True, timeout=60, check=True,
                                         input=body).stdout)['policies'][0]
        assert told['images'][0]['signals'] == {'used': 7, 'seconds': 3}, told
        assert told['sources'][1]['samples'] == 4, told


def test_rule_55_the_example_of_the_page():
    page = (pathlib.Path(__file__).resolve().parents[2] / 'docs/discovery.md').read_text()
    block = re.search(r'^```yaml\n(.*?name: builds.*?)^```$', page.partition('### Images that keep')[2], re.M | re.S)[1]
    with Scene() as s:
        night = datetime.datetime(2024, 1, 1, 1, tzinfo=datetime.UTC).timestamp()
        s.source.answers[RANGE] = matrix([({'image': 'registry.example/ci/a'}, [(night, 1), (night + 6 * 3600, 3)]),
                                          ({'image': 'elsewhere/b'}, [(night, 1)])])
        s.source.answers[LOKI] = Loki([(time.time_ns() - SECOND, {'job': 'kubernetes-events'},
                                        pulled('registry.example/ci/a', 8, 5, '1.36'))])
        for url in re.findall(r'endpoint: (\S+)', block):
            block = block.replace(url, s.source.url)
        told = subprocess.run([CTL, 'discover', '-f', '-', '-o', 'json', *s.common[:2]], capture_output=True, text=True,
                              timeout=60, check=False, input=block).stdout
        answer = json.loads(told)['policies'][0]
        assert answer['reason'] == 'Synced', told
        assert answer['images'][0]['signals'] == {'night': 1, 'morning': 3, 'seconds': 8}, told


def test_rule_55_an_outage_keeps_what_a_query_said():
    with Scene() as s:
        s.source.answers[RANGE] = matrix([({'image': 'r.io/a'}, [(1, 1)]), ({'image': 'r.io/b'}, [(1, 3)])])
        s.source.tags('c', '1.0', '2.0')
        spec = ([prom(s), tags(s, 'c')], [signal('used', 'usage', 'aggregate', method='sum'),
                                          signal('new', 'tags', 'aggregate', method='max')],
                {'strategy': 'weightedSum', 'weightedSum': {'terms': [{'signal': 'used', 'weight': 2},
                                                                      {'signal': 'new', 'weight': 1}]}})
        pipeline_policy(s, 'p', *spec, syncInterval='1s')
        s.until_reason('p', 'Synced')
        before = entries(s, 'p')
        s.source.answers[RANGE] = (503, {}, {})
        s.until_reason('p', 'PartiallyFailed')
        assert entries(s, 'p') == before
        assert {n: r['status'] for n, r in results(s, 'p').items()} == {'usage': 'failed', 'tags': 'success'}
        # Nobody answers, and the discoverer is started again: the list stays, with its numbers.
        s.source.answers['/v2/c/tags/list'] = (503, {}, {})
        until('both fail', lambda: results(s, 'p')['tags']['status'] == 'failed')
        s.end('discoverer')
        asked = len(s.source.asked)
        s.discover()
        until('it is asked', lambda: len(s.source.asked) > asked + 3)
        until('both fail', lambda: results(s, 'p')['tags']['status'] == 'failed')
        assert entries(s, 'p') == before, (entries(s, 'p'), before)
        s.source.tags('c', '3.0')
        until('the query that answers', lambda: [e['image'].rsplit('/', 1)[1] for e in entries(s, 'p')] == [
            'b', 'a', 'c:3.0'])


def test_rule_55_held_images_keep_their_signals():
    """maxShrinkPercent keeps images that no query has any more: with their scores and signals, after a restart, too."""
    with Scene() as s:
        s.source.answers[RANGE] = matrix([({'image': f'r.io/{n}'}, [(1, v)]) for n, v in (('a', 1), ('b', 3), ('c', 2))])
        pipeline_policy(s, 'p', [prom(s)], [signal('used', 'usage', 'aggregate', method='sum')],
                        {'strategy': 'signal', 'signal': 'used'}, syncInterval='1s', maxShrinkPercent=0)
        s.until_images('p', 'b', 'c', 'a')
        before = entries(s, 'p')
        s.source.answers[RANGE] = matrix([({'image': 'r.io/b'}, [(1, 5)])])
        until('the value that is new', lambda: entries(s, 'p')[0]['finalScore'] == '5')
        want = [{**before[0], 'finalScore': '5', 'signals': [{'name': 'used', 'value': '5'}]}, *before[1:]]
        assert entries(s, 'p') == want, entries(s, 'p')
        s.end('discoverer')
        s.discover()
        asked = len(s.source.asked)
        until('it is asked again', lambda: len(s.source.asked) > asked + 2)
        assert entries(s, 'p') == want, entries(s, 'p')


def test_rule_55_statuses_that_upstream_wrote():
    """Of 1.4 and of 2.x, in one cluster: what they list stays while nobody answers, and goes on when somebody does."""
    at = '2026-01-02T03:04:05Z'

    def condition(kind, reason):
        return {'type': kind, 'status': 'True', 'reason': reason, 'message': 'upstream', 'lastTransitionTime': at}

    conditions = [condition('Ready', 'Synced'), condition('SourceHealthy', 'AllSourcesHealthy')]
    first = [{'image': 'r.io/a', 'score': 9, 'source': 'prometheus'}, {'image': 'r.io/b', 'score': 7, 'source': 'prometheus'}]
    second = [{'image': 'r.io/c', 'rank': 1, 'finalScore': '2.5'}, {'image': 'r.io/d', 'rank': 2, 'finalScore': '0.5'}]

    def write(s):
        s.source.answers['/api/v1/query'] = s.source.answers[RANGE] = (503, {}, {})
        s.policy('one', s.prometheus())
        pipeline_policy(s, 'two', [prom(s)], [signal('used', 'usage', 'aggregate', method='sum')],
                        {'strategy': 'signal', 'signal': 'used'})
        s.ask('PATCH', f'{pipeline.API}/one/status', {'status': {
            'discoveredImages': first, 'imageCount': 2, 'sourceCount': 1, 'lastSyncTime': at, 'conditions': conditions}})
        s.ask('PATCH', f'{pipeline.API}/two/status', {'status': {
            'discoveredImages': second, 'imageCount': 2, 'lastSyncTime': at, 'conditions': conditions,
            'queryResults': [{'name': 'usage', 'type': 'prometheus', 'status': 'success'}]}})

    with Scene(write) as s:
        s.until_reason('one', 'PartiallyFailed')
        s.until_reason('two', 'PartiallyFailed')
        assert entries(s, 'one') == first, entries(s, 'one')
        assert [e['image'] for e in entries(s, 'two')] == ['r.io/c', 'r.io/d'], entries(s, 'two')
        assert results(s, 'two')['usage']['status'] == 'failed'
        s.source.series(b=3, e=1)
        s.source.answers[RANGE] = matrix([({'image': 'r.io/d'}, [(1, 1)]), ({'image': 'r.io/f'}, [(1, 3)])])
        s.until_images('one', 'b', 'e')
        s.until_images('two', 'f', 'd')
        assert [e['finalScore'] for e in entries(s, 'two')] == ['3', '1'], entries(s, 'two')


def test_rule_55_specs_that_are_not_valid():
    with Scene() as s:
        s.source.answers[RANGE] = matrix([({'image': 'r.io/a'}, [(1, 1)])])
        pipeline_policy(s, 'p', [prom(s)], [signal('w', 'usage', 'windowAggregate', method='sum', timezone='Mars/North',
                                                   window={'start': '08:00', 'end': '09:00'})])
        assert 'signal w: timezone: unknown time zone Mars/North' in s.until_reason('p', 'InvalidSpec')['message']
        assert not s.source.asked
        s.ask('PATCH', f'{pipeline.API}/p', {'spec': {'signals': None}})
        s.until_images('p', 'a')
        s.ask('PATCH', f'{pipeline.API}/p', {'spec': {'queries': [tags(s, 'c', versionPattern='v')]}})
        message = s.until_reason('p', 'InvalidSpec')['message']
        assert 'queries[0] tags: registry.versionPattern: has 0 groups' in message, message
        assert s.images('p') == ['a'], 'nothing is dropped'
        s.ask('PATCH', f'{pipeline.API}/p', {'spec': {'queries': None, 'signals': None}})
        until('neither form', lambda: 'set sources or queries' in s.ready('p').get('message', ''))
        # From one form to the other: what was found stays until the other has answered.
        s.source.tags('c', 'v1')
        s.ask('PATCH', f'{pipeline.API}/p', {'spec': {'sources': [s.registry('c')]}})
        s.until_images('p', 'c:v1')
        assert 'rank' not in entries(s, 'p')[0] and entries(s, 'p')[0]['source'] == 'registry', entries(s, 'p')
        s.ask('PATCH', f'{pipeline.API}/p', {'spec': {'sources': None, 'queries': [prom(s)]}})
        s.until_images('p', 'a')
        assert 'score' not in entries(s, 'p')[0] and entries(s, 'p')[0]['rank'] == 1, entries(s, 'p')


def mixed_tags():
    """3,000 of several schemes, in the order of a registry: by name."""
    names = [f'v{a}.{b}.{c}' for a in range(10) for b in range(10) for c in range(10)]
    names += [f'{a}.{b}.0-rc.{c}' for a in range(10) for b in range(10) for c in range(9, 14)]
    names += [f'app-{a}.{b}' for a in range(20) for b in range(50)]
    names += [f'sha-{i:06x}' for i in range(450)] + [f'build{i}' for i in range(50)]
    return sorted(names)


def key(tag):
    """Of semver's precedence; None: no version."""
    text = tag.removeprefix('app-').removeprefix('v')
    if not text[0].isdigit():
        return None
    numbers, _, pre = text.partition('-rc.')
    parts = [int(part) for part in numbers.split('.')]
    return (*parts, *[0] * (3 - len(parts)), int(pre) if pre else math.inf)


def test_rule_55_versions_of_a_registry():
    with Scene() as s:
        names = mixed_tags()
        assert len(names) == 3000

        def page(handler):
            words = urllib.parse.parse_qs(urllib.parse.urlparse(handler.path).query)
            last, n = words.get('last', [''])[0], int(words.get('n', ['100'])[0])
            rest = [name for name in names if name > last][:n]
            more = {'Link': f'</v2/a/tags/list?n={n}&last={rest[-1]}>; rel="next"'} if rest and rest[-1] != names[-1] else {}
            return 200, more, {'name': 'a', 'tags': rest}
        s.source.answers['/v2/a/tags/list'] = page
        pipeline_policy(s, 'all', [tags(s, 'a', maxScan=5000)], maxImages=2200)
        s.until_reason('all', 'Synced')
        got = [e['image'].rpartition(':')[2] for e in entries(s, 'all')]
        # Equal versions, and tags without one: the later in the registry's order is newer.
        versions = sorted((n for n in names if key(n)), key=lambda n: (key(n), names.index(n)), reverse=True)
        others = sorted((n for n in names if not key(n)), reverse=True)
        want = (versions + others)[:2200]
        assert got == want, [pair for pair in zip(got, want) if pair[0] != pair[1]][:3]
        assert entries(s, 'all')[0]['finalScore'] == '3000' and entries(s, 'all')[-1]['finalScore'] == '801'
        pipeline_policy(s, 'others', [tags(s, 'a', maxScan=5000, tagFilter='^sha|^build')], maxImages=600)
        s.until_reason('others', 'Synced')
        assert [e['image'].rpartition(':')[2] for e in entries(s, 'others')] == others
        pipeline_policy(s, 'top', [tags(s, 'a', maxScan=5000, topX=2, tagFilter='^v')])
        s.until_images('top', 'a:v9.9.9', 'a:v9.9.8')
        assert [e['finalScore'] for e in entries(s, 'top')] == ['2', '1']
        # The group of the pattern is the version.
        pipeline_policy(s, 'builds', [tags(s, 'a', maxScan=5000, topX=2, tagFilter='^build', versionPattern='^build([0-9]+)$')])
        s.until_images('builds', 'a:build49', 'a:build48')
        # From a tag on, and so many.
        s.source.asked.clear()
        pipeline_policy(s, 'seek', [tags(s, 'a', maxScan=3, tagSeek='v9.9.5')])
        s.until_images('seek', 'a:v9.9.8', 'a:v9.9.7', 'a:v9.9.6')
        assert s.source.asked[0][0] == '/v2/a/tags/list?n=1000&last=v9.9.5', s.source.asked
        message = results(s, 'seek')['tags']['message']
        assert 'only the first 3 were read' in message and 'maxScan' in message, message
        pipeline_policy(s, 'least', [tags(s, 'a')], maxImages=2000)
        s.until_reason('least', 'Synced')
        assert len(entries(s, 'least')) == 1000, 'maxScan is 1000'


if __name__ == '__main__':
    pipeline.main(globals())
