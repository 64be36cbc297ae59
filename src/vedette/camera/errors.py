"""Why a stream cannot be opened or has ended, as leaf types with the codes that a tile and a probe show.

Every error says what to do. Messages never carry a URL with credentials: they name host and path only.
`least_delay_s` keeps the service from knocking too often where knocking does harm: many cameras lock an
account after a few wrong passwords.
"""

from typing import ClassVar

from vedette.core.errors import StreamLostError


class CameraError(StreamLostError):
    """Root of the leaf types of ingest. Not raised itself."""

    least_delay_s: ClassVar[float] = 0.0


class HostNotFoundError(CameraError):
    code = "host_not_found"

    def __init__(self, host: str) -> None:
        super().__init__(f"The name {host} is not known.", "Check the address, or write it as numbers.")


class UnreachableError(CameraError):
    code = "unreachable"

    def __init__(self, where: str, why: str) -> None:
        super().__init__(
            f"{where} cannot be reached: {why}.",
            "Check that the camera has power and network, and that this machine is in the right network.",
        )


class RefusedError(CameraError):
    code = "connection_refused"

    def __init__(self, where: str) -> None:
        super().__init__(
            f"{where} refuses the connection.",
            "The device is there but nothing listens on this port: check the port, and that RTSP is switched on.",
        )


class NoAnswerError(CameraError):
    code = "no_answer"

    def __init__(self, where: str, during: str, waited_s: float) -> None:
        super().__init__(
            f"{where} did not answer within {waited_s:g} s ({during}).",
            "Check address and port, and whether a firewall drops the traffic.",
        )


class WrongPasswordError(CameraError):
    code = "wrong_password"
    least_delay_s = 30.0

    def __init__(self, where: str) -> None:
        super().__init__(
            f"{where} rejects the user name or password.",
            "Enter the camera's own login; after several failures some cameras lock the account for a while.",
        )


class LoginRequiredError(CameraError):
    code = "login_required"
    least_delay_s = 30.0

    def __init__(self, where: str) -> None:
        super().__init__(f"{where} wants a login.", "Enter the user name and password of the camera.")


class LoginMethodError(CameraError):
    code = "login_unsupported"
    least_delay_s = 30.0

    def __init__(self, where: str, offered: str) -> None:
        super().__init__(
            f"{where} offers only logins we do not speak: {offered}.",
            "Set the camera to Digest authentication.",
        )


class PermissionRefusedError(CameraError):
    code = "forbidden_by_camera"
    least_delay_s = 30.0

    def __init__(self, where: str) -> None:
        super().__init__(
            f"{where} does not let this user see the stream.",
            "Give the camera's user the right to view live video, or use another user.",
        )


class PathNotFoundError(CameraError):
    code = "path_not_found"

    def __init__(self, where: str, path: str) -> None:
        super().__init__(
            f"{where} has no stream at {path}.",
            "Look up the RTSP path in the camera's manual or web page; it differs between makers.",
        )


class UnsupportedCodecError(CameraError):
    code = "unsupported_codec"
    least_delay_s = 30.0

    def __init__(self, where: str, offered: str) -> None:
        super().__init__(
            f"{where} sends video as {offered}, which cannot be recorded.",
            "Set the camera's video encoding to H.264 or H.265.",
        )


class TransportRefusedError(CameraError):
    code = "transport_refused"

    def __init__(self, where: str, transport: str) -> None:
        super().__init__(
            f"{where} does not deliver over {transport}.",
            "Set the camera's transport to automatic, or to the other one.",
        )


class UntrustedCertificateError(CameraError):
    code = "tls_untrusted"
    least_delay_s = 30.0

    def __init__(self, where: str, why: str) -> None:
        super().__init__(
            f"The certificate of {where} is not trusted: {why}.",
            "Install the certificate of the authority that signed it on this machine (Debian: update-ca-certificates), "
            "or switch the check off for this camera alone.",
        )


class WrongHostNameError(CameraError):
    code = "tls_wrong_host"
    least_delay_s = 30.0

    def __init__(self, where: str) -> None:
        super().__init__(
            f"The certificate of {where} belongs to another host name.",
            "Use the name that the certificate carries, or issue a new certificate for this address.",
        )


class TlsFailedError(CameraError):
    code = "tls_failed"

    def __init__(self, where: str, why: str) -> None:
        super().__init__(
            f"The encrypted connection to {where} fails: {why}.",
            "Check that the port speaks RTSPS, and that the camera accepts TLS 1.2 or newer.",
        )


class NotRtspError(CameraError):
    code = "not_rtsp"

    def __init__(self, where: str, what: str) -> None:
        super().__init__(
            f"{where} answers with {what} instead of RTSP.",
            "This is probably the port of the camera's web page; RTSP is mostly on port 554.",
        )


class GarbageError(CameraError):
    code = "bad_stream"

    def __init__(self, where: str, what: str) -> None:
        super().__init__(
            f"{where} sends data that is no valid stream: {what}.",
            "Restart the camera and update its firmware; if it stays, set it to H.264 over TCP.",
        )


class BusyError(CameraError):
    code = "camera_busy"
    least_delay_s = 5.0

    def __init__(self, where: str, status: int) -> None:
        super().__init__(
            f"{where} is busy (status {status}).",
            "The camera serves its largest number of viewers, or is starting; close other viewers.",
        )


class RequestRefusedError(CameraError):
    code = "request_refused"

    def __init__(self, where: str, method: str, status: int, reason: str) -> None:
        super().__init__(
            f"{where} answers {method} with {status} {reason}.",
            "Restart the camera; if it stays, check its manual for the right URL.",
        )


class RedirectRefusedError(CameraError):
    code = "redirect_refused"
    least_delay_s = 30.0

    def __init__(self, where: str, target_host: str) -> None:
        super().__init__(
            f"{where} redirects to another host ({target_host}), which is not followed.",
            "If this is right, enter the other address yourself.",
        )


class ClosedByCameraError(CameraError):
    code = "closed_by_camera"

    def __init__(self, where: str, why: str = "") -> None:
        tail = f" ({why})" if why else ""
        super().__init__(f"{where} closed the connection{tail}.", "It is tried again by itself.")


class SilentError(CameraError):
    code = "no_video"

    def __init__(self, where: str, silent_s: float) -> None:
        super().__init__(
            f"{where} is connected but has sent no video for {silent_s:.0f} s.",
            "Restart the camera if this comes back; check the network for overload.",
        )


class BadUrlError(CameraError):
    code = "bad_url"
    least_delay_s = 30.0

    def __init__(self, why: str) -> None:
        super().__init__(f"The address cannot be used: {why}.", "Write it like rtsp://192.0.2.10:554/stream1.")


class SourceFailedError(CameraError):
    code = "source_failed"

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"{where} cannot be read: {why}.", "Check the address, or play it in another program.")
