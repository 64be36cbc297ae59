"""What a role is started with. Made by the command line, given to `vedette.node.<role>.run`."""

from dataclasses import dataclass
from pathlib import Path

from vedette.runtime.paths import NodePaths


@dataclass(frozen=True, slots=True)
class TimeStampAuthority:
    """Who stamps the evidence log (RFC 3161).

    Attributes:
        certificates: PEM file with its root (and what lies between), or with its own certificate.
        policy: The policy (dotted OID) that its stamps must be under; empty: whichever.
    """

    url: str
    certificates: Path
    policy: str = ""


@dataclass(frozen=True, slots=True)
class NodeSettings:
    """Settings of one process.

    Attributes:
        host: Address the gateway listens on.
        port: Port of the gateway.
        first_password_file: Where the administrator's first password is written (0600) instead of shown.
        models: Where models are installed, None: in the data directory.
        models_mirror: Directory that model packs are pulled from instead of the network, or None.
        volume_max_bytes: Size limit of the default volume, 0 for none.
        seal_footage: Closed segments become immutable where the system allows (`seal: immutable`).
        encrypt_footage: Footage goes to disk encrypted (`encrypt: at_rest`).
        witnesses: Address and verifier key of each witness that the notary asks to sign its checkpoints.
        file_jobs: Uploaded files analysed at the same time (`file_jobs`).
        search_days: How long seen objects are kept to be searched (`search_days`).
        time_stamps: Authorities that the notary asks to time-stamp its checkpoints, every `time_stamp_every_s`.
        key_change_days: Age at which the notary changes the evidence log's key by itself; 0: only by hand.
        detector: The detector that is to be used, `NAME` or `NAME@WIDTHxHEIGHT` (`detector`); empty: what fits.
        hash_footage: False only for `benchmarks.evidence`, which measures what hashing costs.
    """

    data: Path
    host: str = "127.0.0.1"
    port: int = 8600
    first_password_file: Path | None = None
    models_mirror: Path | None = None
    models: Path | None = None
    volume_max_bytes: int = 0
    simulated_cameras: int = 0
    clips: Path | None = None
    config: Path | None = None
    hash_footage: bool = True
    seal_footage: bool = False
    encrypt_footage: bool = False
    witnesses: tuple[tuple[str, str], ...] = ()
    file_jobs: int = 1
    time_stamps: tuple[TimeStampAuthority, ...] = ()
    time_stamp_every_s: int = 3600
    search_days: int = 30
    key_change_days: int = 90
    detector: str = ""

    @property
    def models_folder(self) -> Path:
        return self.models or self.paths.models

    @property
    def paths(self) -> NodePaths:
        return NodePaths(self.data)
