#!/bin/sh
# msgspec 0.22.0 and a str subclass such as the one that torch.__version__ is.
# Expected: what is an instance of str is encoded as a string, as the standard json module does.
# Instead: msgspec takes exact types only and raises TypeError; a version read from torch has to go through str() first.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check msgspec==0.22.0
cd "$folder"
cat > seen.py << 'PYTHON'
import json

import msgspec


class TorchVersion(str):
    """As torch.torch_version.TorchVersion is made: a str that also compares as a version."""


version = TorchVersion("2.13.0")
seen = []
for encode in (msgspec.json.encode, msgspec.msgpack.encode):
    try:
        encode({"torch": version})
        seen.append("encoded")
    except TypeError as error:
        seen.append(f"TypeError: {error}")
print("msgspec", msgspec.__version__, seen, "- json:", json.dumps({"torch": version}))
assert all(one.startswith("TypeError") for one in seen), "the behaviour is not as stated"
PYTHON
"$folder/venv/bin/python" seen.py
echo "as stated"
