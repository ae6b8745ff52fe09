"""Rules that every workflow keeps, whether a case runs it or not."""

import yaml

from driver import TREE

# Inputs by which runs for the same tag differ: of several runs that wait in one group, GitHub cancels all but the last.
APART = ["image", "context", "dockerfile", "chart", "folder"]


def problems():
    for file in sorted((TREE / ".github/workflows").glob("*.yml")):
        workflow = yaml.safe_load(file.read_text())
        # YAML 1.1 reads `on` as true.
        triggers = workflow[True] if isinstance(workflow[True], dict) else {}
        inputs = (triggers.get("workflow_call") or {}).get("inputs", {})
        group = workflow["concurrency"]["group"]
        for name in APART:
            if name in inputs and f"inputs.{name}" not in group:
                yield f"{file.name}: runs for other values of {name} are in the same concurrency group"
        for job in workflow["jobs"].values():
            for step in job.get("steps", []):
                given = step.get("with", {})
                # The token of a job is for GitHub.
                if "github.token" in str(given.get("password")) and given.get("registry") != "ghcr.io":
                    yield f"{file.name}: the job's token goes to {given.get('registry')}"
                # An immutable release takes no files after it is published.
                if "release" in triggers and "gh release upload" in step.get("run", ""):
                    yield f"{file.name}: files are added to a release that is published"
                # What an earlier attempt of the run has left, and what other jobs keep, has names that a pattern may find too.
                pattern = str(given.get("pattern", ""))
                if "download-artifact" in step.get("uses", "") and "*" in pattern:
                    kept = kept_by(workflow, pattern.rstrip("*"))
                    if len(kept) != 1:
                        yield f"{file.name}: the pattern {pattern} finds what {len(kept)} steps keep: {sorted(kept)}"


def kept_by(workflow, start):
    """The names of artifacts of a workflow, as they are written, that start with this."""
    steps = [step for job in workflow["jobs"].values() for step in job.get("steps", [])]
    uploads = [step["with"]["name"] for step in steps if "upload-artifact" in step.get("uses", "")]
    return {name for name in uploads if name.startswith(start)}
