"""Where the JavaScript packages of the tests are: installed once into the build folder."""
import os
import pathlib
import shutil
import subprocess

from cluster import ROOT


def folder():
    """A folder whose node_modules has what tests/conformance/javascript/package.json names.

    NODE_MODULES_FOLDER may name one that exists already.
    """
    if "NODE_MODULES_FOLDER" in os.environ:
        return pathlib.Path(os.environ["NODE_MODULES_FOLDER"])
    found = ROOT / "build" / "javascript"
    found.mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / "tests" / "conformance" / "javascript" / "package.json", found)
    if not (found / "node_modules" / "azurite").exists():
        subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--prefix",
                        str(found)], check=True)
    return found
