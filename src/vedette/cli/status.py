"""`vedette status`: the state of every process, camera, volume and control."""

import sys
from pathlib import Path
from typing import Any

import click

from vedette.adapters.api_client import ApiClient, ApiError, NoSystemError
from vedette.cli.output import data_option, json_option, open_client, print_json, print_table

CANNOT_TELL = 3


@click.command("status", short_help="Show the state of every process, camera, volume and control.")
@data_option
@json_option
def command(data: Path | None, as_json: bool) -> None:
    """Show the state of a running system. Exit code 3 when nobody answers."""
    try:
        with open_client(data) as client:
            system = client.get("/system")
            cameras = client.get("/cameras", {"limit": 1000})["items"]
            evidence = _read_evidence(client)
    except NoSystemError as exc:
        sys.stderr.write(f"vedette: {exc}\n")
        sys.exit(CANNOT_TELL)
    streams = [_stream(camera, role) for camera in cameras for role in ("main", "sub") if camera["live"][role]]
    if as_json:
        print_json({**system, "streams": streams, "evidence": evidence})
    else:
        _print_status(system, {camera["id"]: camera["name"] for camera in cameras}, streams, evidence)


def _read_evidence(client: ApiClient) -> dict[str, Any]:
    """The evidence log; when the notary does not answer, that is its state."""
    try:
        found: dict[str, Any] = client.get("/evidence")
    except ApiError as exc:
        away: dict[str, Any] = {"state": "unknown", "detail": exc.message, "checkpoint": None}
        return away | {
            "fingerprint": "",
            "log_key": "",
            "keys": [],
            "key_due": None,
            "witnesses": [],
            "time_stamps": [],
        }
    return found


def _stream(camera: dict[str, Any], role: str) -> dict[str, Any]:
    return {"camera": camera["name"], "camera_id": camera["id"], "stream": role, **camera["live"][role]}


def _print_status(
    system: dict[str, Any], names: dict[str, str], streams: list[dict[str, Any]], evidence: dict[str, Any]
) -> None:
    rows: list[tuple[object, ...]] = [
        ("process", one["role"], one["state"], one["since"] or "", f"{one['restarts']} restarts")
        for one in system["processes"]
    ]
    rows += [
        ("stream", f"{one['camera']}/{one['stream']}", one["state"], one["since"] or "", _stream_figures(one))
        for one in streams
    ]
    rows += [
        ("analysis", names.get(one["camera_id"], one["camera_id"]), one["state"], "", _analysis_figures(one))
        for one in system["analysis"]
    ]
    if system["detector"]:
        detector = system["detector"]
        rows.append(("detector", detector["detector"] or "none", detector["why"], "", _detector_figures(detector)))
    rows += [
        ("volume", one["name"], one["state"], one["oldest_at"] or "", _volume_figures(one)) for one in system["volumes"]
    ]
    rows += [("control", one["name"], one["state"], one["since"] or "", one["detail"]) for one in system["controls"]]
    signed = evidence["checkpoint"] or {"at": None}
    rows.append(("evidence", "log", evidence["state"], signed["at"] or "", f"fingerprint {evidence['fingerprint']}"))
    rows += [
        ("evidence", "signed with", "", one["from"], " and ".join(one["signatures"]))
        for one in evidence["keys"]
        if one["to"] is None
    ]
    rows += [
        ("evidence", "key before", "", one["from"], f"signs too until {one['beside_until']}")
        for one in evidence["keys"]
        if one["beside_until"]
    ]
    rows.append(("evidence", "next key", "", "", evidence["key_due"] or "by hand alone"))
    # With ML-DSA-44 it has 1,900 characters: no terminal shows that so that it can be copied.
    shown = "`vedette status --json`, evidence.log_key" if "," in evidence["log_key"] else evidence["log_key"]
    rows.append(("evidence", "key for witnesses", "", "", shown))
    rows += [("evidence", "witness", "", "", one) for one in evidence["witnesses"]]
    rows += [("evidence", "time stamp", "", "", one) for one in evidence["time_stamps"]]
    print_table(("WHAT", "NAME", "STATE", "SINCE", "FIGURES"), rows)


def _stream_figures(one: dict[str, Any]) -> str:
    if not one["codec"]:
        return str(one["reason"])
    lost = f" {one['packets_lost']} packets lost" if one["packets_lost"] else ""
    return f"{one['codec']} {one['width']}x{one['height']} {one['fps']:g}/s {one['bitrate_bps'] / 1e6:.2f} Mbit/s{lost}"


def _analysis_figures(one: dict[str, Any]) -> str:
    left_out = f", {one['thinned'] + one['dropped']} left out" if one["thinned"] + one["dropped"] else ""
    return f"{one['detector']} {one['fps']:g} of {one['asked_fps']:g}/s{left_out} {one['reason']}".rstrip()


def _detector_figures(one: dict[str, Any]) -> str:
    if one["cost_ms"] is None:
        return str(one["problem"]) or "not measured on this machine yet"
    possible = "" if one["possible_streams"] is None else f", {one['streams']} streams of {one['possible_streams']}"
    asked = f"{one['asked_ms']:.0f} of {one['room_ms']:.0f} ms a second asked for"
    return f"{one['cost_ms']:g} ms a picture{possible}, {asked} {one['problem']}".rstrip()


def _volume_figures(one: dict[str, Any]) -> str:
    days = "" if one["days_left"] is None else f", {one['days_left']:.1f} days left"
    held = f", {one['held_bytes'] / 1e9:.2f} GB held" if one["held_bytes"] else ""
    used = f"{one['used_bytes'] / 1e9:.2f} GB used{held}, {one['free_bytes'] / 1e9:.1f} GB free{days}"
    return f"{used} {one['reason']}".rstrip()
