"""Which image tags a release takes, among the tags that its repository has: .github/release/release-tags.sh."""

import subprocess

from driver import TREE

# tags of the repository, the release, what it takes (for rejected tags, a part of the message)
RELEASES = [
    # The first of all, and newer ones of the same line, of the next minor and of the next major.
    ("", "v1.0.0", "v1.0.0 1.0.0 1.0 1 latest"),
    ("v1.0.0", "v1.0.1", "v1.0.1 1.0.1 1.0 1 latest"),
    ("v1.0.0 v1.0.1", "v1.1.0", "v1.1.0 1.1.0 1.1 1 latest"),
    ("v1.0.0 v1.9.9", "v2.0.0", "v2.0.0 2.0.0 2.0 2 latest"),
    # A patch of an older minor, of an older major, and of the older major's older minor.
    ("v1.0.0 v1.1.0", "v1.0.1", "v1.0.1 1.0.1 1.0"),
    ("v1.9.0 v2.0.0", "v1.9.1", "v1.9.1 1.9.1 1.9 1"),
    ("v1.8.0 v1.9.0 v2.0.0", "v1.8.1", "v1.8.1 1.8.1 1.8"),
    ("v1.8.0 v1.9.0 v2.0.0", "v1.10.0", "v1.10.0 1.10.0 1.10 1"),
    # Numbers are compared as numbers, and 1.1 is no part of 1.10.
    ("v1.9.0", "v1.10.0", "v1.10.0 1.10.0 1.10 1 latest"),
    ("v1.10.0", "v1.9.0", "v1.9.0 1.9.0 1.9"),
    ("v1.10.5", "v1.1.0", "v1.1.0 1.1.0 1.1"),
    ("v10.0.0", "v1.0.0", "v1.0.0 1.0.0 1.0 1"),
    ("v1.0.9", "v1.0.10", "v1.0.10 1.0.10 1.0 1 latest"),
    # A pre-release takes nothing from anybody, not even where there is nothing, and does not count as newer.
    ("", "v1.0.0-rc.1", "v1.0.0-rc.1 1.0.0-rc.1"),
    ("v1.0.0", "v2.0.0-alpha", "v2.0.0-alpha 2.0.0-alpha"),
    ("v1.0.0 v1.1.0-rc.1", "v1.0.1", "v1.0.1 1.0.1 1.0 1 latest"),
    ("v2.0.0-rc.1", "v1.9.0", "v1.9.0 1.9.0 1.9 1 latest"),
    ("v1.0.0-rc.1 v1.0.0-rc.2", "v1.0.0", "v1.0.0 1.0.0 1.0 1 latest"),
    # Publishing again: what it may take depends on what came meanwhile.
    ("v1.0.0", "v1.0.0", "v1.0.0 1.0.0 1.0 1 latest"),
    ("v1.0.0 v1.0.1", "v1.0.0", "v1.0.0 1.0.0"),
    ("v1.0.0 v1.0.1 v1.1.0", "v1.0.1", "v1.0.1 1.0.1 1.0"),
    # Other tags of a repository are none of its business.
    ("nightly v3 v2.0 chart-9.0.0 9.9.9 v9.9.9+build v01.2.3", "v1.0.0", "v1.0.0 1.0.0 1.0 1 latest"),
    ("", "v0.3.1", "v0.3.1 0.3.1 0.3 0 latest"),
    # Rejected tags, with the reason.
    ("", "v1.0.0+build.5", 'cannot contain "+"'),
    ("", "v1.0.0-rc.1+5", 'cannot contain "+"'),
    ("", "1.0.0", "is not a release tag"),
    ("", "v1.0", "is not a release tag"),
    ("", "v01.0.0", "is not a release tag"),
    ("", "v1.0.0-", "is not a release tag"),
    ("", "v1.0.0-01", "is not a release tag"),
    ("", "v1.0.0\nlatest", "is not a release tag"),
    ("", "main", "is not a release tag"),
    ("", "", "is not a release tag"),
]


def problems():
    for existing, release, expected in RELEASES:
        done = subprocess.run(
            [TREE / ".github/release/release-tags.sh", release],
            input=existing.replace(" ", "\n") + "\n",
            text=True,
            capture_output=True,
            check=False,
        )
        if done.returncode == 0:
            found = " ".join(done.stdout.split())
            wrong = found != expected
        else:
            found = done.stdout + done.stderr
            wrong = not found.startswith("::error::") or expected not in found
        if wrong:
            yield f"{release!r} among {existing or 'none'}: {found!r} instead of {expected!r}"
