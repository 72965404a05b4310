"""Print README's commands: the one that installs torch on Linux, those to try and test."""

import re
from pathlib import Path

readme = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
print(re.search(r"^(pip install torch .*?) *(#.*)?$", readme, re.M)[1])
section = re.search(r"^## Try and test\n(.*?)^## ", readme, re.M | re.S)[1]
print(*re.findall(r"^    (\S.*)$", section, re.M), sep="\n")
