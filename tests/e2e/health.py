"""What tools make of an object: kstatus, and health checks of Argo CD, by what these tools use themselves
(tests/cluster/health)."""
import json
import os
import subprocess

BUILD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cluster", "build.sh")


class Health:
    def __init__(self, folder):
        built = subprocess.run([BUILD, "health"], check=True, stdout=subprocess.PIPE, text=True)
        self.program, self.folder = os.path.join(built.stdout.strip(), "health"), folder

    def _ask(self, words, objects):
        text = "".join(json.dumps(obj) for obj in objects)
        done = subprocess.run([self.program, *words], input=text, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def kstatus(self, *objects):
        """For each {"status", "message"}: Current, InProgress, Failed, Terminating."""
        return self._ask(["kstatus"], objects)

    def lua(self, script, *objects):
        """The same by a script of Argo CD: Healthy, Progressing, Degraded."""
        path = os.path.join(self.folder, "health.lua")
        with open(path, "w", encoding="utf-8") as file:
            file.write(script)
        return self._ask(["lua", path], objects)
