"""drop-puller between scripted peers (peer.c) and a scripted API server.

The server answers what a case tells it to, and can hold a request back; the peers send
what a case tells them to. Every wait has a deadline; what must not happen is checked
after something later was seen to happen. Prints TAP.
"""
import http.server
import json
import os
import pathlib
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'e2e'))

from tap import functions_of, run_functions
from wait import until

PULLER, PEER = sys.argv[1:3]
DEADLINE = 120  # seconds, under sanitizers and load


class Api(http.server.ThreadingHTTPServer):
    """Answers pods with `reply(method, path)` -> (code, reason, message)."""
    daemon_threads = True

    def __init__(self):
        super().__init__(('127.0.0.1', 0), Handler)
        self.seen = queue.Queue()      # (method, path, body, headers), in order of arrival
        self.requests = []
        self.reply = lambda method, path: (201 if method == 'POST' else 200, '', '')
        self.gate = threading.Event()  # cleared: requests are held before the answer
        self.gate.set()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        pass                           # a closed connection is part of the cases


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def serve(self):
        body = self.rfile.read(int(self.headers.get('Content-Length', 0)))
        row = (self.command, self.path, json.loads(body), dict(self.headers))
        self.server.requests.append(row[:2])
        self.server.seen.put(row)
        self.server.gate.wait(DEADLINE)
        code, reason, message = self.server.reply(self.command, self.path)
        text = json.dumps({'kind': 'Status', 'apiVersion': 'v1', 'code': code,
                           'reason': reason, 'message': message}).encode()
        self.send_response(code)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_POST = do_DELETE = serve

    def log_message(self, *_):
        pass


class Peer:
    def __init__(self, role, args):
        self.process = subprocess.Popen(
            [PEER, *args], env={**os.environ, 'TEST_ROLE': role}, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.lines = queue.Queue()
        threading.Thread(target=lambda: [self.lines.put(line.strip())
                                         for line in self.process.stdout], daemon=True).start()

    def tell(self, line):
        self.process.stdin.write(line + '\n')
        self.process.stdin.flush()

    def expect(self, start):
        """The next line, which must begin so."""
        line = self.lines.get(timeout=DEADLINE)
        assert line.startswith(start), f'{line!r}, wanted {start!r}'
        return line


class Scene:
    def __init__(self, *options, lease='lease 1 60000', session=7):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix='drop-puller-'))
        self.api = Api()
        config = self.dir / 'kubeconfig'
        config.write_text(json.dumps({
            'apiVersion': 'v1', 'kind': 'Config', 'current-context': 'c',
            'clusters': [{'name': 'c', 'cluster': {
                'server': f'http://127.0.0.1:{self.api.server_port}'}}],
            'users': [{'name': 'u', 'user': {'token': 't'}}],
            'contexts': [{'name': 'c', 'context': {'cluster': 'c', 'user': 'u'}}]}))
        common = ['--socket-dir', str(self.dir / 's')]
        (self.dir / 's').mkdir(mode=0o700)
        self.log = open(self.dir / 'log', 'wb')
        self.watcher = Peer('watcher', common)
        self.reconciler = Peer('reconciler', common)
        self.puller = subprocess.Popen(
            [PULLER, *common, '--kubeconfig', str(config), '--log-level', 'debug', *options],
            stderr=self.log)
        self.watcher.expect('up')
        self.reconciler.expect('up')
        self.watcher.tell(lease)
        if not lease.startswith('lease 0'):
            self.wait_log('leading, writes enabled')
        if session:
            self.sync(session)

    def sync(self, session):
        """Announces; asks again while the puller is not connected."""
        line = self.sent(f'sync 0 {session}')
        assert line == f'synced {session} past', line

    def sent(self, words):
        """What the reconciler hears of it, once the puller is there."""
        def said():
            self.reconciler.tell(words)
            line = self.reconciler.lines.get(timeout=DEADLINE)
            return '' if line.startswith('unsent') else line
        return until(DEADLINE, said, 0.05, 'the puller is there')

    def wait_log(self, text):
        until(DEADLINE, lambda: text in (self.dir / 'log').read_text(), 0.02, f'{text} in the log')

    def request(self):
        return self.api.seen.get(timeout=DEADLINE)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind:
            sys.stderr.write((self.dir / 'log').read_text())
        self.api.gate.set()
        for process in (self.puller, self.watcher.process, self.reconciler.process):
            process.kill()
            process.wait()
        self.log.close()
        self.api.shutdown()
        self.api.server_close()
        shutil.rmtree(self.dir)


def test_create_and_delete():
    with Scene('--priority-class=low') as s:
        s.reconciler.tell('start 1 7 9000 pull-a')
        s.reconciler.expect('created 1 201')
        method, path, pod, headers = s.request()
        assert (method, path) == ('POST', '/api/v1/namespaces/drop-system/pods'), path
        assert pod['metadata']['name'] == 'pull-a'
        assert pod['spec']['priorityClassName'] == 'low'
        assert headers['User-Agent'].startswith('drop-puller/'), headers
        assert 'PartialObjectMetadata' in headers['Accept']
        s.reconciler.tell('delete 2 7 9000 pull-a uid-1')
        s.reconciler.expect('deleted 2')
        method, path, options, _ = s.request()
        assert (method, path) == ('DELETE', '/api/v1/namespaces/drop-system/pods/pull-a')
        assert options['preconditions'] == {'uid': 'uid-1'}
        assert options['gracePeriodSeconds'] == 0
        assert options['propagationPolicy'] == 'Background'


def test_what_the_server_says():
    rows = [  # behaviour.md 6, 9, 10
        ('start 1 7 9000 p', (409, 'AlreadyExists', 'pods "p" already exists'), 'exists 1 409'),
        ('start 2 7 9000 p', (403, 'Forbidden', 'exceeded quota: q'),
         'refused 2 403 exceeded quota: q'),
        ('start 3 7 9000 p', (404, 'NotFound', 'namespaces not found'), 'refused 3 404'),
        ('start 4 7 9000 p', (422, 'Invalid', 'x' * 5000), 'refused 4 422 ' + 'x' * 200),
        ('start 5 7 9000 p', (409, 'Conflict', 'try again'), 'failed 5 409'),
        ('start 6 7 9000 p', (401, 'Unauthorized', ''), 'failed 6 401'),
        ('start 7 7 300 p', (500, 'InternalError', 'webhook'), 'failed 7'),
        ('delete 8 7 9000 p u', (404, 'NotFound', ''), 'deleted 8'),
        ('delete 9 7 9000 p u', (409, 'Conflict', 'uid'), 'deleted 9'),
        ('delete 10 7 9000 p u', (403, 'Forbidden', 'no'), 'kept 10 no'),
    ]
    with Scene() as s:
        for line, reply, want in rows:
            s.api.reply = lambda *_, reply=reply: reply
            s.reconciler.tell(line)
            got = s.reconciler.expect(want)
            assert len(got) < 1100, 'the text is cut'


def test_strangers_and_late_requests_write_nothing():
    with Scene(session=None) as s:
        s.sync(7)
        s.reconciler.tell('start 1 8 9000 stranger')
        s.reconciler.expect('dropped 1 0')
        s.reconciler.tell('start 2 7 -1 late')
        s.reconciler.expect('dropped 2 0')
        s.reconciler.tell('delete 3 8 9000 stranger u')
        s.reconciler.expect('kept 3')
        s.reconciler.tell('start 4 7 9000 good')
        s.reconciler.expect('created 4')
        assert len(s.api.requests) == 1, s.api.requests


def test_a_new_puller_deletes_for_any_session_but_creates_for_none():
    with Scene(session=None) as s:
        line = s.sent('delete 1 9 9000 pull-a u')
        assert line.startswith('deleted 1'), line
        s.reconciler.tell('start 2 9 9000 pull-a')
        s.reconciler.expect('dropped 2')


def test_a_repeat_joins_and_a_delete_waits():
    with Scene() as s:
        s.api.gate.clear()
        s.reconciler.tell('start 1 7 9000 pull-a')
        assert s.request()[0] == 'POST'
        s.reconciler.tell('start 2 7 9000 pull-a')
        s.reconciler.tell('delete 3 7 9000 pull-a u')
        s.reconciler.tell('start 4 8 9000 pull-a')
        s.reconciler.expect('dropped 4')    # so all before it were taken
        assert len(s.api.requests) == 1
        s.api.gate.set()
        s.reconciler.expect('created 1')
        s.reconciler.expect('created 2')
        s.reconciler.expect('deleted 3')
        assert [m for m, _ in s.api.requests] == ['POST', 'DELETE'], s.api.requests


def test_a_new_session_waits_for_older_writes():
    with Scene() as s:
        s.api.gate.clear()
        s.reconciler.tell('start 1 7 20000 pull-a')
        s.request()
        s.reconciler.tell('delete 2 7 20000 pull-a u')
        s.reconciler.tell('sync 3 8')
        s.reconciler.expect('kept 2')       # waiting, of an older session: dropped
        s.reconciler.tell('start 4 7 9000 pull-c')
        s.reconciler.expect('dropped 4')    # and the sync is still not answered
        s.api.gate.set()
        s.reconciler.expect('created 1')
        s.reconciler.expect('synced 8 past')
        assert [m for m, _ in s.api.requests] == ['POST']


def test_a_lost_lease_closes_what_is_on_the_wire():
    with Scene() as s:
        s.api.gate.clear()
        s.reconciler.tell('start 1 7 20000 pull-a')
        s.request()
        s.watcher.tell('lease 0 0')
        s.reconciler.expect('failed 1 0')
        s.reconciler.tell('start 2 7 20000 pull-b')
        s.reconciler.expect('failed 2 0')
        s.watcher.tell('lease 2 60000')
        s.wait_log('leading, writes enabled term=2')
        s.api.gate.set()
        s.reconciler.tell('start 3 7 20000 pull-c')
        s.reconciler.expect('created 3')
        assert len(s.api.requests) == 2, s.api.requests


def test_a_lease_that_is_not_renewed_ends_by_itself():
    with Scene(lease='lease 1 10000') as s:
        s.api.gate.clear()
        s.watcher.process.kill()
        s.reconciler.tell('start 1 7 20000 pull-a')
        s.request()
        s.reconciler.expect('failed 1')     # at the deadline, though nothing was heard
        s.wait_log('not leading, writes disabled')
        s.reconciler.tell('start 2 7 20000 pull-b')
        s.reconciler.expect('failed 2 0')
        assert len(s.api.requests) == 1, s.api.requests


def test_without_doorbells_the_lease_is_asked_for():
    with Scene() as s:
        s.watcher.tell('quiet')
        s.watcher.tell('lease 5 60000')
        while not s.watcher.lines.empty():
            s.watcher.lines.get()
        s.watcher.expect('asked')
        s.reconciler.tell('start 1 7 9000 pull-a')
        s.reconciler.expect('created 1')


def test_sigterm_finishes_what_is_on_the_wire():
    with Scene() as s:
        s.api.gate.clear()
        s.reconciler.tell('start 1 7 20000 pull-a')
        s.request()
        s.reconciler.tell('delete 2 7 20000 pull-a u')
        s.puller.send_signal(signal.SIGTERM)
        s.reconciler.expect('kept 2')
        assert s.puller.poll() is None, 'it waits for the write'
        s.api.gate.set()
        s.reconciler.expect('created 1')
        assert s.puller.wait(timeout=DEADLINE) == 0


if __name__ == '__main__':
    sys.exit(run_functions(functions_of(globals())))
