"""Where everything lies in a data directory. The table of writers is in docs/design/contracts.md."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class NodePaths:
    """Paths of one node. Nothing is created here; `prepare` does that once, at start."""

    data: Path

    @property
    def database(self) -> Path:
        return self.data / "vedette.db"

    @property
    def node_key(self) -> Path:
        return self.data / "keys" / "node.key"

    @property
    def log_keys(self) -> Path:
        return self.data / "keys" / "log"

    @property
    def model_keys(self) -> Path:
        """What model releases are signed with, and which were accepted."""
        return self.data / "keys" / "models"

    @property
    def archive_keys(self) -> Path:
        """The private archive keys, of the roles that read footage."""
        return self.data / "keys" / "archive"

    @property
    def archive_public_keys(self) -> Path:
        """All that the recorder needs to encrypt."""
        return self.data / "keys" / "archive-public"

    @property
    def backup_key(self) -> Path:
        """The public key to which backups are encrypted; nobody here can open one."""
        return self.data / "keys" / "backup.pub"

    @property
    def last_backup(self) -> Path:
        """When the last backup was made."""
        return self.data / "backup.json"

    @property
    def camera_roots(self) -> Path:
        """Certificates of the makers of cameras, `*.pem`: whom this site believes that a camera signed its video."""
        return self.data / "keys" / "camera-roots"

    @property
    def signing_results(self) -> Path:
        """What the validator found of the cameras' own signatures."""
        return self.data / "signing" / "results.db"

    @property
    def evidence(self) -> Path:
        return self.data / "evidence"

    @property
    def run(self) -> Path:
        return self.data / "run"

    @property
    def bus(self) -> Path:
        return self.data / "bus"

    @property
    def volumes(self) -> Path:
        return self.data / "volumes"

    @property
    def pictures(self) -> Path:
        return self.data / "pictures"

    @property
    def file_jobs(self) -> Path:
        return self.data / "analysis"

    @property
    def categories(self) -> Path:
        """The operator's own categories, a folder each set."""
        return self.data / "categories"

    @property
    def exports(self) -> Path:
        return self.data / "exports"

    @property
    def erasures(self) -> Path:
        """Orders to erase footage that are not carried out yet."""
        return self.data / "erasures"

    @property
    def models(self) -> Path:
        return self.data / "models"

    @property
    def networks(self) -> Path:
        """Compiled networks, kept between starts of workers."""
        return self.data / "networks"

    @property
    def networks_key(self) -> Path:
        """What they are sealed with."""
        return self.data / "keys" / "networks.key"

    @property
    def model_costs(self) -> Path:
        """What a picture costs each detector on this machine, as the analyzer measured it."""
        return self.data / "analyzer" / "costs.json"

    @property
    def sim(self) -> Path:
        return self.data / "sim"

    def socket(self, role: str) -> Path:
        """The UNIX socket of a role. Linux limits the path to 107 bytes: keep the data directory short."""
        return self.run / f"{role}.sock"

    def assignment(self, role: str) -> Path:
        return self.data / role / "assignment.json"

    def prepare(self) -> None:
        """Creates the private directories, readable by the owner alone."""
        self.data.mkdir(parents=True, exist_ok=True)
        for private in (self.node_key.parent, self.run, self.bus):
            private.mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder in (self.volumes, self.pictures, self.models, self.sim):
            folder.mkdir(mode=0o750, exist_ok=True)
