"""The supervisor with scripted children (must 11).

Each case writes a shell script as drop-<name> for each process of the
tree, starts the real drop-supervisor on a scratch folder and waits, with a deadline, for a
state of the world: the status file, the log, the process table. Prints TAP.
"""
import datetime
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'e2e'))

from tap import functions_of, run_functions
from wait import until

SUPERVISOR = sys.argv[1]
DEADLINE = 120  # seconds, under sanitizers and load
# In the order in which they are told to stop.
NAMES = ('reconciler', 'puller', 'discoverer', 'watcher', 'metricsd')
READY = 'echo >&$NOTIFY_FD\n'
# "exec sleep" would be readier to die than a real program; the trap says who stops when.
GOOD = ('trap "echo $0 >>$TRACE; exit 0" TERM\n' + READY +
        'while :; do sleep 0.05 & wait $!; done\n')


def wait_for(what, condition):
    return until(DEADLINE, condition, 0.02, what)


def alive(pid):
    try:
        state = pathlib.Path(f'/proc/{pid}/stat').read_text().rsplit(')', 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state not in 'ZX'


class Tree:
    def __init__(self, **scripts):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix='drop-tree-'))
        self.sockets = self.dir / 'sockets'
        self.trace = self.dir / 'trace'
        for name in NAMES:
            path = self.dir / f'drop-{name}'
            path.write_text('#!/bin/sh\n' + scripts.get(name, GOOD))
            path.chmod(0o755)

    def logged(self, text, number=0):
        """When the line was logged that has the text, as the number-th of them."""
        line = [line for line in self.text().splitlines() if text in line][number]
        return datetime.datetime.fromisoformat(line.split()[0].replace('Z', '+00:00')).timestamp()

    def start(self, *options, level='debug'):
        self.log = open(self.dir / 'log', 'ab')
        self.process = subprocess.Popen(
            [SUPERVISOR, '--bin-dir', str(self.dir), '--socket-dir', str(self.sockets),
             *(['--log-level', level] if level else []), *options],
            stderr=self.log, env={**os.environ, 'TRACE': str(self.trace)})
        return self

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind:
            sys.stderr.write((self.dir / 'log').read_text())
        self.process.kill()
        self.process.wait()
        self.log.close()
        shutil.rmtree(self.dir)

    def status(self):
        """name -> (pid, state, restarts); {} before the first write."""
        try:
            lines = (self.sockets / 'supervisor.status').read_text().splitlines()
        except FileNotFoundError:
            return {}
        return {f[0]: (int(f[1]), f[2], int(f[3])) for f in map(str.split, lines)}

    def states(self):
        return {name: row[1] for name, row in self.status().items()}

    def all_ready(self):
        states = set(self.states().values())
        return states and states <= {'ready', 'settled'}

    def wait_ready(self):
        wait_for('all ready', self.all_ready)
        return {name: row[0] for name, row in self.status().items()}

    def exit_code(self):
        return self.process.wait(timeout=DEADLINE)

    def text(self):
        return (self.dir / 'log').read_text()


def test_a_killed_child_is_started_again_alone():
    with Tree().start() as tree:
        before = tree.wait_ready()
        os.kill(before['puller'], signal.SIGKILL)
        wait_for('a restart', lambda: tree.status()['puller'][2] == 1)
        after = tree.wait_ready()
        assert after['puller'] != before['puller']
        assert after['watcher'] == before['watcher']
        assert after['reconciler'] == before['reconciler']
        assert 'died' in tree.text() and 'signal=9' in tree.text(), 'exit is logged'


def test_the_loop_beats():
    with Tree().start() as tree:
        tree.wait_ready()
        beat = tree.sockets / 'supervisor.beat'
        first = int(beat.read_text())
        boot_ms = int(time.clock_gettime(time.CLOCK_BOOTTIME) * 1000)
        assert boot_ms - 10000 < first <= boot_ms, (first, boot_ms)
        wait_for('another beat', lambda: int(beat.read_text()) >= first + 5000)


def test_dying_before_ready_is_throttled():
    with Tree(puller='echo born >>$TRACE; exit 3').start() as tree:
        wait_for('second life', lambda: tree.status().get('puller', (0, '', 0))[2] >= 1)
        died, again = tree.logged('died child=puller code=3'), tree.logged('started child=puller', 1)
        assert again - died > 0.5, tree.text()  # a second, less the time until the death was logged


def test_five_deaths_end_the_tree_with_111():
    with Tree(reconciler=READY + 'exit 7').start() as tree:
        assert tree.exit_code() == 111
        assert set(tree.states().values()) == {'stopped'}
        assert tree.status()['reconciler'][2] == 4
        stopped = tree.trace.read_text()
        assert 'drop-watcher' in stopped and 'drop-puller' in stopped, 'the others are drained'


def test_wrong_usage_ends_the_tree_with_100():
    with Tree(watcher='exit 100').start() as tree:
        assert tree.exit_code() == 100
        assert tree.status()['watcher'][2] == 0


def test_a_missing_program_is_named():
    tree = Tree()
    (tree.dir / 'drop-puller').unlink()
    with tree.start():
        wait_for('the reason', lambda: 'drop-puller: No such file' in tree.text())
        wait_for('the death', lambda: 'code=111' in tree.text())


def test_sigterm_drains_in_order():
    for number in (signal.SIGTERM, signal.SIGINT):
        with Tree().start() as tree:
            tree.wait_ready()
            tree.process.send_signal(number)
            assert tree.exit_code() == 0
            order = [line.rsplit('-', 1)[1] for line in tree.trace.read_text().split()]
            assert order == list(NAMES), order
            assert set(tree.states().values()) == {'stopped'}


def test_who_ignores_sigterm_is_killed_and_the_watcher_still_drains():
    deaf = 'trap "" TERM\n' + READY + 'while :; do sleep 1; done\n'
    with Tree(reconciler=deaf).start() as tree:
        pids = tree.wait_ready()
        began = time.monotonic()
        tree.process.send_signal(signal.SIGTERM)
        assert tree.exit_code() == 0
        assert time.monotonic() - began < 30, 'the whole drain has 10 s, and who is deaf would never end'
        assert not alive(pids['reconciler'])
        assert 'does not stop' in tree.text()
        assert [line.rsplit('-', 1)[1] for line in tree.trace.read_text().split()] == list(
            NAMES[1:])


def test_children_die_with_a_killed_supervisor_and_a_new_one_starts():
    with Tree().start() as tree:
        pids = tree.wait_ready()
        tree.process.kill()
        tree.process.wait()
        wait_for('no child left', lambda: not any(map(alive, pids.values())))
        tree.log.close()
        tree.start()
        wait_for('new children', lambda: tree.all_ready() and
                 tree.status()['watcher'][0] != pids['watcher'])


def test_an_orphan_is_reaped():
    # The child's own child forks again and dies: the grandchild becomes the supervisor's.
    orphan = '(sh -c "echo \\$\\$ >$TRACE.pid; exec sleep 0.2" &)\n' + GOOD
    with Tree(watcher=orphan).start() as tree:
        tree.wait_ready()
        pid_file = pathlib.Path(str(tree.trace) + '.pid')
        wait_for('the orphan', lambda: pid_file.exists() and pid_file.read_text().strip())
        pid = int(pid_file.read_text())
        wait_for('reaping', lambda: f'reaped an orphan pid={pid}' in tree.text())
        assert not pathlib.Path(f'/proc/{pid}').exists()


def test_a_second_supervisor_is_kept_out():
    with Tree().start() as tree:
        tree.wait_ready()
        second = subprocess.run(tree.process.args, stderr=subprocess.PIPE, timeout=DEADLINE)
        assert second.returncode == 111
        assert b'another drop-supervisor' in second.stderr
        assert tree.all_ready()


def test_neither_nng_nor_curl_is_linked():
    needed = subprocess.run(['readelf', '-d', SUPERVISOR], stdout=subprocess.PIPE, text=True,
                            check=True).stdout
    assert 'libc.so' in needed, needed
    for library in ('nng', 'curl', 'ssl', 'msgpack'):
        assert f'lib{library}' not in needed, f'must 8: {library}'


STACKS_MIB = 20  # of RLIMIT_DATA: stacks of threads that are never touched
OTHERS_MIB = 60  # what all processes take together at 5,000 nodes


def chart_limit_mib():
    values = pathlib.Path(__file__, '../../../deploy/helm/drop/values.yaml').resolve().read_text()
    return int(re.search(r'^resources:.*?limits:\n\s+memory: (\d+)Mi$', values, re.M | re.S)[1])


def test_what_a_child_gets():
    show = ('{ echo "args $*"; echo "id $DROP_IDENTITY $DROP_HASH_KEY"; ulimit -d; '
            'grep NoNewPrivs /proc/self/status; ls /proc/$$/fd; } >$TRACE.$(basename $0)\n')
    os.environ['DROP_HASH_KEY'] = 'of somebody else'
    with Tree(watcher=show + GOOD, puller=show + GOOD).start(
            '--kubeconfig=/k', '--priority-class=low', '--leader-elect=false') as tree:
        tree.wait_ready()
        assert oct(tree.sockets.stat().st_mode & 0o777) == '0o700'
        watcher = pathlib.Path(f'{tree.trace}.drop-watcher').read_text().splitlines()
        puller = pathlib.Path(f'{tree.trace}.drop-puller').read_text().splitlines()
        assert '--kubeconfig=/k' in watcher[0] and '--leader-elect=false' in watcher[0]
        assert '--priority-class' not in watcher[0]
        assert '--priority-class=low' in puller[0] and '--leader-elect' not in puller[0]
        assert watcher[1] == puller[1], 'one identity for the tree'
        assert re.fullmatch(f'id {os.uname().nodename}_[0-9a-f]{{16}} [0-9a-f]{{32}}', watcher[1])
        # Sanitizers know no limit. Else a leak meets its own before the container's (docs/sizing.md).
        if watcher[2] != 'unlimited':
            assert int(watcher[2]) // 1024 - STACKS_MIB + OTHERS_MIB <= chart_limit_mib(), watcher[2]
        assert watcher[3].split()[1] == '1'
        identity = watcher[1]
        pid = tree.status()['watcher'][0]
        os.kill(pid, signal.SIGKILL)
        wait_for('a restart', lambda: tree.status()['watcher'][2] == 1)
        tree.wait_ready()
        again = pathlib.Path(f'{tree.trace}.drop-watcher').read_text().splitlines()
        assert again[1] == identity, 'a restarted watcher resumes its lease, and knows the key'


# A shell cannot catch real-time signals by name: the number of SIGRTMIN + level is asked of Python.
HEARS = ''.join(f'trap "echo level {level} >>$TRACE.$(basename $0)" {signal.SIGRTMIN + level}\n'
                for level in range(4))


def test_a_file_is_read_again():
    with Tree() as tree:
        config = tree.dir / 'config.yaml'
        config.write_text('# what the tree is told\nlog-level: info\npriority-class: low\n')
        tree.start(f'--config={config}', '--log-level=info')
        tree.wait_ready()
        assert f'config={config}' in tree.text()
        # The command line wins: a file that says otherwise changes nothing.
        config.write_text('log-level: error\npriority-class: high\n')
        tree.process.send_signal(signal.SIGHUP)
        wait_for('the reload', lambda: 'configuration read' in tree.text())
        assert 'needs a restart of the pod, ignoring option=priority-class' in tree.text()
        assert 'log level changed' not in tree.text()


def test_the_log_level_changes_in_all_that_runs():
    told = 'echo "$*" >>$TRACE.told\n'
    scripts = dict.fromkeys(NAMES, HEARS + GOOD)
    with Tree(**scripts | {'reconciler': HEARS + told + GOOD}) as tree:
        config = tree.dir / 'config.yaml'
        config.write_text('log-level: info\n')
        tree.start(f'--config={config}', level=None)
        pids = tree.wait_ready()
        config.write_text('log-level: debug\n')
        tree.process.send_signal(signal.SIGHUP)
        for name in NAMES:
            heard = pathlib.Path(f'{tree.trace}.drop-{name}')
            wait_for(f'{name} hears it', lambda h=heard: h.exists() and 'level 3' in h.read_text())
        config.write_text('log-level: loud\n')
        tree.process.send_signal(signal.SIGHUP)
        wait_for('the refusal', lambda: 'give one of error, warn, info, debug' in tree.text())
        assert f'{config}: line 1: ' in tree.text()
        assert {name: row[0] for name, row in tree.status().items()} == pids, 'nothing restarts'
        os.kill(pids['reconciler'], signal.SIGKILL)
        wait_for('a restart', lambda: tree.status()['reconciler'][2] == 1)
        lives = wait_for('its second life', lambda: (lines := pathlib.Path(
            f'{tree.trace}.told').read_text().splitlines())[1:] and lines)
        assert '--log-level=info' in lives[0] and '--log-level=debug' in lives[1], lives


def test_a_bad_file_is_refused_at_once():
    with Tree() as tree:
        config = tree.dir / 'config.yaml'
        for text, why in (('log-levle: info\n', 'line 1: unknown option "log-levle"'),
                          ('\nlog-level: loud\n', 'line 2: --log-level "loud": give one of'),
                          ('log-level: [info]\n', 'line 1: log-level: give one value'),
                          ('config: x\n', 'line 1: config: only the command line'),
                          ('- x\n', 'line 1: give a map'), ('a: b: c\n', 'line 1: not YAML')):
            config.write_text(text)
            tree.start(f'--config={config}')
            assert tree.exit_code() == 100, text
            assert f'drop-supervisor: {config}: {why}' in tree.text(), tree.text()
            tree.log.close()
        tree.start('--config=/no/such/file')
        assert tree.exit_code() == 100
        assert '/no/such/file: No such file' in tree.text()


def test_a_config_that_is_no_file_is_refused():
    with Tree() as tree:
        fifo = tree.dir / 'fifo'
        os.mkfifo(fifo)
        tree.start(f'--config={fifo}')
        assert tree.exit_code() == 100, 'nobody writes to it, nobody may wait for it'
        assert f'{fifo}: not a regular file' in tree.text()
        # One that takes the file's place later is refused too, and what was holds.
        tree.log.close()
        config = tree.dir / 'config.yaml'
        config.write_text('log-level: debug\n')
        tree.start(f'--config={config}')
        pids = tree.wait_ready()
        os.replace(fifo, config)
        tree.process.send_signal(signal.SIGHUP)
        wait_for('the refusal', lambda: tree.text().count(f'{config}: not a regular file') == 1)
        os.kill(pids['puller'], signal.SIGKILL)
        wait_for('its loop goes on', lambda: tree.status()['puller'][2] == 1)


def test_the_status_file_is_written_once_it_can_be():
    with Tree().start() as tree:
        before = tree.wait_ready()
        in_the_way = tree.sockets / 'supervisor.status.new'
        in_the_way.mkdir()  # no file of that name can be written, as on a full disk
        os.kill(before['puller'], signal.SIGKILL)
        wait_for('it is said', lambda: 'status file not written, retrying' in tree.text())
        wait_for('its second life', lambda: tree.text().count('child=puller') > 2)
        assert tree.status()['puller'][0] == before['puller'], 'the file is what it was'
        in_the_way.rmdir()
        wait_for('the file tells it', lambda: tree.status()['puller'][2] == 1)
        assert tree.text().count('status file not written') == 1, 'said once'


def test_signals_that_mean_nothing():
    with Tree().start() as tree:
        before = tree.wait_ready()
        for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGRTMIN, signal.SIGRTMAX):
            tree.process.send_signal(number)
        wait_for('they are seen', lambda: tree.text().count('unexpected signal') == 4)
        assert tree.process.poll() is None
        assert {name: row[0] for name, row in tree.status().items()} == before
        # In a child they are what they were: it may use them.
        masks = pathlib.Path(f'/proc/{before["puller"]}/status').read_text().split('SigBlk:')[1].split()[0]
        assert not int(masks, 16) >> (signal.SIGUSR1 - 1) & 1, masks


def test_upstreams_other_flags_are_taken_with_a_warning():
    flags = ('-zap-devel', '--zap-log-level', 'info', '--zap-encoder=json', '--enable-http2=false',
             '--webhook-cert-path=/x', '--webhook-cert-name=c', '--webhook-cert-key=k',
             '--zap-stacktrace-level=error', '--zap-time-encoding', 'iso8601')
    with Tree().start(*flags) as tree:
        tree.wait_ready()
        for flag in flags:
            if flag.startswith('-'):
                name = flag.strip('-').partition('=')[0]
                assert f"without effect here, ignoring option={name}" in tree.text(), name


if __name__ == '__main__':
    sys.exit(run_functions(functions_of(globals())))
