# verdicts: compile_error
"""Makes links to files of the host and reads through them."""

import os

read = 0
for number, target in enumerate(["/etc/passwd", "/etc/shadow", "/proc/1/environ", "/proc/self/root/etc", "../../../etc"]):
    link = f"/tmp/link{number}"
    os.symlink(target, link)
    try:
        if os.path.isdir(link):
            read += bool(os.listdir(link))
        else:
            read += bool(open(link, "rb").read(1))
    except OSError:
        pass
if not read:
    raise SystemExit("nothing there")
