"""What only our endpoint promises: limits, rude peers, kills, full disks, names that no client sends.

    /usr/bin/python3 ours.py PROGRAM        PROGRAM is build/<preset>/bin/blob_server
"""

import datetime
import hashlib
import http.client
import os
import pathlib
import secrets
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.parse

from azure.storage.blob import generate_account_sas

PROGRAM = sys.argv.pop(1) if len(sys.argv) > 1 else None
ACCOUNT = "acct"
KEY = "a2V5IG9mIHRoZSBhY2NvdW50IGZvciB0aGVzZSB0ZXN0cw=="
SAS = generate_account_sas(ACCOUNT, KEY, "sco", "racwdl",
                           datetime.datetime.utcnow() + datetime.timedelta(hours=2))
BLOCK_BLOB = {"x-ms-blob-type": "BlockBlob"}


class Server:
    def __init__(self, folder, *flags):
        self.folder = pathlib.Path(folder)
        self.process = subprocess.Popen(
            [PROGRAM, "--folder", str(folder), "--threads", "2", *flags, f"{ACCOUNT}={KEY}"],
            stdout=subprocess.PIPE, text=True)
        ready = self.process.stdout.readline().split()
        assert ready and ready[0] == "ready", ready
        self.port = urllib.parse.urlsplit(ready[1]).port

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        code = self.process.wait(30)
        self.process.stdout.close()
        return code

    def ask(self, method, path, body=None, headers={}, more=""):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            joint = "&" if "?" in path else "?"
            connection.request(method, f"/{ACCOUNT}/{path}{joint}{SAS}{more}", body, headers)
            answer = connection.getresponse()
            return answer.status, answer.headers.get("x-ms-error-code"), answer.read()
        finally:
            connection.close()

    def put(self, path, content):
        return self.ask("PUT", path, content, BLOCK_BLOB)[0]

    def raw(self, text):
        peer = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        peer.sendall(text if isinstance(text, bytes) else text.encode())
        return peer

    def files(self):
        found = self.folder.glob("accounts/*/*/blobs/*")
        return sorted(path.name for path in found)

    def memory_bytes(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) * 1024


def head_of(peer):
    """Reads an answer's head; empty when the peer closed without one."""
    text = b""
    while b"\r\n\r\n" not in text:
        part = peer.recv(4096)
        if not part:
            break
        text += part
    return text.decode()


class Ours(unittest.TestCase):
    flags = ()

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="windlass-blobs-")
        self.server = Server(self.folder, *self.flags)
        self.assertEqual(self.server.ask("PUT", "cont?restype=container")[0], 201)

    def tearDown(self):
        if self.server.process.returncode is None:
            self.assertEqual(self.server.stop(), 0)
        shutil.rmtree(self.folder)


class Names(Ours):
    def test_no_name_leaves_the_folder(self):
        outside = sorted(os.listdir(os.path.dirname(self.folder)))
        names = ["../../escaped", "..%2F..%2Fescaped", "%2e%2e/%2e%2e/escaped", "./x", "a//b", "/",
                 "..", ".", "%2F", "a/../../../../../../etc/passwd", "..\\x"]
        for name in names:
            content = f"content of {name}".encode()
            self.assertEqual(self.server.put(f"cont/{name}", content), 201, name)
            status, _, back = self.server.ask("GET", f"cont/{name}")
            self.assertEqual((status, back), (200, content), name)
        self.assertEqual(sorted(os.listdir(os.path.dirname(self.folder))), outside)
        status, _, xml = self.server.ask("GET", "cont?restype=container&comp=list")
        self.assertEqual(status, 200)
        # Encoded and plain spelling are one name.
        self.assertEqual(xml.count(b"<Name>../../escaped</Name>"), 1)
        for file in self.server.files():
            self.assertFalse(file.startswith("."), file)

    def test_names_that_are_refused(self):
        for path in ("cont/%00", "cont/a%00b", "cont/%FF", "cont/%zz", "..%2Fcont/a", "../a/b",
                     "%2e%2e/a", "Cont/a", "c/a"):
            status, code, _ = self.server.ask("PUT", path, b"x", BLOCK_BLOB)
            self.assertEqual(status, 400, (path, code))
        self.assertEqual(self.server.files(), [])

    def test_control_characters_in_names_are_listed_encoded(self):
        self.assertEqual(self.server.put("cont/a%01b", b"x"), 201)
        xml = self.server.ask("GET", "cont?restype=container&comp=list")[2]
        self.assertIn(b'<Name Encoded="true">a%01b</Name>', xml)


class Authority(Ours):
    def test_strangers_get_one_answer(self):
        def ask(account, headers):
            connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
            connection.request("GET", f"/{account}/cont/a", headers=headers)
            answer = connection.getresponse()
            body = answer.read()
            connection.close()
            code = answer.headers["x-ms-error-code"]
            return answer.status, code, body.split(b"RequestId")[0].split(b"must cover")[0]

        date = datetime.datetime.utcnow().strftime("%a, %d %b %Y %H:%M:%S GMT")
        signature = "A" * 43 + "="
        answers = []
        for account in (ACCOUNT, "nobody"):
            headers = {"x-ms-date": date, "Authorization": f"SharedKey {account}:{signature}"}
            answers.append(ask(account, headers))
            self.assertEqual(answers[-1][:2], (403, "AuthenticationFailed"))
        self.assertEqual(*answers)
        self.assertEqual(ask(ACCOUNT, {})[:2], (401, "NoAuthenticationInformation"))
        self.assertEqual(ask(ACCOUNT, {"Authorization": "Bearer x"})[0], 403)
        # Another account's signature does not open this one's path.
        headers = {"x-ms-date": date, "Authorization": f"SharedKey nobody:{signature}"}
        self.assertEqual(ask(ACCOUNT, headers)[0], 403)

    def test_an_old_date_is_refused_however_well_signed(self):
        from azure.storage.blob._shared.authentication import sign_string
        old = datetime.datetime.utcnow() - datetime.timedelta(minutes=16)
        for date, expected in ((old, 403), (datetime.datetime.utcnow(), 404)):
            text = date.strftime("%a, %d %b %Y %H:%M:%S GMT")
            signed = sign_string(KEY, "GET" + "\n" * 12 +
                                 f"x-ms-date:{text}\nx-ms-version:2021-12-02\n"
                                 f"/{ACCOUNT}/{ACCOUNT}/cont/a")
            connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
            connection.request("GET", f"/{ACCOUNT}/cont/a", headers={
                "x-ms-date": text, "x-ms-version": "2021-12-02",
                "Authorization": f"SharedKey {ACCOUNT}:{signed}"})
            answer = connection.getresponse()
            self.assertEqual(answer.status, expected, answer.read())
            connection.close()


class Limits(Ours):
    flags = ("--chunk-timeout", "1", "--head-timeout", "2", "--connections-max", "8")

    def put_head(self, length_line, name="a", more=""):
        return (f"PUT /{ACCOUNT}/cont/{name}?{SAS} HTTP/1.1\r\nHost: x\r\n"
                f"x-ms-blob-type: BlockBlob\r\n{length_line}\r\n{more}\r\n")

    def test_lengths(self):
        for line, status in (("Transfer-Encoding: chunked", "411"),
                             ("Content-Length: 5242880001", "413"),
                             ("Content-Length: x", "400"),
                             ("Content-Length: -1", "400")):
            with self.server.raw(self.put_head(line)) as peer:
                self.assertIn(f" {status} ", head_of(peer).split("\r\n")[0] + " ", line)
        self.assertEqual(self.server.files(), [])

    def test_what_is_not_http(self):
        for text in ("nonsense\r\n\r\n", "GET\r\n\r\n", "\x16\x03\x01\x02\x00\r\n\r\n",
                     "GET / HTTP/1.1\r\nbroken\r\n\r\n",
                     "GET /" + "x" * 70_000 + " HTTP/1.1\r\n\r\n"):
            with self.server.raw(text) as peer:
                first = head_of(peer)
                self.assertTrue(first == "" or " 4" in first.split("\r\n")[0], first[:60])
        self.assertEqual(self.server.put("cont/a", b"alive"), 201)

    def test_expect_continue(self):
        with self.server.raw(self.put_head("Content-Length: 3", more="Expect: 100-continue\r\n")) as peer:
            self.assertIn("100 Continue", head_of(peer))
            peer.sendall(b"abc")
            self.assertIn("201 Created", head_of(peer))
        text = self.put_head("Content-Length: 3", more="Expect: 100-continue\r\nIf-None-Match: *\r\n")
        with self.server.raw(text) as peer:
            self.assertIn(" 409 ", head_of(peer))
        self.assertEqual(self.server.ask("GET", "cont/a")[2], b"abc")

    def test_slow_and_broken_uploads_leave_nothing(self):
        slow = self.server.raw(self.put_head("Content-Length: 1000") + "some")
        broken = self.server.raw(self.put_head("Content-Length: 1000", "b") + "some")
        broken.close()
        readable, _, _ = select.select([slow], [], [], 30)
        self.assertTrue(readable, "a slow peer was not cut off")
        self.assertEqual(slow.recv(1), b"")
        slow.close()
        silent = self.server.raw("GET /")
        readable, _, _ = select.select([silent], [], [], 30)
        self.assertTrue(readable, "a silent peer was not cut off")
        silent.close()
        deadline = time.monotonic() + 30
        while self.server.files() and time.monotonic() < deadline:
            select.select([], [], [], 0.05)
        self.assertEqual(self.server.files(), [])

    def test_too_many_connections_are_told_so(self):
        held = []
        deadline = time.monotonic() + 30
        while len(held) < 8:  # the one that setUp closed may still count for a moment
            self.assertLess(time.monotonic(), deadline, "eight connections are taken")
            peer = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
            try:
                peer.request("GET", "/")
                answer = peer.getresponse()
                answer.read()
            except ConnectionError:
                continue
            if answer.status != 503:
                held.append(peer)
        answers = []
        for _ in range(3):
            with self.server.raw("") as peer:
                answers.append(head_of(peer))
        for peer in held:
            peer.close()
        self.assertTrue(all("503" in text for text in answers), answers)

    def test_an_early_refusal_is_readable_while_sending(self):
        with self.server.raw(self.put_head("Content-Length: 8000000", more="If-Match: \"x\"\r\n")) as peer:
            peer.sendall(b"x" * 8_000_000)
            self.assertIn(" 412 ", head_of(peer))


class Size(Ours):
    def test_large_content_is_never_held_in_memory(self):
        part = secrets.token_bytes(1 << 20)
        count = 200
        digest = hashlib.md5()

        def parts():
            for _ in range(count):
                digest.update(part)
                yield part

        headers = dict(BLOCK_BLOB, **{"Content-Length": str(count << 20)})
        status, code, _ = self.server.ask("PUT", "cont/large", parts(), headers)
        self.assertEqual((status, code), (201, None))
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        connection.request("GET", f"/{ACCOUNT}/cont/large?{SAS}")
        answer = connection.getresponse()
        back = hashlib.md5()
        while chunk := answer.read(1 << 20):
            back.update(chunk)
        connection.close()
        self.assertEqual(back.digest(), digest.digest())
        if "asan" not in PROGRAM:
            self.assertLess(self.server.memory_bytes(), 64 << 20)

    def test_one_connection_serves_many(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        for i in range(50):
            connection.request("PUT", f"/{ACCOUNT}/cont/{i}?{SAS}", b"x" * i, BLOCK_BLOB)
            answer = connection.getresponse()
            answer.read()
            self.assertEqual(answer.status, 201)
            connection.request("GET", f"/{ACCOUNT}/cont/none?{SAS}")
            answer = connection.getresponse()
            answer.read()
            self.assertEqual(answer.status, 404)
        self.assertFalse(connection.sock is None, "the connection was not kept")
        connection.close()


class Kills(Ours):
    def test_what_was_acknowledged_survives_kill_9(self):
        acknowledged = {}
        attempted = {}
        for round_number in range(5):
            enough = threading.Semaphore(0)

            def write(writer):
                for i in range(1000):
                    name = f"{writer}-{i % 7}"
                    content = f"{round_number}/{writer}/{i} ".encode() * secrets.randbelow(20_000)
                    attempted.setdefault(name, set()).add(hashlib.md5(content).digest())
                    try:
                        if self.server.put(f"cont/{name}", content) != 201:
                            return
                    except OSError:
                        return
                    except http.client.HTTPException:
                        return
                    acknowledged[name] = hashlib.md5(content).digest()
                    attempted[name] = {acknowledged[name]}
                    enough.release()

            writers = [threading.Thread(target=write, args=(i,)) for i in range(4)]
            for writer in writers:
                writer.start()
            for _ in range(10 + secrets.randbelow(30)):
                self.assertTrue(enough.acquire(timeout=60))
            self.assertEqual(self.server.stop(signal.SIGKILL), -signal.SIGKILL)
            for writer in writers:
                writer.join()
            self.server = Server(self.folder)
            for name, candidates in attempted.items():
                status, _, content = self.server.ask("GET", f"cont/{name}")
                digest = hashlib.md5(content).digest()
                if status == 404:
                    self.assertNotIn(name, acknowledged)
                else:
                    self.assertEqual(status, 200)
                    self.assertIn(digest, candidates, name)
                    acknowledged[name] = digest  # an unacknowledged write may have been made
                    attempted[name] = {digest}
            present = {name for name in attempted if name in acknowledged}
            self.assertEqual(len(self.server.files()), 2 * len(present))


@unittest.skipUnless(os.geteuid() == 0, "mounting a small disk needs root")
class FullDisk(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="windlass-blobs-")
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "windlass", self.folder],
                       check=True)

    def tearDown(self):
        subprocess.run(["umount", self.folder], check=True)
        os.rmdir(self.folder)

    def fill_and_recover(self, server):
        self.assertEqual(server.ask("PUT", "cont?restype=container")[0], 201)
        large = secrets.token_bytes(3 << 20)
        self.assertEqual(server.put("cont/first", large), 201)
        files = server.files()
        for _ in range(3):
            status, code, body = server.ask("PUT", "cont/second", large * 2, BLOCK_BLOB)
            self.assertEqual((status, code), (503, "ServerBusy"))
            self.assertIn(b"full", body)
            self.assertEqual(server.files(), files)
        status, code, _ = server.ask("PUT", "cont/blocks?comp=block&blockid=AAAA", large * 2)
        self.assertEqual((status, code), (503, "ServerBusy"))
        self.assertEqual(server.files(), files)
        self.assertEqual(server.ask("GET", "cont/first")[2], large)
        self.assertEqual(server.ask("GET", "cont/second")[0], 404)
        self.assertEqual(server.ask("DELETE", "cont/first")[0], 202)
        self.assertEqual(server.put("cont/second", large), 201)
        self.assertEqual(server.stop(), 0)

    def test_the_reserve_is_kept(self):
        self.fill_and_recover(Server(self.folder, "--free-bytes-min", str(1 << 20)))

    def test_running_full_in_the_middle(self):
        self.fill_and_recover(Server(self.folder, "--free-bytes-min", "0"))

    def test_running_full_unforeseen(self):
        server = Server(self.folder, "--free-bytes-min", "0")
        self.assertEqual(server.ask("PUT", "cont?restype=container")[0], 201)
        large = secrets.token_bytes(3 << 20)
        # Three at once, each of which had room when it began.
        results = []
        writers = [threading.Thread(target=lambda i=i: results.append(
            server.put(f"cont/{i}", large))) for i in range(3)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        self.assertEqual(set(results) - {201, 503}, set())
        self.assertLessEqual(results.count(201), 2)
        self.assertEqual(len(server.files()), 2 * results.count(201))
        found = [server.ask("GET", f"cont/{name}") for name in range(3)]
        self.assertEqual(sorted(status for status, _, _ in found),
                         sorted(200 if result == 201 else 404 for result in results))
        self.assertTrue(all(body == large for status, _, body in found if status == 200))
        self.assertEqual(server.stop(), 0)


if __name__ == "__main__":
    unittest.main()
