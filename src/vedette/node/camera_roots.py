"""Whom this site believes that a camera signed its video: the makers' certificates in `keys/camera-roots`."""

from pathlib import Path

from cryptography import x509


class CameraRoots:
    """The makers' certificates in `keys/camera-roots`, read anew when the folder changes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: tuple[tuple[str, int], ...] = ()
        self._roots: list[x509.Certificate] | None = None
        self.problem = ""

    def find(self) -> list[x509.Certificate] | None:
        """None: nobody vouches for any camera's key here."""
        files = sorted(self._folder.glob("*.pem"))
        seen = tuple((file.name, file.stat().st_mtime_ns) for file in files)
        if seen != self._seen:
            self._seen = seen
            self._roots, self.problem = self._read(files)
        return self._roots

    def _read(self, files: list[Path]) -> tuple[list[x509.Certificate] | None, str]:
        """A file that cannot be read vouches for nobody; it does not make everybody trusted."""
        roots: list[x509.Certificate] = []
        wrong = []
        for file in files:
            try:
                roots += x509.load_pem_x509_certificates(file.read_bytes())
            except (OSError, ValueError):
                wrong.append(file.name)
        problem = f"not read as certificates: {', '.join(wrong)}" if wrong else ""
        return (roots if files else None), problem
