"""Print README's commands: one that installs torch on Linux, two to try and test."""

import re
from pathlib import Path

readme = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
section = re.search(r"^## Try and test\n(.*?)^## ", readme, re.M | re.S)[1]
print(*re.findall(r"^    (pip \S.*)$", section, re.M), sep="\n")
