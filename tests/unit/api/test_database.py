"""The gateway's database: migrations, refusal of unknown versions, all-or-nothing writes, append-only audit."""

import json
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, insert, select, text

from vedette.adapters.database import Database, DatabaseError
from vedette.adapters.database_cameras import SqlCameraStore
from vedette.adapters.database_schema import audit, cameras, metadata, settings
from vedette.core.recording_plan import MotionTrigger


async def test_migrations_build_the_tables_that_the_code_expects(tmp_path: Path) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, metadata))

    async with Database(tmp_path / "v.db") as database:
        assert await database.read(differences) == []


async def test_sensitivity_of_an_older_release_moves_to_the_camera_as_a_step(tmp_path: Path) -> None:
    def make_old(connection: Connection) -> None:
        for number, sensitivity in enumerate((0.1, 0.5, 0.9)):
            plan = {"mode": "motion", "motion": {"sensitivity": sensitivity, "use_packet_sizes": False}}
            text_of = json.dumps(
                {"name": f"c{number}", "main": {"url": "rtsp://10.0.0.5/1"}, "recording": {"plan": plan}}
            )
            row = {"id": str(number), "name": f"c{number}", "name_key": f"c{number}", "group_name": ""}
            row |= {"settings": text_of, "user": "", "sealed_login": "", "rules": "[]", "created_at_ns": 0}
            connection.execute(insert(cameras).values(**row))
        later = ("watchlist_entries", "watchlists", "face_templates", "face_portraits")
        for table in (*later, "seen_attributes", "seen_vectors", "seen_objects", "erased_objects"):
            connection.execute(text(f"DROP TABLE {table}"))
        connection.execute(text("UPDATE alembic_version SET version_num='0003'"))

    path = tmp_path / "v.db"
    async with Database(path) as database:
        await database.write(make_old)
    async with Database(path) as database:
        found = await SqlCameraStore(database).list_all()
    assert [camera.settings.motion.sensitivity.value for camera in found] == ["low", "normal", "high"]
    assert {camera.settings.recording.plan.motion for camera in found} == {MotionTrigger(use_packet_sizes=False)}


async def test_index_of_files_leaves_cameras_out_also_where_it_once_held_all(tmp_path: Path) -> None:
    def make_old(connection: Connection) -> None:
        connection.execute(text("DROP INDEX ix_seen_objects_job_id"))
        connection.execute(text("CREATE INDEX ix_seen_objects_job_id ON seen_objects (job_id)"))
        connection.execute(text("UPDATE alembic_version SET version_num='0008'"))

    def read_index(connection: Connection) -> str:
        return str(connection.scalar(text("SELECT sql FROM sqlite_master WHERE name = 'ix_seen_objects_job_id'")))

    path = tmp_path / "v.db"
    async with Database(path) as database:
        await database.write(make_old)
        assert "WHERE" not in await database.read(read_index)
    async with Database(path) as database:
        assert (await database.read(read_index)).endswith("WHERE job_id > ''")


async def test_second_start_keeps_what_is_there_and_file_is_private(tmp_path: Path) -> None:
    path = tmp_path / "v.db"
    async with Database(path) as database:
        await database.write(lambda c: c.execute(insert(settings).values(name="a", value="1")))
    async with Database(path) as database:
        rows = await database.read(lambda c: c.execute(select(settings)).all())
    assert rows == [("a", "1")]
    assert path.stat().st_mode & 0o777 == 0o600


async def test_database_of_a_newer_release_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "v.db"
    async with Database(path) as database:
        await database.write(lambda c: c.execute(text("UPDATE alembic_version SET version_num='9999'")))
    with pytest.raises(DatabaseError, match="9999"):
        async with Database(path):
            pass


async def test_failed_transaction_leaves_nothing(tmp_path: Path) -> None:
    def half(connection: Connection) -> None:
        connection.execute(insert(settings).values(name="a", value="1"))
        connection.execute(insert(settings).values(name="a", value="2"))

    async with Database(tmp_path / "v.db") as database:
        with pytest.raises(DatabaseError, match="UNIQUE"):
            await database.write(half)
        assert await database.read(lambda c: c.execute(select(settings)).all()) == []


@pytest.mark.parametrize("attack", ["DELETE FROM audit", "UPDATE audit SET user='nobody'"])
async def test_audit_rows_cannot_be_changed(tmp_path: Path, attack: str) -> None:
    row = {
        "at_ns": 1,
        "user": "anna",
        "action": "login",
        "resource": "",
        "address": "",
        "outcome": "done",
        "detail": "",
    }
    async with Database(tmp_path / "v.db") as database:
        await database.write(lambda c: c.execute(insert(audit).values(**row)))
        with pytest.raises(DatabaseError, match="never changed"):
            await database.write(lambda c: c.execute(text(attack)))


async def test_file_that_is_no_database_is_an_error_that_names_it(tmp_path: Path) -> None:
    path = tmp_path / "v.db"
    path.write_text("a web page" * 200)
    with pytest.raises(DatabaseError, match="not a database"):
        async with Database(path):
            pass
