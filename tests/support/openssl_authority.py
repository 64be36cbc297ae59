"""A real time-stamping authority: `openssl ts` behind a small HTTP server on loopback.

OpenSSL is on every Debian machine. It knows nothing of our code, and also checks our requests and bundles.
"""

import asyncio
import hashlib
import ssl
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

_CONFIG = """
[ req ]
distinguished_name = dn
prompt = no
[ dn ]
CN = {name}
[ root ]
basicConstraints = critical,CA:true
[ tsa ]
basicConstraints = critical,CA:false
extendedKeyUsage = critical,timeStamping
[ ts ]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
certs = {folder}/root.pem
default_policy = 1.3.6.1.4.1.99999.1
digests = sha256, sha384, sha512
accuracy = secs:1, millisecs:500, microsecs:100
ordering = yes
tsa_name = yes
signer_digest = {digest}
ess_cert_id_alg = {named_by}
"""


class OpenSslAuthority:
    """Its root, certificate and key lie in `folder`."""

    def __init__(
        self,
        folder: Path,
        key: Literal["rsa", "p256", "p384"] = "rsa",
        digest: str = "sha256",
        named_by: str = "sha256",
    ) -> None:
        folder.mkdir()
        self.folder = folder
        self._write("openssl.cnf", _CONFIG.format(name="OpenSSL TSA", folder=folder, digest=digest, named_by=named_by))
        self._write("serial", "01\n")
        curve = ["ec", "-pkeyopt", f"ec_paramgen_curve:{'P-256' if key == 'p256' else 'P-384'}"]
        made = ["-newkey", "rsa:2048"] if key == "rsa" else ["-newkey", *curve]
        self._request("root", ["-newkey", *curve], "/CN=OpenSSL root")
        self._request("tsa", [*made, "-CA", str(self.root), "-CAkey", str(folder / "root.key")], "/CN=OpenSSL TSA")

    @property
    def root(self) -> Path:
        return self.folder / "root.pem"

    @property
    def fingerprint(self) -> str:
        der = self._run("x509", "-in", str(self.folder / "tsa.pem"), "-outform", "DER")
        return hashlib.sha256(der).hexdigest()

    def answer(self, request: bytes) -> bytes:
        (self.folder / "request.tsq").write_bytes(request)
        config, query = str(self.folder / "openssl.cnf"), str(self.folder / "request.tsq")
        return self._run("ts", "-reply", "-config", config, "-section", "ts", "-queryfile", query)

    def verifies(self, response: Path, stamped: Path) -> bool:
        """What somebody with OpenSSL alone does with the files of a bundle."""
        command = ["openssl", "ts", "-verify", "-in", str(response), "-data", str(stamped), "-CAfile", str(self.root)]
        return subprocess.run(command, capture_output=True, check=False, timeout=30).returncode == 0

    def _request(self, name: str, arguments: list[str], subject: str) -> None:
        out = ["-keyout", str(self.folder / f"{name}.key"), "-out", str(self.folder / f"{name}.pem")]
        config = ["-config", str(self.folder / "openssl.cnf"), "-extensions", name]
        self._run("req", "-x509", "-noenc", "-days", "30", "-subj", subject, *config, *out, *arguments)

    def _write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    def _run(self, *arguments: str) -> bytes:
        done = subprocess.run(["openssl", *arguments], capture_output=True, check=False, timeout=30)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout


@asynccontextmanager
async def serve_authority(
    answer: Callable[[bytes], bytes],
    head: bytes = b"HTTP/1.1 200 OK\r\nContent-Type: application/timestamp-reply\r\n",
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[str]:
    """Serves an authority over HTTP; yields its address. `head`: status line and headers of every answer."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            asked = (await reader.readuntil(b"\r\n\r\n")).lower()
            size = int(asked.partition(b"content-length:")[2].split()[0])
            body = await asyncio.to_thread(answer, await reader.readexactly(size))
            writer.write(head + b"Connection: close\r\n\r\n" + body)
            await writer.drain()
        except (ConnectionError, asyncio.CancelledError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=tls)
    async with server:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{server.sockets[0].getsockname()[1]}/tsr"
