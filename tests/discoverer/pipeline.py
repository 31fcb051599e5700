"""drop-discoverer on drop-sim, with the real watcher and a registry and Prometheus of our own.

What a policy comes to as users see it: who may ask when (behaviour.md 32), what a restart, a new spec, a
source that fails or comes back, and a changed Secret do (26, 28-30). Every wait has a deadline; what must
not happen is checked after something later was seen to happen. Prints TAP.
"""
import base64
import datetime
import http.server
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'e2e'))

import wait
from tap import functions_of, run_functions

SIM, WATCHER, DISCOVERER, CTL = sys.argv[1:5]
DEADLINE = 180  # seconds, under sanitizers and load
API = '/apis/drop.corewire.io/v1alpha1/discoverypolicies'
SECRETS = '/api/v1/namespaces/drop-system/secrets'
LEASE = '/apis/coordination.k8s.io/v1/namespaces/drop-system/leases'


def until(what, probe):
    return wait.until(DEADLINE, probe, 0.05, what)


class Source(http.server.ThreadingHTTPServer):
    """Answers what `answers[path]` says: (code, headers, body) or a function of the request."""
    daemon_threads = True

    def __init__(self):
        super().__init__(('127.0.0.1', 0), Handler)
        self.url = f'http://127.0.0.1:{self.server_port}'
        self.asked = []     # (path with query, headers), in order of arrival
        self.answers = {}
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        pass

    def tags(self, repository, *tags):
        self.answers[f'/v2/{repository}/tags/list'] = (200, {}, {'name': repository, 'tags': tags})

    def locked(self, repository, *tags):
        """For whoever says who he is."""
        def answer(handler):
            return (200, {}, {'tags': tags}) if handler.headers.get('Authorization') else (401, {}, {})
        self.answers[f'/v2/{repository}/tags/list'] = answer

    def series(self, **scores):
        self.answers['/api/v1/query'] = (200, {}, {'status': 'success', 'data': {
            'resultType': 'vector',
            'result': [{'metric': {'image': f'r.io/{name}'}, 'value': [0, str(score)]}
                       for name, score in scores.items()]}})


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    form = None  # of a POST

    def do_POST(self):
        self.form = self.rfile.read(int(self.headers['Content-Length'])).decode()
        self.do_GET()
        self.form = None

    def do_GET(self):
        self.server.asked.append((self.path, dict(self.headers)))
        answer = self.server.answers.get(urllib.parse.urlparse(self.path).path, (404, {}, {}))
        if callable(answer):
            answer = answer(self)
        code, headers, body = answer
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header('Content-Length', str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


class Scene:
    def __init__(self, before=lambda scene: None):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix='drop-discoverer-'))
        self.source = Source()
        self.running = {}
        self.log = open(self.dir / 'log', 'ab')
        (self.dir / 's').mkdir(mode=0o700)
        config = self.dir / 'kubeconfig'
        self.start('sim', SIM, '--nodes', '0', '--kubeconfig-out', str(config))
        until('the API', lambda: config.exists() and config.stat().st_size)
        words = config.read_text().split()
        self.url = words[words.index('server:') + 1].strip('"')
        self.common = ['--socket-dir', str(self.dir / 's'), '--kubeconfig', str(config),
                       '--log-level', 'debug']
        before(self)
        self.start('watcher', WATCHER, *self.common)
        self.discover()

    def start(self, name, *words):
        self.running[name] = subprocess.Popen(words, stderr=self.log, env={**os.environ, 'DROP_IDENTITY': 'us'})

    def discover(self, *options):
        self.start('discoverer', DISCOVERER, *self.common, *options)

    def end(self, name, number=signal.SIGKILL):
        self.running[name].send_signal(number)
        return self.running.pop(name).wait(30)

    def ask(self, method, path, body=None):
        kind = 'application/merge-patch+json' if method == 'PATCH' else 'application/json'
        request = urllib.request.Request(self.url + path, method=method, headers={'Content-Type': kind},
                                         data=None if body is None else json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read())

    def policy(self, name, *sources, **spec):
        self.ask('POST', API, {'apiVersion': 'drop.corewire.io/v1alpha1', 'kind': 'DiscoveryPolicy',
                               'metadata': {'name': name}, 'spec': {'sources': sources, **spec}})

    def secret(self, name, kind='Opaque', labels=None, **data):
        coded = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
        self.ask('POST', SECRETS, {'apiVersion': 'v1', 'kind': 'Secret', 'type': kind,
                                   'metadata': {'name': name, 'labels': labels or {}}, 'data': coded})

    def sent(self):
        """What sources were given as credentials."""
        return [headers['Authorization'] for _, headers in self.source.asked if 'Authorization' in headers]

    def status(self, name):
        return self.ask('GET', f'{API}/{name}').get('status') or {}

    def images(self, name):
        return [i['image'].rsplit('/', 1)[1] for i in self.status(name).get('discoveredImages') or []]

    def ready(self, name):
        for condition in self.status(name).get('conditions') or []:
            if condition['type'] == 'Ready':
                return condition
        return {'reason': ''}

    def until_images(self, name, *images):
        def found():
            got = self.images(name)
            assert got == list(images), got
            return True
        until(f'images of {name}, {images}', found)

    def until_reason(self, name, reason):
        def said():
            got = self.ready(name)
            assert got['reason'] == reason, got
            return got
        return until(f'{reason} of {name}', said)

    def prometheus(self, **more):
        return {'type': 'prometheus', 'prometheus': {'endpoint': self.source.url, 'query': 'up'}, **more}

    def registry(self, *repositories, secret=None, **more):
        source = {'type': 'registry', 'registry': {
            'url': self.source.url, 'repositories': repositories, **more}}
        return {**source, 'secretRef': {'name': secret}} if secret else source

    def stats(self):
        """What the discoverer measures: series to value."""
        return json.loads(subprocess.run([CTL, 'stats', 'discoverer', '--all', *self.common[:2]],
                                         capture_output=True, check=True, timeout=60).stdout)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind:
            sys.stderr.write((self.dir / 'log').read_text())
        for name in list(self.running):
            self.end(name)
        self.log.close()
        self.source.shutdown()
        self.source.server_close()
        shutil.rmtree(self.dir)


def test_rule_32_a_standby_asks_nobody():
    began = 0

    def taken(scene):
        nonlocal began
        began = time.monotonic()
        now = datetime.datetime.now(datetime.UTC).strftime('%Y-%m-%dT%H:%M:%S.%fZ')
        scene.ask('POST', LEASE, {
            'apiVersion': 'coordination.k8s.io/v1', 'kind': 'Lease', 'metadata': {'name': 'b889acf8.corewire.io'},
            'spec': {'holderIdentity': 'another', 'leaseDurationSeconds': 15, 'acquireTime': now,
                     'renewTime': now, 'leaseTransitions': 0}})
        scene.source.tags('a', 'v1')
        scene.policy('p', scene.registry('a'))

    with Scene(taken) as s:
        until('it is there', lambda: 'discoverer: started' in (s.dir / 'log').read_text())
        until('it acts', lambda: 'discoverer: leading' in (s.dir / 'log').read_text() or s.source.asked)
        assert time.monotonic() - began > 14, 'the other replica holds the lease for 15 s'
        s.until_images('p', 'a:v1')
        # The lease is lost: nobody is asked and nothing written any more.
        s.policy('q', s.registry('a'), syncInterval='1s')
        s.until_images('q', 'a:v1')
        s.end('watcher')
        until('the fence', lambda: 'no longer leading' in (s.dir / 'log').read_text())
        asked = len(s.source.asked)
        time.sleep(3)
        assert len(s.source.asked) == asked, 'a standby asks'
        # Another replica leads, and writes; what it left is what counts when we lead again.
        s.ask('PATCH', f'{API}/q/status', {'status': {'imageCount': 1, 'discoveredImages': [
            {'image': 'r.io/other', 'score': 1, 'source': 'registry'}]}})
        s.source.answers['/v2/a/tags/list'] = (500, {}, {})
        s.start('watcher', WATCHER, *s.common)
        s.until_reason('q', 'PartiallyFailed')
        assert s.images('q') == ['other'], s.images('q')


def test_rule_26_a_restart_goes_on_from_status():
    with Scene() as s:
        s.source.tags('a', 'v1', 'v2')
        s.policy('p', s.registry('a'))
        s.until_images('p', 'a:v2', 'a:v1')
        asked = len(s.source.asked)
        synced = s.status('p')['lastSyncTime']
        s.end('discoverer')
        s.source.tags('b', 'v1')
        s.discover()
        s.policy('q', s.registry('b'))
        s.until_images('q', 'b:v1')
        assert len(s.source.asked) == asked + 1, 'p was synced moments ago'
        assert s.status('p')['lastSyncTime'] == synced
        # Its source fails after the restart: what status has is what it last had.
        s.source.answers['/v2/a/tags/list'] = (500, {}, {})
        s.ask('PATCH', f'{API}/p', {'spec': {'maxImages': 1}})
        s.until_reason('p', 'PartiallyFailed')
        assert s.images('p') == ['a:v2'], s.images('p')


def test_rule_26_a_new_spec_counts_at_once():
    with Scene() as s:
        s.source.series(a=5, b=7, c=6)
        s.policy('p', s.prometheus())
        s.until_images('p', 'b', 'c', 'a')
        s.ask('PATCH', f'{API}/p', {'spec': {'imageFilter': '/[ab]$'}})
        s.until_images('p', 'b', 'a')
        s.ask('PATCH', f'{API}/p', {'spec': {'imageFilter': '((('}})
        assert 'imageFilter' in s.until_reason('p', 'InvalidSpec')['message']
        assert s.images('p') == ['b', 'a'], 'rule 31: nothing is dropped'
        s.ask('PATCH', f'{API}/p', {'spec': {'imageFilter': None}})
        s.until_images('p', 'b', 'c', 'a')


def test_rule_26_a_source_that_flaps():
    with Scene() as s:
        s.source.series(a=5, b=4, c=3, d=2)
        s.policy('slow', s.prometheus(), syncInterval='1s', removeAfter=3)
        s.policy('held', s.prometheus(), syncInterval='1s', maxShrinkPercent=25)
        s.policy('plain', s.prometheus(), syncInterval='1s')
        for name in ('slow', 'held', 'plain'):
            s.until_images(name, 'a', 'b', 'c', 'd')
        s.source.series(a=5)
        s.until_images('plain', 'a')
        seen = []
        until('slow drops all at once', lambda: seen.append(s.images('slow')) or seen[-1] == ['a'])
        assert all(images in (['a', 'b', 'c', 'd'], ['a']) for images in seen), seen
        until('held drops one by one', lambda: seen.append(s.images('held')) or seen[-1] == ['a'])


def test_rule_30_a_failing_source_keeps_its_results_and_comes_back():
    with Scene() as s:
        s.source.series(x=9)
        s.source.tags('a', 'v1')
        s.policy('p', s.prometheus(), s.registry('a'), syncInterval='2s')
        s.until_images('p', 'x', 'a:v1')
        s.source.answers['/v2/a/tags/list'] = (503, {}, {})
        s.source.series(y=9)
        s.until_images('p', 'y', 'a:v1')
        assert s.until_reason('p', 'PartiallyFailed')['message'] == (
            'Discovered 2 images, but some sources failed: 1')
        found = 'drop_discovery_images_found{policy="p",source_type="registry"}'
        health = f'drop_discovery_source_health{{policy="p",source_type="registry",endpoint="{s.source.url}"}}'
        stats = s.stats()
        assert stats[found] == 1 and stats[health] == 0, stats
        s.source.tags('a', 'v2')
        s.until_images('p', 'y', 'a:v2')
        s.until_reason('p', 'Synced')
        stats = s.stats()
        assert stats[health] == 1, stats
        assert stats['drop_discovery_source_latency_seconds_count{policy="p",source_type="registry"}'] >= 3
        s.ask('DELETE', f'{API}/p')
        until('its series go', lambda: 'policy="p"' not in json.dumps(s.stats()).replace('\\"', '"'))


def test_rule_29_secrets_are_read_at_each_sync():
    with Scene() as s:
        def locked(handler):
            right = 'Basic ' + base64.b64encode(b'us:' + password).decode()
            if handler.headers.get('Authorization') != right:
                return 401, {'WWW-Authenticate': 'Basic realm="r"'}, {}
            return 200, {}, {'tags': ['v1']}

        password = b'first-pass'
        s.source.answers['/v2/a/tags/list'] = locked
        s.policy('p', s.registry('a', secret='creds'), syncInterval='1s')
        assert 'Secret creds does not exist' in s.until_reason('p', 'SyncFailed')['message']
        s.secret('creds', username='us', password='first-pass')
        s.until_images('p', 'a:v1')
        password = b'second-pass'
        s.until_reason('p', 'PartiallyFailed')
        coded = base64.b64encode(password).decode()
        s.ask('PATCH', f'{SECRETS}/creds', {'data': {'password': coded}})
        s.until_reason('p', 'Synced')
        s.ask('PATCH', f'{SECRETS}/creds', {'data': {'password': None}})
        s.until_reason('p', 'PartiallyFailed')
        for secret in ('first-pass', 'second-pass', coded):
            assert secret not in (s.dir / 'log').read_text()
            assert secret not in json.dumps(s.ask('GET', API))


def test_rule_29_secrets_that_are_for_others():
    with Scene() as s:
        s.source.locked('a', 'v1')
        for number, kind in enumerate(('kubernetes.io/service-account-token', 'bootstrap.kubernetes.io/token',
                                       'helm.sh/release.v1')):
            s.secret(f'stolen-{number}', kind, token='t0ken-of-the-cluster')
            s.policy(f'p{number}', s.registry('a', secret=f'stolen-{number}'))
            said = s.until_reason(f'p{number}', 'SecretRefused')['message']
            assert f'Secret stolen-{number} is of type {kind}, which must not be used for discovery' in said, said
        s.secret('own', token='t0ken-of-the-source')
        s.policy('fine', s.registry('a', secret='own'))
        s.until_images('fine', 'a:v1')
        assert set(s.sent()) == {'Bearer t0ken-of-the-source'}, s.sent()
        for mode, allowed, said in (
                (('labelled',), 'labelled', 'does not have the label drop.corewire.io/allow: discovery'),
                (('named', '--discovery-secret-names=x,listed'), 'listed', 'may not be used by discovery')):
            s.end('discoverer')
            s.source.asked.clear()
            s.secret(allowed, labels={'drop.corewire.io/allow': 'discovery'} if mode == ('labelled',) else None,
                     token=f't0ken-{allowed}')
            s.discover('--discovery-secrets', *mode)
            s.policy(f'not-{allowed}', s.registry('a', secret='own'))
            assert said in s.until_reason(f'not-{allowed}', 'SecretRefused')['message']
            s.policy(f'is-{allowed}', s.registry('a', secret=allowed))
            s.until_images(f'is-{allowed}', 'a:v1')
            assert set(s.sent()) == {f'Bearer t0ken-{allowed}'}, s.sent()


def test_rule_29_credentials_over_http_are_said_or_withheld():
    events = '/apis/events.k8s.io/v1/namespaces/default/events'
    with Scene() as s:
        def told():
            return [e for e in s.ask('GET', events)['items'] if e['reason'] == 'CredentialsOverHTTP']

        s.source.tags('a', 'v1')
        s.secret('own', token='t0ken-of-the-source')
        s.policy('p', s.registry('a'), s.registry('a', secret='own'), syncInterval='1s')
        s.policy('open', s.registry('a'))
        s.until_images('p', 'a:v1')
        s.until_images('open', 'a:v1')
        until('the event', told)
        health = {name: [c['message'] for c in s.status(name)['conditions'] if c['type'] == 'SourceHealthy'][0]
                  for name in ('p', 'open')}
        assert health['open'] == 'All discovery sources responded successfully', health
        assert health['p'] == health['open'] + '; credentials are sent unencrypted over http: sources[1]', health
        asked = len(s.source.asked)
        until('more syncs', lambda: len(s.source.asked) > asked + 6)
        s.end('discoverer')
        s.discover()
        asked = len(s.source.asked)
        until('more syncs', lambda: len(s.source.asked) > asked + 6)
        one, = told()
        assert (one['type'], one['regarding']['kind'], one['regarding']['name']) == ('Warning', 'DiscoveryPolicy', 'p')
        s.end('discoverer')
        s.source.asked.clear()
        s.discover('--require-tls-credentials')
        s.ask('PATCH', f'{API}/p', {'spec': {'sources': [s.registry('a', secret='own')]}})
        s.policy('alone', s.registry('a', secret='own'))
        said = s.until_reason('alone', 'CredentialsWithheld')['message']
        assert 'credentials are not sent over http (--require-tls-credentials)' in said, said
        s.until_reason('p', 'PartiallyFailed')
        assert s.images('p') == ['a:v1'], 'a failing source keeps its results'
        assert s.sent() == [], s.sent()


def test_rule_28_tokens_pages_and_topx():
    with Scene() as s:
        tokens = []

        def token(handler):
            query = urllib.parse.parse_qs(urllib.parse.urlparse(handler.path).query)
            tokens.append((handler.headers.get('Authorization', '').split(' ')[0], query))
            return 200, {}, {'token': 'tok3n', 'expires_in': 300}

        def tags(handler):
            if handler.headers.get('Authorization') != 'Bearer tok3n':
                return 401, {'WWW-Authenticate': f'Bearer realm="{s.source.url}/token",service="reg"'}, {}
            if 'last=' in handler.path:
                return 200, {}, {'tags': ['v3', 'w4', 'v5']}
            return 200, {'Link': '</v2/team/a/tags/list?last=v2>; rel="next"'}, {'tags': ['v1', 'v2']}

        s.source.answers['/token'] = token
        s.source.answers['/v2/team/a/tags/list'] = tags
        s.secret('creds', username='us', password='pass-w0rd')
        s.policy('p', s.registry('team/a', secret='creds', tagFilter='^v', topX=3,
                                 imageTemplate='mirror/{{ .Repository }}:{{.Tag}}'), syncInterval='1s')
        s.until_images('p', 'a:v5', 'a:v3', 'a:v2')
        pages = len(s.source.asked)
        until('more syncs', lambda: len(s.source.asked) > pages + 6)
        assert tokens[0] == ('Basic', {'service': ['reg'], 'scope': ['repository:team/a:pull']}), tokens
        assert len(tokens) == 1, 'the token is kept'
        assert s.status('p')['discoveredImages'][0] == {
            'image': 'mirror/team/a:v5', 'score': 3, 'source': 'registry'}


def test_sigterm_ends_what_is_stuck():
    with Scene() as s:
        gate = threading.Event()
        s.source.answers['/v2/a/tags/list'] = lambda handler: gate.wait(DEADLINE) and (200, {}, {}) or (500, {}, {})
        s.policy('p', s.registry('a'))
        until('it is asked', lambda: s.source.asked)
        began = time.monotonic()
        assert s.end('discoverer', signal.SIGTERM) == 0
        assert time.monotonic() - began < 25, 'the drain has 10 s'
        gate.set()


def main(module):
    sys.exit(run_functions(functions_of(module), sys.argv[5:]))


if __name__ == '__main__':
    main(globals())
