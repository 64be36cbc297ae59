"""The tables of `vedette.db`, as they are now. How they came to be: `migrations/versions/`.

One writer: the gateway. Times are UTC nanoseconds (`_ns`). JSON columns hold values whose form is a dataclass
of the house (rules, explanations, settings): written and read as a whole, never searched.
A test compares these tables with what the migrations build.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

users = Table(
    "users",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("name", String(64), nullable=False),
    Column("name_key", String(64), nullable=False, unique=True, comment="case folded: Anna and anna are one"),
    Column("role", String(32), nullable=False),
    Column("locale", String(8), nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("must_change_password", Boolean, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("created_at_ns", BigInteger, nullable=False),
    Column("last_login_at_ns", BigInteger),
)

sessions = Table(
    "sessions",
    metadata,
    Column("key", String(64), primary_key=True, comment="SHA-256 of the secret in the cookie"),
    Column("user_id", String(26), ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("created_at_ns", BigInteger, nullable=False),
    Column("seen_at_ns", BigInteger, nullable=False),
    Column("address", String(64), nullable=False),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("key", String(64), nullable=False, unique=True, comment="SHA-256 of the secret"),
    Column("user_id", String(26), ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("name", String(64), nullable=False),
    Column("scopes", Text, nullable=False),
    Column("created_at_ns", BigInteger, nullable=False),
    Column("expires_at_ns", BigInteger),
    Column("last_used_at_ns", BigInteger),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at_ns", BigInteger, nullable=False, index=True),
    Column("user", String(64), nullable=False, index=True),
    Column("action", String(64), nullable=False, index=True),
    Column("resource", String(256), nullable=False),
    Column("address", String(64), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("detail", Text, nullable=False),
    sqlite_autoincrement=True,  # a number is never given twice, also after the newest row was removed by force
)

cameras = Table(
    "cameras",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("name", String(128), nullable=False),
    Column("name_key", String(128), nullable=False, unique=True),
    Column("group_name", String(128), nullable=False, index=True),
    Column("settings", Text, nullable=False, comment="CameraSettings as JSON"),
    Column("user", String(128), nullable=False),
    Column("sealed_login", Text, nullable=False),
    Column("rules", Text, nullable=False, comment="tuple of Rule as JSON"),
    Column("created_at_ns", BigInteger, nullable=False),
)

events = Table(
    "events",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("camera_id", String(26), nullable=False),
    Column("kind", String(64), nullable=False),
    Column("from_ns", BigInteger, nullable=False),
    Column("to_ns", BigInteger),
    Column("state", String(16), nullable=False),
    Column("fact", Text, nullable=False, comment="EventObserved as JSON"),
    Column("acknowledged_by", String(64)),
    Column("acknowledged_at_ns", BigInteger),
    Column("note", Text, nullable=False),
    Column("camera_name", String(128), nullable=False, comment="at the time; shown when the camera is gone"),
    Index("ix_events_from_ns_id", "from_ns", "id"),
    Index("ix_events_camera_id_from_ns", "camera_id", "from_ns"),
    Index("ix_events_state_from_ns", "state", "from_ns"),
)

motion = Table(
    "motion",
    metadata,
    Column("width_s", Integer, primary_key=True, comment="how long a slot is"),
    Column("camera_id", String(26), primary_key=True),
    Column("slot", BigInteger, primary_key=True, comment="UTC seconds / width_s"),
    Column("level", Float, nullable=False, comment="largest level in the slot, 0..1"),
    sqlite_with_rowid=False,
)

stream_states = Table(
    "stream_states",
    metadata,
    Column("camera_id", String(26), primary_key=True),
    Column("stream", String(8), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("code", String(64), nullable=False),
    Column("reason", Text, nullable=False),
    Column("hint", Text, nullable=False),
    Column("at_ns", BigInteger, nullable=False),
)

process_states = Table(
    "process_states",
    metadata,
    Column("role", String(32), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Column("restarts", Integer, nullable=False),
    Column("at_ns", BigInteger, nullable=False),
)

control_states = Table(
    "control_states",
    metadata,
    Column("control", String(64), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("detail", Text, nullable=False),
    Column("layers", Text, nullable=False, comment="layer -> bool as JSON"),
    Column("at_ns", BigInteger, nullable=False),
)

gaps = Table(
    "gaps",
    metadata,
    Column("camera_id", String(26), primary_key=True),
    Column("stream", String(8), primary_key=True),
    Column("from_ns", BigInteger, primary_key=True),
    Column("to_ns", BigInteger, nullable=False),
    Column("reason", String(32), nullable=False),
    Column("frames_missing", Integer, nullable=False),
)

settings = Table(
    "settings",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)

volumes = Table(
    "volumes",
    metadata,
    Column("path", String(1024), primary_key=True),
    Column("name", String(64), nullable=False),
    Column("max_bytes", BigInteger, nullable=False),
    Column("reserve_bytes", BigInteger, nullable=False),
    Column("removed_at_ns", BigInteger),
)

holds = Table(
    "holds",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("camera_id", String(26), nullable=False),
    Column("camera_name", String(128), nullable=False, comment="at the time"),
    Column("from_ns", BigInteger, nullable=False),
    Column("to_ns", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("created_by", String(64), nullable=False),
    Column("created_at_ns", BigInteger, nullable=False),
    Column("released_by", String(64)),
    Column("released_at_ns", BigInteger),
    Column("release_reason", Text, nullable=False),
    Index("ix_holds_camera_id_from_ns", "camera_id", "from_ns"),
)

privacy_zones = Table(
    "privacy_zones",
    metadata,
    Column("camera_id", String(26), primary_key=True, comment="no foreign key: outlives the camera"),
    Column("zones", Text, nullable=False, comment="tuple of PrivacyZone as JSON"),
)

export_usage = Table(
    "export_usage",
    metadata,
    Column("user_key", String(64), primary_key=True, comment="the user's id, or 'local'"),
    Column("day", Integer, primary_key=True, comment="UTC days since 1970"),
    Column("jobs", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
)

watchlists = Table(
    "watchlists",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("name_key", String(128), nullable=False, unique=True),
    Column("watchlist", Text, nullable=False, comment="Watchlist as JSON"),
    Column("created_by", String(64), nullable=False),
    Column("created_at_ns", BigInteger, nullable=False),
)

watchlist_entries = Table(
    "watchlist_entries",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("list_id", String(26), ForeignKey("watchlists.id", ondelete="CASCADE"), nullable=False),
    Column("key", String(128), nullable=False, comment="what it looks for, as text: once in a list"),
    Column("is_pattern", Boolean, nullable=False, comment="each match has to look at it"),
    Column("entry", Text, nullable=False, comment="WatchlistEntry as JSON"),
    Column("to_ns", BigInteger, comment="end of its validity"),
    Column("created_by", String(64), nullable=False),
    Column("created_at_ns", BigInteger, nullable=False),
    Index("uq_watchlist_entries_list_id_key", "list_id", "key", unique=True),
)

face_templates = Table(
    "face_templates",
    metadata,
    Column("entry_id", String(26), primary_key=True, comment="no foreign key: a changed entry is put anew"),
    Column("sealed", Text, nullable=False, comment="by TemplateBox"),
)

face_portraits = Table(
    "face_portraits",
    metadata,
    Column("entry_id", String(26), primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("sealed", Text, nullable=False, comment="by TemplateBox"),
)

seen_objects = Table(
    "seen_objects",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("id", String(26), nullable=False, unique=True),
    Column("camera_id", String(26), nullable=False),
    Column("camera_name", String(128), nullable=False, comment="at the time"),
    Column("object_class", String(16), nullable=False),
    Column("from_ns", BigInteger, nullable=False),
    Column("to_ns", BigInteger, nullable=False),
    Column("plate", String(32), nullable=False),
    Column("plate_folded", String(32), nullable=False, comment="signs that look alike are one"),
    Column("plate_read", Boolean, nullable=False),
    Column("fact", Text, nullable=False, comment="ObjectSeen as JSON, without vectors"),
    Column("job_id", String(26), nullable=False, server_default="", comment="of the file's analysis; empty: a camera"),
    Index("ix_seen_objects_from_ns", "from_ns"),
    Index("ix_seen_objects_camera_id_from_ns", "camera_id", "from_ns"),
    Index("ix_seen_objects_plate_folded", "plate_folded"),
    # Of files alone: an index of all would be taken for the few times that are asked for.
    Index("ix_seen_objects_job_id", "job_id", sqlite_where=text("job_id > ''"), postgresql_where=text("job_id > ''")),
    sqlite_autoincrement=True,  # a number is the key of a gallery's entry: never given to another object
)

seen_attributes = Table(
    "seen_attributes",
    metadata,
    Column("number", Integer, ForeignKey("seen_objects.number", ondelete="CASCADE"), primary_key=True),
    Column("name", String(32), primary_key=True),
    Column("value", String(32), nullable=False),
    Index("ix_seen_attributes_name_value", "name", "value"),
    sqlite_with_rowid=False,
)

seen_vectors = Table(
    "seen_vectors",
    metadata,
    Column("number", Integer, ForeignKey("seen_objects.number", ondelete="CASCADE"), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("release", String(64), nullable=False),
    Column("sealed", Text, nullable=False, comment="by TemplateBox"),
)

erased_objects = Table(
    "erased_objects",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("at_ns", BigInteger, nullable=False),
)
