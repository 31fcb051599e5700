"""Man pages against the programs, as TAP.

Each program's page names exactly the options of its --help, with the same arguments and
the same defaults; what the supervisor passes on reads the same in its --help as in the
child's; pages are clean mdoc; the page of the messages is the one that the catalogue
gives. Arguments: the msgman tool, then the programs.
"""
import pathlib
import re
import subprocess
import sys

MAN = pathlib.Path(__file__).resolve().parent.parent.parent / 'man'
MSGMAN, *PROGRAMS = sys.argv[1:]
# Pages of the tree are not installed where this runs.
NOT_INSTALLED = 'referenced manual not found: Xr drop'
# Texts of the catalogue are as long as they are.
CATALOGUE_LINES = 'input text line longer than 80 bytes'


def run(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False).stdout


def name_of(program):
    return pathlib.Path(program).name


def help_texts(program):
    """Its --help; of dropctl that of each command."""
    text = run(program, '--help')
    if name_of(program) != 'dropctl':
        return text
    commands = re.findall(r'^  ([a-z]+) ', text, re.M)
    return '\n'.join(run(program, command, '--help') for command in commands)


def help_options(program):
    """name -> (argument, text with default), folded lines joined."""
    text = re.sub(r'\n {8,}', ' ', help_texts(program))
    return {m[1]: (m[2], m[3]) for m in
            re.finditer(r'^  --([a-z-]+)(?: ([A-Z]+))? +(.*)$', text, re.M)}


def default_in_help(text):
    found = re.search(r' \(default ([^)]*)\)$', text)
    return found and found[1]


def man_options(page):
    """name -> (argument, default) from the OPTIONS section."""
    section = re.search(r'^\.Sh OPTIONS\n(.*?)^\.Sh ', page, re.M | re.S)[1]
    options = {}
    for item in section.split('.It Fl -')[1:]:
        head, body = item.split('\n', 1)
        name, _, argument = head.partition(' Ar ')
        default = re.search(r'^The default is\n\.Cm (\S+) \.$', body, re.M)
        options[name] = (argument or None, default and default[1])
    return options


def check_options():
    for program in PROGRAMS:
        page = next(MAN.glob(f'{name_of(program)}.[18]'))
        told = {name: (argument, default_in_help(text))
                for name, (argument, text) in help_options(program).items()}
        written = man_options(page.read_text())
        if len(told) < 5:
            yield f'{name_of(program)} --help is not understood: {told}'
        for name in sorted(told.keys() | written.keys()):
            if told.get(name) != written.get(name):
                yield f'{page.name} --{name}: help {told.get(name)}, page {written.get(name)}'


def check_passed_on():
    by_name = {name_of(program): help_options(program) for program in PROGRAMS}
    supervisor = by_name.pop('drop-supervisor')
    for program in ('dropctl', 'drop-sim'):  # not children
        del by_name[program]
    for child, options in by_name.items():
        for name in supervisor.keys() & options.keys():
            if supervisor[name] != options[name]:
                yield f'--{name} of {child} reads otherwise than of drop-supervisor'


def check_mdoc():
    for page in sorted(MAN.glob('*.[1-9]')):
        for line in run('mandoc', '-Tlint', '-Wstyle', str(page)).splitlines():
            if NOT_INSTALLED in line or (page.suffix == '.7' and CATALOGUE_LINES in line):
                continue
            yield line


def check_references():
    for page in sorted(MAN.glob('*.[1-9]')):
        for name, section in re.findall(r'^\.Xr (drop\S+) (\d)', page.read_text(), re.M):
            if not (MAN / f'{name}.{section}').exists():
                yield f'{page.name} refers to {name}({section}), which is not there'


def check_messages():
    page = MAN / 'drop-messages.7'
    if page.read_text() != run(MSGMAN):
        yield f'{page.name} is not what the catalogue gives; run ipc/msgman > man/{page.name}'


def main():
    checks = [(name, check) for name, check in globals().items() if name.startswith('check_')]
    print(f'1..{len(checks)}')
    failed = False
    for number, (name, check) in enumerate(checks, 1):
        faults = list(check())
        failed |= bool(faults)
        for fault in faults:
            print(f'# {fault}')
        print(f'{"not ok" if faults else "ok"} {number} - {name}')
    return failed


sys.exit(main())
