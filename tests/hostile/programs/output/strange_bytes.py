# verdicts: accepted
"""NUL, terminal codes, HTML, right-to-left marks and bytes that are no text; the layer is honest."""

import os

os.write(1, b"\x00\x1b[2J\x1b]0;owned\x07<script>alert(1)</script>\xff\xfe\xc0\x80\xe2\x80\xae\r\n\x08")
os.write(2, b"'; DROP TABLE submissions; --\x00\xf0\x28\x8c\x28")
