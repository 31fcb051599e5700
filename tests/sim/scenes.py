#!/usr/bin/env python3
"""Every scene of sim/scenes, played with the real operator: each must come out as it expects.

scenes.py FOLDER SHIM PROGRAM...; FOLDER has the scenes, SHIM is the clock shim, the PROGRAMs are drop-sim
and the operator's. TAP. A scene ends itself (drop-sim --until-expected); the processes are ended by
their ids, whatever happens. Scenes mostly wait, so several are played at a time.
"""
import concurrent.futures
import os
import pathlib
import subprocess
import sys
import tempfile

SCENE_SECONDS = 240  # under sanitizers and load; they need 5 to 25
ENDING_SECONDS = 20
AT_A_TIME = 4
OVER_TLS = "pushed-again"  # once more, with https everywhere: its registries are asked


def wait_for_file(path, process):
    while not (path.exists() and path.stat().st_size):
        if process.poll() is not None:
            raise RuntimeError("drop-sim ended before it served")
        try:
            process.wait(0.02)
        except subprocess.TimeoutExpired:
            pass


def end(process):
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(ENDING_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise RuntimeError("a process did not end when told") from None


def play(binaries, shim, scene, work, more):
    """Returns what the simulator said; raises when the scene did not come out."""
    clock, kubeconfig, sockets, registries = (work / name for name in ("clock", "kubeconfig", "sockets", "registries"))
    clock.write_bytes(bytes(16))
    sockets.mkdir(mode=0o700)
    env = {**os.environ, "DROP_CLOCK_FILE": str(clock), "LD_PRELOAD": str(shim),
           "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}
    with open(work / "sim.log", "wb") as sim_log, open(work / "drop.log", "wb") as drop_log:
        simulator = subprocess.Popen(
            [binaries / "drop-sim", "--scenario", scene, "--kubeconfig-out", kubeconfig,
             "--registries-out", registries, "--clock-file", clock,
             "--screen", "lines", "--until-expected", f"{SCENE_SECONDS}s", *more],
            stdout=sim_log, stderr=subprocess.STDOUT)
        operator = None
        usage = ["--usage"] if "type: cluster" in pathlib.Path(scene).read_text(encoding="utf-8") else []
        try:
            wait_for_file(kubeconfig, simulator)
            operator = subprocess.Popen(
                [binaries / "drop-supervisor", "--bin-dir", binaries, "--kubeconfig", kubeconfig,
                 "--socket-dir", sockets, "--registries", registries.read_text().strip(),
                 "--health-probe-bind-address=0", "--startup-taint", "drop.corewire.io/images-not-ready", *usage],
                stderr=drop_log, env=env)
            code = simulator.wait(SCENE_SECONDS + ENDING_SECONDS)
        finally:
            end(simulator)
            if operator:
                end(operator)
    if code != 0:
        raise RuntimeError(f"drop-sim exited with {code}")


def tail(path):
    return path.read_text(errors="replace").splitlines()[-25:] if path.exists() else []


def result(binaries, shim, scene, more):
    """None, or what went wrong and the ends of the logs."""
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        try:
            play(binaries, shim, scene, work, more)
        except (RuntimeError, OSError, subprocess.SubprocessError) as error:
            return str(error), tail(work / "sim.log") + tail(work / "drop.log")
    return None


def main():
    scenes = [(scene, ()) for scene in sorted(pathlib.Path(sys.argv[1]).glob("*.yaml"))]
    scenes.append((pathlib.Path(sys.argv[1]) / f"{OVER_TLS}.yaml", ("--tls",)))
    print(f"1..{len(scenes)}")
    with tempfile.TemporaryDirectory() as folder, \
            concurrent.futures.ThreadPoolExecutor(AT_A_TIME) as pool:
        binaries = pathlib.Path(folder)
        for program in map(pathlib.Path, sys.argv[3:]):
            (binaries / program.name).symlink_to(program.absolute())
        results = pool.map(lambda one: result(binaries, sys.argv[2], *one), scenes)
        for number, ((scene, more), wrong) in enumerate(zip(scenes, results), 1):
            for line in wrong[1] if wrong else []:
                print(f"# {line}")
            print(f"{'not ok' if wrong else 'ok'} {number} - {' '.join((scene.stem, *more))}"
                  f"{': ' + wrong[0] if wrong else ''}", flush=True)


main()
