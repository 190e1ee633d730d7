"""The same questions as suite.mjs, fewer, by Debian's unmodified azure-storage-blob.

Run with /usr/bin/python3 and the environment of suite.mjs (NODE_MODULES_FOLDER is not needed).
"""

import datetime
import io
import os
import secrets
import unittest

from azure.core import MatchConditions
from azure.core.exceptions import (
    ClientAuthenticationError, HttpResponseError, ResourceExistsError, ResourceModifiedError,
    ResourceNotFoundError)
from azure.storage.blob import (
    BlobBlock, BlobClient, BlobServiceClient, ContainerClient, ContentSettings,
    generate_account_sas, generate_blob_sas, generate_container_sas)

SERVER = os.environ["STORAGE_SERVER"]
CONNECTION = os.environ["STORAGE_CONNECTION_STRING"]


def later(minutes):
    return datetime.datetime.utcnow() + datetime.timedelta(minutes=minutes)


class Storage(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # Small limits, so that modest content takes the road of large content.
        cls.service = BlobServiceClient.from_connection_string(
            CONNECTION, retry_total=0, max_single_put_size=1 << 20, max_block_size=256 << 10,
            max_single_get_size=256 << 10, max_chunk_get_size=128 << 10)
        cls.account = cls.service.account_name
        cls.key = cls.service.credential.account_key

    def setUp(self):
        self.container = self.service.create_container("python-" + secrets.token_hex(6))

    def tearDown(self):
        self.container.delete_container()

    def test_small_and_large_content_survives(self):
        for size in (0, 1, 1 << 20, (1 << 20) + 1, 3 << 20):
            content = secrets.token_bytes(size)
            self.container.upload_blob(f"size-{size}", content)
            back = self.container.download_blob(f"size-{size}").readall()
            self.assertEqual(back, content, size)

    def test_streams_of_unknown_length(self):
        content = secrets.token_bytes(2 << 20)

        class Pipe(io.RawIOBase):
            inner = io.BytesIO(content)

            def readable(self):
                return True

            def read(self, size=-1):
                return self.inner.read(size)

        self.container.upload_blob("piped", Pipe(), max_concurrency=2)
        self.assertEqual(self.container.download_blob("piped").readall(), content)

    def test_checked_transfer(self):
        content = secrets.token_bytes(2 << 20)
        blob = self.container.get_blob_client("checked")
        blob.upload_blob(content, validate_content=True)
        self.assertEqual(blob.download_blob(validate_content=True).readall(), content)
        self.assertEqual(blob.download_blob(offset=100, length=50).readall(), content[100:150])
        with self.assertRaises(HttpResponseError) as caught:
            blob.download_blob(offset=3 << 20, length=5).readall()
        self.assertEqual(caught.exception.status_code, 416)

    def test_overwriting_must_be_asked_for(self):
        self.container.upload_blob("a", b"first")
        with self.assertRaises(ResourceExistsError):
            self.container.upload_blob("a", b"second")
        self.container.upload_blob("a", b"third", overwrite=True)
        self.assertEqual(self.container.download_blob("a").readall(), b"third")

    def test_properties_and_conditions(self):
        blob = self.container.get_blob_client("a")
        made = blob.upload_blob(b"content", metadata={"frame": "1"},
                                content_settings=ContentSettings(content_type="text/plain"))
        facts = blob.get_blob_properties()
        self.assertEqual(facts.metadata, {"frame": "1"})
        self.assertEqual(facts.content_settings.content_type, "text/plain")
        self.assertEqual(facts.etag, made["etag"])
        blob.set_blob_metadata({"frame": "2"})
        self.assertEqual(blob.get_blob_properties().metadata, {"frame": "2"})
        with self.assertRaises(ResourceModifiedError):
            blob.upload_blob(b"late", overwrite=True, etag=made["etag"],
                             match_condition=MatchConditions.IfNotModified)

    def test_blocks(self):
        blob = self.container.get_blob_client("joined")
        for name in ("one", "two"):
            blob.stage_block(name, f"<{name}>".encode())
        committed, waiting = blob.get_block_list("all")
        self.assertEqual((len(committed), len(waiting)), (0, 2))
        blob.commit_block_list([BlobBlock("two"), BlobBlock("one")])
        self.assertEqual(blob.download_blob().readall(), b"<two><one>")
        committed, waiting = blob.get_block_list("all")
        self.assertEqual([block.id for block in committed], ["two", "one"])

    def test_lists(self):
        for name in ("a", "folder/b", "folder/c", "ü"):
            self.container.upload_blob(name, b"", metadata={"of": "x"})
        names = [blob.name for blob in self.container.list_blobs()]
        self.assertEqual(names, ["a", "folder/b", "folder/c", "ü"])
        starts = self.container.list_blobs(name_starts_with="folder/", include=["metadata"])
        self.assertEqual([blob.metadata for blob in starts], [{"of": "x"}] * 2)
        walked = [item.name for item in self.container.walk_blobs(delimiter="/")]
        self.assertEqual(sorted(walked), ["a", "folder/", "ü"])
        pages = self.container.list_blobs(results_per_page=3).by_page()
        self.assertEqual([len(list(page)) for page in pages], [3, 1])

    def test_signatures(self):
        self.container.upload_blob("a", b"content")
        arguments = dict(account_name=self.account, account_key=self.key)
        of_blob = generate_blob_sas(container_name=self.container.container_name, blob_name="a",
                                    permission="r", expiry=later(10), start=later(-5), **arguments)
        blob = BlobClient.from_blob_url(self.container.get_blob_client("a").url + "?" + of_blob,
                                        retry_total=0)
        self.assertEqual(blob.download_blob().readall(), b"content")
        with self.assertRaises(HttpResponseError) as caught:
            blob.delete_blob()
        self.assertEqual(caught.exception.status_code, 403)
        of_container = generate_container_sas(
            container_name=self.container.container_name, permission="rwl", expiry=later(10),
            **arguments)
        container = ContainerClient.from_container_url(self.container.url + "?" + of_container,
                                                       retry_total=0)
        container.upload_blob("frames/b", b"by signature")
        self.assertEqual([item.name for item in container.list_blobs()], ["a", "frames/b"])
        of_account = generate_account_sas(resource_types="sco", permission="rl", expiry=later(10),
                                          **arguments)
        service = BlobServiceClient(self.service.url, of_account, retry_total=0)
        names = [item.name for item in service.list_containers(name_starts_with="python-")]
        self.assertIn(self.container.container_name, names)
        expired = generate_blob_sas(container_name=self.container.container_name, blob_name="a",
                                    permission="r", expiry=later(-1), **arguments)
        blob = BlobClient.from_blob_url(self.container.get_blob_client("a").url + "?" + expired,
                                        retry_total=0)
        # Azurite answers AuthorizationFailure, which this client does not take for a matter of keys.
        kind = ClientAuthenticationError if SERVER == "ours" else HttpResponseError
        with self.assertRaises(kind) as caught:
            blob.download_blob()
        self.assertEqual(caught.exception.status_code, 403)

    def test_absence(self):
        blob = self.container.get_blob_client("none")
        self.assertFalse(blob.exists())
        with self.assertRaises(ResourceNotFoundError):
            blob.delete_blob()
        self.assertFalse(self.service.get_container_client("no-such-container").exists())


if __name__ == "__main__":
    unittest.main()
