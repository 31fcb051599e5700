"""Certificates of a private authority, made with openssl in a folder and thrown away with it."""
import os
import subprocess


def openssl(*words):
    subprocess.run(["openssl", *words], check=True, capture_output=True)


class Authority:
    def __init__(self, folder, name="authority"):
        self.folder = folder
        self.cert, self.key = self._paths(name)
        self._key(self.key)
        openssl("req", "-x509", "-new", "-key", self.key, "-days", "2", "-subj", f"/CN={name}",
                "-out", self.cert, "-addext", "basicConstraints=critical,CA:TRUE",
                "-addext", "keyUsage=critical,keyCertSign,cRLSign")

    def _paths(self, name):
        base = os.path.join(self.folder, name)
        return f"{base}.crt", f"{base}.key"

    @staticmethod
    def _key(path):
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", path)

    def issue(self, name, alternative="", expired=False):
        """(certificate, key): files. alternative: "IP:127.0.0.1,DNS:localhost"."""
        cert, key = self._paths(name)
        request, extensions = f"{cert}.csr", f"{cert}.ext"
        self._key(key)
        openssl("req", "-new", "-key", key, "-subj", f"/CN={name}", "-out", request)
        with open(extensions, "w", encoding="utf-8") as out:
            out.write("basicConstraints=critical,CA:FALSE\nextendedKeyUsage=serverAuth,clientAuth\n"
                      + (f"subjectAltName={alternative}\n" if alternative else ""))
        openssl("x509", "-req", "-in", request, "-CA", self.cert, "-CAkey", self.key, "-set_serial",
                str(int.from_bytes(os.urandom(8), "big")), "-days", "-1" if expired else "2",
                "-extfile", extensions, "-out", cert)
        return cert, key


def text(path):
    with open(path, encoding="utf-8") as file:
        return file.read()
