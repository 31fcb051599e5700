"""Python by ruff (ruff.toml) and shell scripts by shellcheck (.shellcheckrc), as TAP; `make lint` runs it too.

Both come with `scripts/setup.sh lint`: ruff into the cache, in the version that is pinned there.
"""
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CACHE = pathlib.Path(os.environ.get('DROP_CACHE') or pathlib.Path(
    os.environ.get('XDG_CACHE_HOME') or pathlib.Path.home() / '.cache') / 'drop')
LINES = 40  # of what a program found that are shown
SOURCED = 'tests/cluster/lib/'  # read with the scripts that source them, but for these
RUN = ('tests/cluster/lib/node-init.sh',)


def pinned_ruff():
    setup = (ROOT / 'scripts/setup.sh').read_text(encoding='utf-8')
    version = next(line for line in setup.splitlines() if line.startswith('RUFF_VERSION=')).partition('=')[2]
    return shutil.which(str(CACHE / f'ruff-{version}' / 'bin' / 'ruff'))


def scripts():
    """The tracked shell scripts, by their first line."""
    listed = subprocess.run(['git', 'ls-files'], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout
    for name in listed.split():
        path = ROOT / name
        if not path.is_file() or name.startswith(SOURCED) and name not in RUN:
            continue
        with path.open('rb') as file:
            first = file.readline()
        if first.startswith(b'#!') and first.split(b'/')[-1].split()[-1] in (b'sh', b'bash'):
            yield name


def judge(number, name, command):
    if command[0] is None:
        print(f'ok {number} - {name} # SKIP it is not here: scripts/setup.sh lint')
        return True
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    good = done.returncode == 0
    print(f'{"" if good else "not "}ok {number} - {name}')
    for line in [] if good else done.stdout.splitlines()[:LINES]:
        print(f'# {line}')
    return good


def main():
    print('1..2')
    found = [judge(1, 'ruff', [pinned_ruff(), 'check', '--no-cache', '--output-format', 'concise', '.']),
             judge(2, 'shellcheck', [shutil.which('shellcheck'), '--format', 'gcc', *scripts()])]
    return 0 if all(found) else 1


if __name__ == '__main__':
    sys.exit(main())
