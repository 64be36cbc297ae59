"""Reads the certificate of an authority that an administrator gives for a camera. Pure."""

import ssl

MAX_PEM_CHARS = 65_536
_BEGIN = "-----BEGIN CERTIFICATE-----"


def find_pem_fault(pem: str) -> str:
    """Says what is wrong with a text that should hold certificates of authorities; empty when nothing is.

    A key pasted along with the certificate is refused, not stored: it would be shown again to everybody who may
    see cameras.
    """
    if len(pem) > MAX_PEM_CHARS:
        return f"is longer than {MAX_PEM_CHARS} characters"
    if "PRIVATE KEY" in pem:
        return "contains a private key; give the certificate alone"
    if _BEGIN not in pem:
        return f"is no certificate in PEM form; it begins with {_BEGIN}"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cadata=pem)
    except (ssl.SSLError, ValueError):
        return "is no readable certificate in PEM form"
    # Not only authorities: a camera that signed its own certificate is trusted by that certificate.
    return "" if context.cert_store_stats()["x509"] else "holds no certificate"
