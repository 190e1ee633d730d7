#!/usr/bin/python3
"""The storage suites against a server started for the occasion.

    run.py ours [PROGRAM]      suite.mjs, suite.py and ours.py against our endpoint (bin/blob_server)
    run.py azurite [PROGRAM]   suite.mjs and suite.py against Azurite 3.35.0: the suite is about the
                               protocol, not about us

NODE_MODULES_FOLDER may say where the JavaScript packages are; otherwise they are installed into the
build folder. Exit code 1 if anything failed.
"""
import base64
import os
import pathlib
import secrets
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "support"))
import node_packages  # noqa: E402
from cluster import BIN  # noqa: E402
from containers import connection_string, start, url_of  # noqa: E402


def main():
    if len(sys.argv) not in (2, 3) or sys.argv[1] not in ("ours", "azurite"):
        sys.exit(__doc__)
    which = sys.argv[1]
    node_modules = node_packages.folder()
    default = {"ours": BIN / "blob_server", "azurite": node_modules / "node_modules/.bin/azurite-blob"}
    program = sys.argv[2] if len(sys.argv) == 3 else str(default[which])
    key = base64.b64encode(secrets.token_bytes(64)).decode()
    with tempfile.TemporaryDirectory(prefix="windlass-storage-") as folder:
        server = start(which, program, folder, key)
        try:
            environment = {
                **os.environ, "STORAGE_SERVER": which, "NODE_MODULES_FOLDER": str(node_modules),
                "STORAGE_CONNECTION_STRING": connection_string(key, url_of(server))}
            commands = [["node", "--test-reporter=spec", str(HERE / "suite.mjs")],
                        ["/usr/bin/python3", "-W", "ignore", str(HERE / "suite.py")]]
            codes = [subprocess.run(command, env=environment).returncode for command in commands]
        finally:
            server.terminate()
            server.wait()
    if which == "ours":
        codes.append(subprocess.run(
            ["/usr/bin/python3", "-W", "ignore", str(HERE / "ours.py"), program]).returncode)
    failed = sum(code != 0 for code in codes)
    print(f"{len(codes)} storage suites against {which}, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
