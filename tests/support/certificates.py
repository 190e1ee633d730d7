"""A certificate in the files in which clients give them: cer, and pfx with the password PASSWORD."""
import base64
import hashlib
import pathlib
import subprocess

PASSWORD = "secret of a test"


class Certificate:
    def __init__(self, folder, name="windlass test"):
        self.folder = pathlib.Path(folder)
        self.key, self.pem = self.folder / f"{name}.key", self.folder / f"{name}.pem"
        self.cer, self.pfx = self.folder / f"{name}.cer", self.folder / f"{name}.pfx"
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", f"/CN={name}",
                     "-keyout", self.key, "-out", self.pem)
        self.openssl("x509", "-in", self.pem, "-outform", "der", "-out", self.cer)
        self.openssl("pkcs12", "-export", "-inkey", self.key, "-in", self.pem, "-passout", f"pass:{PASSWORD}", "-out", self.pfx)
        self.thumbprint = hashlib.sha1(self.cer.read_bytes()).hexdigest()
        self.public_data = base64.b64encode(self.cer.read_bytes()).decode()
        self.pfx_data = base64.b64encode(self.pfx.read_bytes()).decode()

    @staticmethod
    def openssl(*words):
        subprocess.run(["openssl", *map(str, words)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
