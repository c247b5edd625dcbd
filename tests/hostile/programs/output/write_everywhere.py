# verdicts: compile_error
"""Looks for any place outside /tmp that can be written."""

import os

written = []
for folder, folders, files in os.walk("/"):
    if folder.startswith(("/tmp", "/box/packages/torch/include", "/box/packages/sympy")):
        continue
    try:
        with open(os.path.join(folder, ".mark"), "w") as file:
            file.write("mark")
        written.append(folder)
    except OSError:
        pass
    for name in files[:20]:
        path = os.path.join(folder, name)
        if path.startswith("/dev/"):
            continue
        try:
            os.close(os.open(path, os.O_WRONLY))
            written.append(path)
        except OSError:
            pass
if not written:
    raise SystemExit("nowhere")
