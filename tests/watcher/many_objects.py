"""drop-watcher with very many objects: what no room can be made for, and names made to collide. TAP.

many_objects.py WATCHER DROPCTL. An API server of our own, which holds what no CRD of today lets in: objects may be
older than their CRD. Sizes and processor time are read from /proc, what is left out from dropctl and from
the events that the server was sent.
"""
import http.server
import itertools
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
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'e2e'))

import wait
from tap import functions_of, run_functions

WATCHER, CTL = sys.argv[1:3]
DEADLINE = 300  # seconds, under sanitizers and load
SANITIZED_MIB = 700  # AddressSanitizer keeps 256 MiB of what was freed
IMAGES = '/apis/drop.corewire.io/v1alpha1/cachedimages'
# After each of these, the low 16 bits of FNV-1a are what they were before.
BLOCKS = ['ikfca', 'qpfda', 'mkkda', 'rarha', 'sjqia', 'kocva', 'vduab', 'lccfb', 'mpmhb', 'bmqlb', 'vhzlb', 'mlrmb']


def until(what, probe):
    return wait.until(DEADLINE, probe, 0.05, what)


def image(name, number, selector='{}'):
    """The JSON of a CachedImage; the selector is a text, so that a large one is written once."""
    return ('{"apiVersion":"drop.corewire.io/v1alpha1","kind":"CachedImage","metadata":{"name":"%s","uid":"u-%s",'
            '"resourceVersion":"%d","generation":1},"spec":{"image":"r.io/a","nodeSelector":%s}}'
            % (name, name, number + 1, selector)).encode()


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, images):
        super().__init__(('127.0.0.1', 0), Handler)
        self.url = f'http://127.0.0.1:{self.server_port}'
        self.images = images            # name -> JSON
        self.gone = []                  # names deleted since; streams tell them
        self.events = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        pass


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def log_message(self, *_):
        pass

    def answer(self, code, body):
        self.send_response(code)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers['Content-Length'])))
        if self.path.endswith('/events'):
            self.server.events.append(body)
        self.answer(201, json.dumps(body).encode())

    def do_GET(self):
        url = urllib.parse.urlparse(self.path)
        objects = list(self.server.images.values()) if url.path == IMAGES else []
        kind = b'CachedImage' if url.path == IMAGES else b'Node'
        if 'watch' in urllib.parse.parse_qs(url.query):
            self.stream(objects if 'sendInitialEvents' in url.query else [], kind, url.path == IMAGES)
        else:
            self.answer(200, b'{"kind":"List","metadata":{"resourceVersion":"1000000"},"items":[%s]}'
                        % b','.join(objects))

    def stream(self, objects, kind, ours):
        self.send_response(200)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Transfer-Encoding', 'chunked')
        self.end_headers()
        told = len(self.server.gone)
        for one in objects:
            self.line(b'{"type":"ADDED","object":%s}' % one)
        self.line(b'{"type":"BOOKMARK","object":{"kind":"%s","apiVersion":"v1","metadata":{"resourceVersion":"1000000",'
                  b'"annotations":{"k8s.io/initial-events-end":"true"}}}}' % kind)
        while True:
            for name in self.server.gone[told:] if ours else []:
                self.line(b'{"type":"DELETED","object":%s}' % image(name, 2000000 + told))
                told += 1
            self.wfile.flush()
            time.sleep(0.1)

    def line(self, text):
        self.wfile.write(b'%x\r\n%s\n\r\n' % (len(text) + 1, text))


class Scene:
    def __init__(self, images):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix='drop-many-'))
        self.server = Server(images)
        (self.dir / 's').mkdir(mode=0o700)
        config = self.dir / 'kubeconfig'
        config.write_text(json.dumps({
            'apiVersion': 'v1', 'kind': 'Config', 'current-context': 'c',
            'clusters': [{'name': 'c', 'cluster': {'server': self.server.url}}],
            'users': [{'name': 'u', 'user': {}}],
            'contexts': [{'name': 'c', 'context': {'cluster': 'c', 'user': 'u'}}]}))
        self.log = open(self.dir / 'log', 'wb')
        self.process = subprocess.Popen(
            [WATCHER, '--socket-dir', str(self.dir / 's'), '--kubeconfig', str(config), '--log-level=debug',
             '--leader-elect=false'], stderr=self.log)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind:
            sys.stderr.write((self.dir / 'log').read_text()[-8000:])
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.log.close()
        self.server.shutdown()
        self.server.server_close()
        shutil.rmtree(self.dir)

    def listed(self):
        assert self.process.poll() is None, 'the watcher died'
        return 'listed kind=CachedImage ' in (self.dir / 'log').read_text(errors='replace')

    def stat(self, name):
        """A gauge of the kind CachedImage."""
        said = subprocess.run([CTL, 'stats', 'watcher', '--all', '--socket-dir', str(self.dir / 's')],
                              capture_output=True, check=False, timeout=60)
        return json.loads(said.stdout or '{}').get(f'drop_{name}{{kind="CachedImage"}}')

    def peak_mib(self):
        status = pathlib.Path(f'/proc/{self.process.pid}/status').read_text()
        return int(status.split('VmHWM:')[1].split()[0]) / 1024

    def bound_mib(self, plain):
        maps = pathlib.Path(f'/proc/{self.process.pid}/maps').read_text()
        return SANITIZED_MIB if 'libasan' in maps else plain

    def cpu_s(self):
        fields = pathlib.Path(f'/proc/{self.process.pid}/stat').read_text().rsplit(')', 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


def test_objects_that_fill_the_memory_are_left_out_and_named():
    """280 MB of selectors, each pair of which could be on a node."""
    selector = json.dumps({f'{"p" * 250}.io/{number:04}': 'v' * 63 for number in range(1250)})
    many = {f'big-{number:03}': image(f'big-{number:03}', number, selector) for number in range(700)}
    many |= {'small': image('small', 900)}
    with Scene(many) as s:
        until('the list', s.listed)
        out = until('some are left out', lambda: s.stat('objects_left_out'))
        kept = s.stat('objects')
        assert out + kept == 701 and 50 < kept < 120, (out, kept)
        print(f'# 700 objects of {len(selector)} bytes: {kept} kept, {out} left out, peak {s.peak_mib():.0f} MiB')
        assert s.peak_mib() < s.bound_mib(100), s.peak_mib()
        told = until('events', lambda: len(s.server.events) >= 20 and s.server.events)
        names = {event['regarding']['name'] for event in told}
        assert len(names) == len(told) and 'small' not in names, 'each once'
        assert told[0]['reason'] == 'LeftOut' and told[0]['type'] == 'Warning'
        # Others go, and there is room for those who were left out.
        for number in range(640):
            del s.server.images[f'big-{number:03}']
        s.server.gone += [f'big-{number:03}' for number in range(640)]
        until('all are in', lambda: s.stat('objects_left_out') == 0 and s.stat('objects') == 61)


def test_what_no_label_can_be_takes_no_room():
    """Objects of an older CRD: their selectors match no node, and one pair says so."""
    selector = json.dumps({'a': 'v' * 100, **{f'key-{number}': 'v' * 400 for number in range(1000)}})
    with Scene({f'big-{number:03}': image(f'big-{number:03}', number, selector) for number in range(200)}) as s:
        until('the list', s.listed)
        assert s.stat('objects') == 200 and s.stat('objects_left_out') == 0
        print(f'# 200 objects of {len(selector)} bytes: peak {s.peak_mib():.0f} MiB')
        assert s.peak_mib() < s.bound_mib(50), s.peak_mib()


def test_crafted_names_cost_what_others_cost():
    crafted = [''.join(four) for four in itertools.product(BLOCKS, repeat=4)][:20000]
    cost = {}
    for what, names in (('plain', [f'name-{number:015}' for number in range(20000)]), ('crafted', crafted)):
        with Scene({name: image(name, number) for number, name in enumerate(names)}) as s:
            until('the list', s.listed)
            cost[what] = s.cpu_s()
    print(f'# 20,000 names: {cost["plain"]:.2f} s, crafted ones {cost["crafted"]:.2f} s')
    assert cost['crafted'] < 2 * cost['plain'] + 0.2, cost


if __name__ == '__main__':
    sys.exit(run_functions(functions_of(globals())))
