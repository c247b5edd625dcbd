#!/bin/sh
# pytest-xdist 3.8.0 with pytest 9.2.0 (both the newest releases; xdist's own requirement, pytest>=7.0, allows the pair).
# Expected: with --dist loadgroup all tests marked xdist_group("one") run in one process, as xdist's documentation promises.
# Instead: the mark has no effect and nothing says so: the tests of one group are dealt out to both processes. xdist appends the
# group to a field of the test's id that pytest 9.2 no longer reads. With pytest 9.1.1 the group holds.
# What works with both: the hook pytest_xdist_make_scheduler with a scheduler of one's own.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat > test_group.py << 'PYTHON'
import os
import time

import pytest


@pytest.mark.xdist_group("one")
@pytest.mark.parametrize("number", range(8))
def test_of_the_group(number):
    time.sleep(0.1)
    with open("processes", "a") as file:
        file.write(os.environ["PYTEST_XDIST_WORKER"] + "\n")
PYTHON

processes_of_the_group() {
    python3 -m venv "venv-$1"
    "venv-$1/bin/pip" install --quiet --disable-pip-version-check "pytest==$1" pytest-xdist==3.8.0
    rm -f processes
    "venv-$1/bin/python" -m pytest -q -n 2 --dist loadgroup -p no:cacheprovider test_group.py > "log-$1"
    sort -u processes | wc -l
}

new=$(processes_of_the_group 9.2.0)
old=$(processes_of_the_group 9.1.1)
echo "processes that ran the one group: $new with pytest 9.2.0, $old with pytest 9.1.1"
test "$new" = 2 || { echo "the behaviour is not as stated"; exit 1; }
test "$old" = 1 || { echo "the behaviour is not as stated"; exit 1; }
echo "as stated"
