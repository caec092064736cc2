"""An identity provider: makes a key, its public document, and tokens that it signs."""

import argparse
import json
import pathlib
import time

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("subjects", nargs="+")
    arguments = parser.parse_args()
    key = ec.generate_private_key(ec.SECP256R1())
    public = json.loads(ECAlgorithm.to_jwk(key.public_key())) | {"alg": "ES256", "use": "sig"}
    (arguments.folder / "jwks.json").write_text(json.dumps({"keys": [public]}))
    now = int(time.time())
    for subject in arguments.subjects:
        claims = {
            "iss": "steppe",
            "aud": "steppe",
            "sub": subject,
            "iat": now,
            "exp": now + 3600,
            "steppe_roles": ["analyst"],
        }
        (arguments.folder / f"{subject}.token").write_text(jwt.encode(claims, key, algorithm="ES256"))


if __name__ == "__main__":
    main()
