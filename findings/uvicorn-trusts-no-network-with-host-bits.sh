#!/bin/sh
# uvicorn 0.54.0: Config(forwarded_allow_ips=...), and so --forwarded-allow-ips and ProxyHeadersMiddleware(trusted_hosts=...).
# Expected: "10.0.0.1/8" means the network 10.0.0.0/8, or is refused when the server starts; and a proxy at 10.1.2.3 that is seen as
# ::ffff:10.1.2.3 (a socket that listens on :: sees IPv4 peers so) is one of the network 10.0.0.0/8.
# Instead: a network written with host bits becomes a literal name that no address ever equals, without a word; and an IPv4 network
# holds no IPv4-mapped peer. Either way X-Forwarded-For is not read, and everybody behind the proxy has the proxy's address.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check uvicorn==0.54.0
cd "$folder"
cat > seen.py << 'PYTHON'
import asyncio

import uvicorn
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware


async def client_seen(trusted, peer):
    seen = []

    async def application(scope, receive, send):
        seen.append(scope["client"][0])

    scope = {
        "type": "http",
        "client": (peer, 4711),
        "scheme": "http",
        "headers": [(b"x-forwarded-for", b"203.0.113.7")],
    }
    await ProxyHeadersMiddleware(application, trusted_hosts=trusted)(scope, None, None)
    return seen[0]


async def main():
    told = {}
    for trusted in ("10.0.0.0/8", "10.0.0.1/8"):
        for peer in ("10.1.2.3", "::ffff:10.1.2.3"):
            told[trusted, peer] = await client_seen(trusted, peer)
    print("uvicorn", uvicorn.__version__)
    for (trusted, peer), client in told.items():
        print(f"trusted {trusted}, peer {peer}: the client is {client}")
    assert list(told.values()) == ["203.0.113.7", "::ffff:10.1.2.3", "10.1.2.3", "::ffff:10.1.2.3"], "not as stated"


asyncio.run(main())
PYTHON
"$folder/venv/bin/python" seen.py
echo "as stated"
