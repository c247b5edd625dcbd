#!/bin/sh
# Python 3.11 and newer, str.splitlines.
# Expected: the lines of a source file that str.splitlines gives are those that Python counts in a traceback.
# Instead: a form feed, which Python's tokenizer takes for a space (and the standard library holds some), ends a line for splitlines, so
# every line behind it is numbered one too high. io.StringIO(source) gives the lines that Python counts.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat > seen.py << 'PYTHON'
import io
import platform

source = "first = 1\n\x0c\nsecond = 1 / 0\n"
try:
    exec(compile(source, "source", "exec"))
except ZeroDivisionError as error:
    line = error.__traceback__.tb_next.tb_lineno
seen = {"splitlines": source.splitlines()[line - 1], "StringIO": list(io.StringIO(source))[line - 1].rstrip("\n")}
print("Python", platform.python_version(), "- line", line, "by", seen)
assert seen == {"splitlines": "", "StringIO": "second = 1 / 0"}, "the behaviour is not as stated"
PYTHON
python3 seen.py
echo "as stated"
