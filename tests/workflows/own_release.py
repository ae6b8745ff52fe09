"""How Chartdrop's own release is published: .ci/publish-release, against a `gh` that holds one release."""

import json
import os
import subprocess
import tempfile
from pathlib import Path

from driver import TREE

GH = """#!/usr/bin/env python3
# Stands in for gh: the release in RELEASE, which is immutable once it is published.
import json, os, pathlib, subprocess, sys
state = pathlib.Path(os.environ["RELEASE"])
release = json.loads(state.read_text())
arguments = sys.argv[1:]
command, rest = arguments[1], arguments[2:]
def answer(value):
    query = rest[rest.index("--jq") + 1]
    print(subprocess.run(["jq", "-r", query], input=json.dumps(value), text=True, capture_output=True, check=True).stdout, end="")
def reject(text):
    sys.exit(f"gh: {text}")
if arguments[0] != "release":
    reject("unknown command")
if command == "list":
    answer([release] if release else [])
elif command == "view":
    answer(release)
elif command == "create":
    if release:
        reject("a release with the same tag name already exists")
    if "--draft" not in rest or "--verify-tag" not in rest:
        reject("published before its files are there")
    release = {"tagName": rest[0], "isDraft": True, "assets": [], "notes": "generated", "prerelease": "--prerelease" in rest}
elif command == "upload":
    if not release or not release["isDraft"]:
        reject("Cannot upload assets to an immutable release.")
    if os.environ.get("UPLOAD_FAILS"):
        reject("502")
    names = [os.path.basename(file) for file in rest[1:] if not file.startswith("--")]
    kept = [asset for asset in release["assets"] if asset["name"] not in names]
    release["assets"] = kept + [{"name": name} for name in names]
elif command == "edit":
    if "--draft=false" not in rest:
        reject("unknown edit")
    release["isDraft"] = False
else:
    reject("unknown command")
state.write_text(json.dumps(release))
"""

FILES = ["publish-chart-arm64.zip", "template-arm64.yaml", "SHA256SUMS"]


def draft(**fields):
    return {"tagName": "v1.0.0", "isDraft": True, "assets": [], "notes": "written by hand", "prerelease": False} | fields


ALL = [{"name": name} for name in FILES]
# The release before, its tag, whether it succeeds, and the release afterwards, as far as it is looked at.
TRIALS = [
    (None, "v1.0.0", True, {"isDraft": False, "notes": "generated", "prerelease": False}),
    (None, "v1.0.0-rc.1", True, {"isDraft": False, "prerelease": True}),
    (draft(), "v1.0.0", True, {"isDraft": False, "notes": "written by hand"}),
    (draft(assets=ALL[:1]), "v1.0.0", True, {"isDraft": False}),
    (draft(isDraft=False, assets=ALL), "v1.0.0", True, {"isDraft": False}),
    (draft(isDraft=False, assets=ALL[:1]), "v1.0.0", False, {"isDraft": False}),
]


def publish(folder, before, tag, **environment):
    state = folder / "release.json"
    state.write_text(json.dumps(before))
    for name in FILES:
        (folder / name).write_text(name)
    done = subprocess.run(
        [TREE / ".ci/publish-release", tag, *(folder / name for name in FILES)],
        env=os.environ | {"PATH": f"{folder}:{os.environ['PATH']}", "RELEASE": str(state)} | environment,
        text=True,
        capture_output=True,
        check=False,
    )
    return done, json.loads(state.read_text())


def problems():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "gh").write_text(GH)
        (folder / "gh").chmod(0o755)
        for before, tag, succeeds, expected in TRIALS:
            done, after = publish(folder, before, tag)
            said = f"{before} {tag}: {done.returncode} {done.stdout}{done.stderr} {after}"
            if (done.returncode == 0) != succeeds or any(after[field] != value for field, value in expected.items()):
                yield said
            elif succeeds and sorted(asset["name"] for asset in after["assets"]) != sorted(FILES):
                yield said
            elif not succeeds and "::error::" not in done.stderr:
                yield said
        # A release that lacks files stays a draft.
        done, after = publish(folder, None, "v1.0.0", UPLOAD_FAILS="1")
        if done.returncode == 0 or not after["isDraft"]:
            yield f"published without its files: {done.stderr} {after}"
