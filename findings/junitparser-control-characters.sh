#!/bin/sh
# junitparser 5.0.3.
# Expected: a report it writes can be read again, whatever a test printed; or it refuses what XML 1.0 cannot hold.
# Instead: a control character, such as the escape of a coloured line, is written as it is. The file is no XML: neither Python's parser
# nor junitparser itself reads it.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check junitparser==5.0.3
cd "$folder"
cat > seen.py << 'PYTHON'
import xml.etree.ElementTree as ElementTree
from importlib.metadata import version

from junitparser import JUnitXml, TestCase, TestSuite

case = TestCase("prints in colour")
case.system_out = "\x1b[31mred\x1b[0m"
suite = TestSuite("suite")
suite.add_testcase(case)
report = JUnitXml()
report.add_testsuite(suite)
report.write("report.xml")  # without a word of complaint
try:
    ElementTree.parse("report.xml")
    outcome = "can be read"
except ElementTree.ParseError as error:
    outcome = f"cannot be read: {error}"
print("junitparser", version("junitparser"), "- what it wrote", outcome)
assert "not well-formed" in outcome, "the behaviour is not as stated"
PYTHON
"$folder/venv/bin/python" seen.py
echo "as stated"
