#!/usr/bin/env python3
"""Starts commands on the nodes of a multi-instance task, in place of ssh.

In the coordination command, on every node:
    python3 $AZ_BATCH_TASK_SHARED_DIR/launch_agent.py serve
listens on the node's own address and leaves a process behind that serves until the task ends.

In the task's command, on the primary, it is what mpirun calls instead of ssh:
    mpirun --mca plm_rsh_agent "python3 $AZ_BATCH_TASK_SHARED_DIR/launch_agent.py" ...

Who wants a command run proves that it knows LAUNCH_SECRET, an environment setting of the task: all its
instances have it, and nobody else should. What is sent is not encrypted.
"""
import hashlib
import hmac
import os
import secrets
import socket
import struct
import subprocess
import sys
import threading

PORT = int(os.environ.get("LAUNCH_PORT", "6001"))
COMMAND_BYTES_MAX = 1 << 20
AT_ONCE_MAX = 64  # commands that run here at the same time
PATIENCE_SECONDS = 20  # for a peer that has connected and says nothing
OUT, ERR, EXIT = 1, 2, 3


def secret():
    value = os.environ.get("LAUNCH_SECRET", "")
    if len(value) < 16:
        sys.exit("launch_agent: LAUNCH_SECRET is not set, or shorter than 16 characters")
    return value.encode()


def proof(nonce, command):
    return hmac.new(secret(), nonce + command, hashlib.sha256).digest()


def receive(peer, size):
    data = b""
    while len(data) < size:
        more = peer.recv(size - len(data))
        if not more:
            raise ConnectionError("the other side has closed the connection")
        data += more
    return data


def send_frame(peer, lock, kind, data):
    with lock:
        peer.sendall(struct.pack("!BI", kind, len(data)) + data)


def pump(stream, peer, lock, kind):
    try:
        while data := os.read(stream.fileno(), 65536):
            send_frame(peer, lock, kind, data)
    except OSError:
        pass


def own_address():
    """Addresses stand in the order of the instances; a subtask's folder is called by its number."""
    addresses = os.environ["AZ_BATCH_HOST_LIST"].split(",")
    if os.environ["AZ_BATCH_IS_CURRENT_NODE_MASTER"] == "true":
        return addresses[0]
    return addresses[int(os.path.basename(os.environ["AZ_BATCH_TASK_DIR"]))]


def run_for(peer):
    peer.settimeout(PATIENCE_SECONDS)
    nonce = secrets.token_bytes(32)
    peer.sendall(nonce)
    (size,) = struct.unpack("!I", receive(peer, 4))
    if size > COMMAND_BYTES_MAX:
        return
    claimed = receive(peer, 32)
    command = receive(peer, size)
    if not hmac.compare_digest(claimed, proof(nonce, command)):
        return
    peer.settimeout(None)
    # Nodes may share a host. Daemons that make the same folders at the same moment get in each other's way, silently.
    own = {**os.environ, "TMPDIR": os.getcwd()}
    child = subprocess.Popen(["/bin/sh", "-c", command.decode()], env=own, stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    lock = threading.Lock()
    pumps = [threading.Thread(target=pump, args=(stream, peer, lock, kind))
             for stream, kind in ((child.stdout, OUT), (child.stderr, ERR))]
    for thread in pumps:
        thread.start()
    code = child.wait()
    for thread in pumps:
        thread.join()
    send_frame(peer, lock, EXIT, struct.pack("!i", code))


def serve_one(peer, room):
    with peer:
        try:
            run_for(peer)
        except (OSError, struct.error, UnicodeDecodeError) as error:
            print(f"launch_agent: {error}", file=sys.stderr, flush=True)
        finally:
            room.release()


def serve():
    secret()
    listener = socket.create_server((own_address(), PORT), backlog=128)
    # The command is over when it listens; the child goes on for as long as the task does.
    if os.fork() > 0:
        return
    room = threading.Semaphore(AT_ONCE_MAX)
    while True:
        room.acquire()
        peer, _ = listener.accept()
        threading.Thread(target=serve_one, args=(peer, room), daemon=True).start()


def launch(host, command):
    with socket.create_connection((host, PORT), timeout=PATIENCE_SECONDS) as peer:
        nonce = receive(peer, 32)
        peer.sendall(struct.pack("!I", len(command)) + proof(nonce, command) + command)
        peer.settimeout(None)
        while True:
            kind, size = struct.unpack("!BI", receive(peer, 5))
            data = receive(peer, size)
            if kind == EXIT:
                (code,) = struct.unpack("!i", data)
                return code if code >= 0 else 128 - code
            (sys.stdout if kind == OUT else sys.stderr).buffer.write(data)
            sys.stdout.flush()
            sys.stderr.flush()


def main(words):
    if words == ["serve"]:
        serve()
        return 0
    # As ssh is called: options that mpirun adds, the host, the words of the command.
    while words and words[0].startswith("-"):
        words = words[1:]
    if len(words) < 2:
        sys.exit("usage: launch_agent.py serve | launch_agent.py HOST COMMAND...")
    return launch(words[0], " ".join(words[1:]).encode())


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except OSError as failure:
        sys.exit(f"launch_agent: {failure}")
