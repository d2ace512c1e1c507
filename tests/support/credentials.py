# SPDX-License-Identifier: MIT
"""Certificates by the openssl command, and signed URLs by Python's hmac, as docs/ACCESS.md
describes them."""
import hashlib
import hmac
import subprocess


def self_signed(folder):
    """The paths of a certificate and its key, new in the folder."""
    certificate, key = f"{folder}/self-signed.pem", f"{folder}/self-signed.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost", "-days", "2",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out",
                    certificate], check=True, capture_output=True)
    return certificate, key


def signed(canonical_query, query, key, name, expires):
    """The query, signed by a key that is given in hexadecimal digits."""
    text = f"{canonical_query}\n{expires}".encode()
    signature = hmac.new(bytes.fromhex(key), text, hashlib.sha256).hexdigest()
    return f"{query}&expires={expires}&key={name}&signature={signature}"
