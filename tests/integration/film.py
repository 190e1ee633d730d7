#!/usr/bin/python3
"""The film, end to end: rendered on a cluster through unmodified Azure packages, twice, and compared
pixel by pixel with a direct run; and a scene that does not parse, which must say so."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import node_packages  # noqa: E402
from cluster import ROOT, Cluster, expect, run  # noqa: E402

FILM = ROOT / "examples" / "film"
SECONDS_MAX = 600


def render(cluster, program, output):
    done = subprocess.run(
        ["node", str(program), "--output", str(output)], capture_output=True, text=True,
        timeout=SECONDS_MAX, env={**os.environ, **cluster.environment,
                                  "NODE_MODULES_FOLDER": str(node_packages.folder())})
    print(done.stdout + done.stderr, flush=True)
    return done


def film_is_rendered_and_the_pool_is_used_again():
    with Cluster() as cluster, tempfile.TemporaryDirectory() as output:
        for expected in ("pool film: made", "pool film: found"):
            done = render(cluster, FILM / "film.mjs", output)
            expect(done.returncode == 0, "film.mjs succeeds")
            expect(expected in done.stdout, f"film.mjs says '{expected}'")
            expect("25/25" in done.stdout, "all tasks completed")
        films = sorted(pathlib.Path(output).iterdir())
        expect(len(films) == 2, "two runs are two jobs with a folder each")
        for folder in films:
            verified = subprocess.run([str(FILM / "verify"), str(folder)])
            expect(verified.returncode == 0, "the frames have the pixels of a direct run")


def a_failing_scene_is_explained():
    with Cluster() as cluster, tempfile.TemporaryDirectory() as scratch:
        broken = pathlib.Path(scratch) / "film"
        shutil.copytree(FILM, broken, ignore=shutil.ignore_patterns("node_modules"))
        scene = broken / "scene" / "windlass.pov"
        scene.write_text(scene.read_text().replace("camera {", "camera { nonsense", 1))
        done = render(cluster, broken / "film.mjs", pathlib.Path(scratch) / "output")
        expect(done.returncode == 1, "film.mjs ends with exit code 1")
        expect("exit code 1" in done.stdout, "the task's exit code is shown")
        expect("undeclared" in done.stdout and "nonsense" in done.stdout, "the end of stderr is shown")


if __name__ == "__main__":
    run([film_is_rendered_and_the_pool_is_used_again, a_failing_scene_is_explained])
