"""The cases: what happens to a repository, and what its maintainer sees. Each has a world of its own."""

import json
import shutil

import yaml

import driver

CHART = "charts/kube9-operator/Chart.yaml"
VALUES = "charts/kube9-operator/values.yaml"
CASES = []


def case(**settings):
    """A case, with settings of the functions."""
    return lambda function: CASES.append((function, settings)) or function


def expect(condition, run, what):
    if not condition:
        raise AssertionError(f"{what}\n{run.annotations}\n{run.summary}\n{run.log[-6000:]}")


def succeeded(run):
    expect(run.jobs and set(run.jobs.values()) == {"success"}, run, f"jobs: {run.jobs}")


def failed(run, *parts):
    """The run failed, and one of its error annotations has these parts."""
    expect("failure" in run.jobs.values(), run, f"jobs: {run.jobs}")
    expect(any(all(part in error for part in parts) for error in run.errors()), run, f"no error has {parts}")


def line_of(world, file, text):
    lines = (world.source / file).read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1) if line.startswith(text))


@case()
def a_release_is_published_and_verified(world):
    # Nothing of this stops it: no fix yet, and not critical.
    findings = [{"id": "CVE-1", "severity": "CRITICAL", "fixed": False}, {"id": "CVE-2", "severity": "HIGH", "fixed": True}]
    (world.source / "www/findings.json").write_text(json.dumps(findings))
    revision = world.tag("v1.0.0")
    runs = world.release("v1.0.0")
    image, chart, verify = (runs[name] for name in driver.WORKFLOWS)
    for run in runs.values():
        succeeded(run)
        expect(run.errors() == [], run, "errors in spite of success")

    digests = world.digests()
    expect(digests.keys() == {"v1.0.0", "1.0.0", "1.0", "1", "latest"}, image, f"tags: {digests}")
    expect(len(set(digests.values())) == 1, image, f"the tags are of several images: {digests}")
    digest = digests["1.0.0"]
    index = json.loads(world.crane("manifest", f"{world.image}@{digest}"))
    platforms = {entry["platform"]["architecture"]: entry["digest"] for entry in index["manifests"]}
    expect(platforms.keys() == {"amd64", "arm64"}, image, f"platforms: {index}")
    for platform in platforms:
        config = json.loads(world.crane("config", f"{world.image}:1.0.0", "--platform", f"linux/{platform}"))
        labels = config["config"]["Labels"]
        expect(config["architecture"] == platform, image, f"{platform} is {config['architecture']}")
        for label, value in [("version", "1.0.0"), ("revision", revision), ("source", "https://github.com/alto9/kube9-operator")]:
            found = labels[f"org.opencontainers.image.{label}"], index["annotations"][f"org.opencontainers.image.{label}"]
            expect(found == (value, value), image, f"{label}: {found}")
        expect(labels["org.opencontainers.image.created"].endswith("Z"), image, f"labels: {labels}")

    attested = [(call["digest"], bool(call["sbom"])) for call in image.calls if call["call"] == "attest"]
    expect(attested == [(digest, False), (platforms["amd64"], True), (platforms["arm64"], True)], image, f"{attested}")
    signed = [call["arguments"][-1] for call in image.calls if call["call"] == "cosign"]
    expect(signed == [f"{world.image}@{digest}"], image, f"signed: {signed}")
    reports = {(call["category"], call["ref"], call["commit_sha"], *call["results"]) for call in world.analyses}
    both = {(f"trivy-{world.slug}-{platform}", "refs/heads/main", revision, "CVE-1", "CVE-2") for platform in platforms}
    expect(reports == both, image, f"reports: {reports}")
    for part in [f"docker pull {world.image}:1.0.0", digest, "| v1.0.0 | linux/arm64 |"]:
        expect(part in image.summary, image, f"the summary has no {part}")
    size = json.loads((image.work / f"artifacts/image-size-{world.slug}/image-size.json").read_text())
    expect(size["digest"] == digest and all(size["bytes"][f"linux/{platform}"] > 0 for platform in platforms), image, f"{size}")

    expect(world.versions() == ["1.0.0"], chart, f"versions: {world.versions()}")
    for part in [f"helm repo add alto9 {world.edge}", "helm install kube9-operator alto9/kube9-operator --version 1.0.0"]:
        expect(part in chart.summary, chart, f"the summary has no {part}")

    expect(verify.summary.count("- [x]") == 9 and "- [ ]" not in verify.summary, verify, "not everything is ticked")
    expect("Users can install it now." in verify.summary, verify, "the summary does not say so")


@case(OCI_MIRROR="oci://{registry}/charts")
def a_registry_that_has_charts_too_is_looked_at(world):
    world.tag("v1.0.0")
    variables = {"CHARTDROP_MIRROR": f"oci://{world.registry}/charts"}
    verify = world.release("v1.0.0", variables=variables)["verify-release"]
    succeeded(verify)
    expect("gets the archive in the index" in verify.summary, verify, "the registry is not on the checklist")
    expect(verify.summary.count("- [x]") == 10, verify, "not everything is ticked")
    # Somebody deletes it there.
    manifests = world.work / "registry/docker/registry/v2/repositories/charts/kube9-operator/_manifests"
    shutil.rmtree(manifests / "tags/1.0.0")
    verify = world.again("v1.0.0", "verify-release", inputs={"wait": "0"}, variables=variables)
    failed(verify, "does not serve it to everybody")
    # And who has none is not told of one.
    verify = world.again("v1.0.0", "verify-release", inputs={"wait": "0"})
    succeeded(verify)
    expect("charts/kube9-operator" not in verify.summary, verify, "the mirror was not requested")


# As the real project's tags and files were: the tag, version, appVersion, image tag, and the fields that are wrong.
HISTORY = [
    ("v1.0.1", "1.0.0", "1.0.0", "1.0.0", "version appVersion tag"),
    ("v1.0.2", "1.0.0", "1.0.0", "1.0.0", "version appVersion tag"),
    ("v1.0.3", "1.0.0", "1.0.0", "1.0.0", "version appVersion tag"),
    ("v1.0.4", "1.0.0", "1.0.0", "1.0.0", "version appVersion tag"),
    ("v1.0.5", "1.0.5", "1.0.5", "1.0.0", "tag"),
    ("v1.0.6", "1.0.6", "1.0.6", "1.0.0", "tag"),
    ("v1.0.7", "1.0.7", "1.0.7", "1.0.0", "tag"),
    # And one of each kind alone, and near misses.
    ("v1.1.0", "1.0.0", "1.1.0", "1.1.0", "version"),
    ("v1.1.1", "1.1.1", "1.1.0", "1.1.1", "appVersion"),
    ("v1.1.2", "v1.1.2", "1.1.2", "1.1.2", "version"),
    ("v1.1.3-rc.1", "1.1.3", "1.1.3-rc.1", "1.1.3-rc.1", "version"),
    ("v2.4.0", "2.4.0", "2.4.0", "v2.4.0", "tag"),
]


@case()
def a_version_that_differs_is_rejected_with_the_line_to_change(world):
    for tag, version, app_version, image_tag, wrong in HISTORY:
        world.set_versions(version, app_version, image_tag)
        world.tag(tag)
        run = world.release(tag, "release-chart")["release-chart"]
        should_be = tag[1:]
        failed(run, f"release {tag}", f'should be "{should_be}"')
        fields = {"version": (CHART, "version:", version), "appVersion": (CHART, "appVersion:", app_version), "tag": (VALUES, "  tag:", image_tag)}
        expected = []
        for name in wrong.split():
            file, start, found = fields[name]
            line = line_of(world, file, start)
            message = f'`{"image." if name == "tag" else ""}{name}` is "{found}" and should be "{should_be}"'
            expected.append(({"file": file, "line": str(line)}, message, f'Change line {line} of {file} to `{name}: "{should_be}"`'))
        errors = [(place, message) for level, place, message in run.annotations if level == "error"]
        expect(len(errors) == len(expected), run, f"{tag}: {len(errors)} errors")
        for (place, message), (at, *parts) in zip(errors, expected):
            expect(place == at and all(part in message for part in parts), run, f"{tag}: {place} {message}, expected {at} {parts}")

    # A missing field has no line, and a missing image tag does not differ.
    world.edit(CHART, 'appVersion: "2.4.0"\n', "")
    world.edit(VALUES, '  tag: "v2.4.0"\n', "")
    world.tag("v2.4.0")
    run = world.release("v2.4.0", "release-chart")["release-chart"]
    failed(run, f'Add `appVersion: "2.4.0"` to {CHART}')
    expect(len(run.errors()) == 1, run, "more is wrong")
    expect(world.versions() == [], run, "something was published")


@case()
def a_tag_that_is_no_version_is_not_proposed_as_one(world):
    world.tag("api-1.2.0")
    run = world.again("api-1.2.0", "release-chart")
    failed(run, '"api-1.2.0" is not a release tag')
    expect(all("Change line" not in error for error in run.errors()), run, "it proposes the tag as a version")


@case(VERSION_CHECK="strict")
def the_function_rejects_with_the_same_words_what_comes_past_the_workflow(world):
    for tag, version, app_version, image_tag, wrong in HISTORY:
        world.set_versions(version, app_version, image_tag)
        receipt = world.upload(tag, f"kube9-operator-{version}.tgz")
        if receipt["outcome"] != "rejected":
            raise AssertionError(f"{tag}: {receipt}")
        found = {"version": version, "appVersion": app_version}
        words = [f'in Chart.yaml, `{name}` is "{found[name]}" and should be "{tag[1:]}"' for name in wrong.split() if name in found]
        # It looks into values.yaml only when Chart.yaml is right, and at the tag only when Helm can read the version.
        words = words or [f'in values.yaml, `image.tag` is "{image_tag}" and should be "{tag[1:]}"']
        if not version.startswith("v") and not all(part in receipt["reason"] for part in words):
            raise AssertionError(f"{tag}: not {words}, but {receipt}")
    if world.versions() != []:
        raise AssertionError(f"published: {world.versions()}")


@case()
def set_version_stamps_what_differs_and_dependencies_are_fetched(world):
    chart = world.source / CHART
    chart.write_text(f"{chart.read_text()}dependencies:\n  - {{name: first, version: 0.1.0, repository: '{world.edge}'}}\n")
    world.tag("v1.0.4")
    run = world.again("v1.0.4", "release-chart", inputs={"set-version": True})
    succeeded(run)
    expect(world.versions() == ["1.0.4"], run, f"{world.versions()}")
    driver.run(world.tools["CHARTDROP_HELM3"], "pull", f"{world.edge}/kube9-operator-1.0.4.tgz", "--untar", cwd=world.work)
    chart, values = (yaml.safe_load((world.work / "kube9-operator" / file).read_text()) for file in ["Chart.yaml", "values.yaml"])
    stamped = chart["version"], chart["appVersion"], values["image"]["tag"]
    expect(stamped == ("1.0.4", "1.0.4", "1.0.4"), run, f"{stamped}")
    expect(list((world.work / "kube9-operator/charts").iterdir()) != [], run, "there is no dependency in the archive")


@case()
def a_rejection_is_told_in_the_words_of_the_publisher(world):
    world.tag("v1.0.0")
    succeeded(world.release("v1.0.0", "release-chart")["release-chart"])
    world.edit("charts/kube9-operator/templates/NOTES.txt", "See it start", "See it run")
    world.tag("v1.0.0")
    run = world.release("v1.0.0", "release-chart")["release-chart"]
    receipt = json.loads(driver.get(f"{world.s3}/chartdrop-local/receipts/kube9-operator-1.0.0.tgz.json"))
    failed(run, receipt["reason"])
    expect("is already published with other content" in receipt["reason"], run, f"{receipt}")
    place = next(place for level, place, _ in run.annotations if level == "error")
    expect(place["file"] == CHART and place["line"] == str(line_of(world, CHART, "version:")), run, f"{place}")
    expect(world.versions() == ["1.0.0"], run, f"{world.versions()}")


@case()
def a_setting_that_is_missing_or_wrong_is_named(world):
    world.tag("v1.0.0")
    run = world.release("v1.0.0", "release-chart", variables={"CHARTDROP_BUCKET": "another"})["release-chart"]
    failed(run, "the upload to s3://another/staging/kube9-operator-1.0.0.tgz failed", "CHARTDROP_BUCKET")
    run = world.release("v1.0.0", "release-chart", variables={"CHARTDROP_BUCKET": ""})["release-chart"]
    failed(run, "CHARTDROP_BUCKET is not set")


@case()
def a_critical_vulnerability_with_a_fix_stops_the_image_and_nothing_else(world):
    (world.source / "www/findings.json").write_text(json.dumps([{"id": "CVE-2026-1", "severity": "CRITICAL", "fixed": True}]))
    revision = world.tag("v1.0.0")
    world.failed_runs = {"release-image.yml": [{"conclusion": "failure"}]}
    runs = world.release("v1.0.0")
    image = runs["release-image"]
    failed(image, "linux/arm64", "CRITICAL", "was not pushed")
    expect("CVE-2026-1" in image.summary, image, "the summary does not name it")
    expect(world.digests() == {}, image, f"pushed all the same: {world.digests()}")
    reports = {(call["category"], call["commit_sha"], *call["results"]) for call in world.analyses}
    expect(reports == {(f"trivy-{world.slug}-{platform}", revision, "CVE-2026-1") for platform in ("amd64", "arm64")}, image, f"{reports}")
    succeeded(runs["release-chart"])
    verify = runs["verify-release"]
    failed(verify, "Image failed, chart published", "cannot pull the image")
    expect("- [x] the results of the scan" in verify.summary, verify, "the results are in the Security tab")


@case()
def the_chart_fails_alone(world):
    world.set_versions(version="0.9.0")
    world.tag("v1.0.0")
    world.failed_runs = {"release-chart.yml": [{"conclusion": "failure"}]}
    runs = world.release("v1.0.0")
    succeeded(runs["release-image"])
    failed(runs["release-chart"], '`version` is "0.9.0"')
    failed(runs["verify-release"], "Chart failed, image published", "is not in the repository")


@case()
def both_fail(world):
    world.set_versions(version="0.9.0")
    world.tag("v1.0.0")
    world.failed_runs = {f"release-{part}.yml": [{"conclusion": "failure"}] for part in ("image", "chart")}
    runs = world.release("v1.0.0", environment={"STANDINS_BUILD_FAILS": "linux/amd64"})
    failed(runs["release-image"], "failed to solve")
    failed(runs["verify-release"], "Both failed", "neither its image nor its chart is published")


@case()
def an_image_without_a_platform_is_noticed(world):
    world.tag("v1.0.0")
    succeeded(world.release("v1.0.0", "release-image")["release-image"])
    index = f"{world.image}:v1.0.0"
    world.crane("index", "filter", index, "--platform", "linux/amd64", "-t", index)
    for tag in ["1.0.0", "1.0", "1", "latest"]:
        world.crane("tag", index, tag)
    succeeded(world.release("v1.0.0", "release-chart")["release-chart"])
    run = world.again("v1.0.0", "verify-release", inputs={"wait": "0"})
    failed(run, "missing for a platform")
    expect("- [ ] **it is missing for linux/arm64**" in run.summary, run, "the checklist does not name it")


@case()
def an_image_that_has_not_the_tag_that_the_chart_asks_for_is_noticed(world):
    # As the real project did: pushed as v2.4.0 only, while the chart asked for 2.4.0.
    world.set_versions("2.4.0", "2.4.0", "2.4.0")
    world.tag("v2.4.0")
    runs = world.release("v2.4.0", "release-image", "release-chart")
    for run in runs.values():
        succeeded(run)
    world.delete_image_tags("2.4.0", "2.4", "2", "latest")
    run = world.again("v2.4.0", "verify-release", inputs={"wait": "0"})
    failed(run, "not under all of its tags")
    failed(run, "installs another image")
    expect(f"uses {world.image}:2.4.0, which does not exist" in run.summary, run, "the checklist does not name it")


@case()
def an_archive_that_is_not_what_the_index_names_is_noticed(world):
    world.tag("v1.0.0")
    succeeded(world.release("v1.0.0", "release-chart")["release-chart"])
    world.put("charts/kube9-operator-1.0.0.tgz", b"tampered with")
    run = world.again("v1.0.0", "verify-release", inputs={"wait": "0"})
    failed(run, "What the index lists is not what users get")
    expect("instead of" in run.summary, run, "the checklist has no digests")


@case()
def a_prerelease_takes_no_tag_from_anybody(world):
    world.tag("v1.0.0")
    succeeded(world.release("v1.0.0", "release-image")["release-image"])
    before = world.digests()
    world.set_versions("1.1.0-rc.1", "1.1.0-rc.1")
    # A chart without one asks for its appVersion.
    world.edit(VALUES, 'tag: "1.0.0"', 'tag: ""')
    revision = world.tag("v1.1.0-rc.1")
    runs = world.release("v1.1.0-rc.1")
    for run in runs.values():
        succeeded(run)
    after = world.digests()
    own = {tag for tag in after if after[tag] not in before.values()}
    expect(own == {"v1.1.0-rc.1", "1.1.0-rc.1"} and before.items() <= after.items(), run, f"{before} {after}")
    # Not for the default branch, whose newest release this is not.
    refs = {call["ref"] for call in world.analyses if call["commit_sha"] == revision}
    expect(refs == {"refs/tags/v1.1.0-rc.1"}, run, f"{refs}")


@case()
def a_patch_of_an_old_line_leaves_the_newer_ones_their_tags(world):
    world.tag("v1.0.0")
    for version in ["1.1.0", "2.0.0"]:
        world.tag(f"v{version}")
        succeeded(world.release(f"v{version}", "release-image")["release-image"])
    before = world.digests()
    world.git("checkout", "--quiet", "v1.0.0")
    world.set_versions("1.0.1", "1.0.1", "1.0.1")
    world.tag("v1.0.1")
    runs = world.release("v1.0.1")
    for run in runs.values():
        succeeded(run)
    after = world.digests()
    own = {tag for tag in after if after[tag] not in before.values()}
    expect(own == {"v1.0.1", "1.0.1", "1.0"} and before.items() <= after.items(), run, f"{before} {after}")
    expect("| v1.1.0 |" not in runs["release-image"].summary, run, "compared with a later release")


@case()
def what_failed_is_published_again_by_hand(world):
    world.tag("v1.0.0")
    world.failed_runs = {"release-image.yml": [{"conclusion": "failure"}]}
    runs = world.release("v1.0.0", environment={"STANDINS_BUILD_FAILS": "linux/arm64"})
    failed(runs["release-image"], "failed to solve")
    expect(world.digests() == {}, runs["release-image"], "half of an image was pushed")
    failed(runs["verify-release"], "Image failed, chart published")

    # Its failed jobs are run again, and find what the others have made; then all of them are, and find what they made themselves.
    first = world.again("v1.0.0", "release-image", earlier=runs["release-image"])
    succeeded(first)
    second = world.again("v1.0.0", "release-image", earlier=first)
    succeeded(second)
    expect(len(world.digests()) == 5, second, f"{world.digests()}")
    # The same content, although Helm packs the time into it.
    chart = world.again("v1.0.0", "release-chart")
    succeeded(chart)
    expect("unchanged" in chart.summary, chart, "the chart is not unchanged")
    verify = world.again("v1.0.0", "verify-release")
    succeeded(verify)
    expect("Users can install it now." in verify.summary, verify, "the summary does not say so")


@case()
def a_private_repository_signs_nothing_in_public(world):
    world.tag("v1.0.0")
    world.has_code_scanning = False
    runs = world.release("v1.0.0", private=True, environment={"STANDINS_NO_CODE_SCANNING": "1"})
    for run in runs.values():
        succeeded(run)
    image = runs["release-image"]
    expect(image.calls == [], image, f"{image.calls}")
    warnings = [message for level, _, message in image.annotations if level == "warning"]
    expect(any(f"scan-{world.slug}-arm64" in message for message in warnings), image, f"{warnings}")
    expect("no code scanning" in runs["verify-release"].summary, runs["verify-release"], "the checklist does not say so")


@case()
def a_tag_that_no_image_can_have_is_rejected(world):
    world.tag("v1.0.0+build.1")
    failed(world.release("v1.0.0+build.1", "release-image")["release-image"], 'cannot contain "+"')


@case()
def a_repository_that_calls_the_workflows_needs_one_file(world):
    # It has neither the workflows nor their scripts, and gives an input to one of them.
    world.git("rm", "-r", "--quiet", ".github")
    (world.source / "www/findings.json").write_text(json.dumps([{"id": "CVE-2026-1", "severity": "CRITICAL", "fixed": True}]))
    world.tag("v1.0.0")
    caller = (driver.TREE / "examples/kube9-operator/.github/workflows/release.yml").read_text()
    run = world.call(caller.replace("    with:\n", "    with:\n      ignore: CVE-2026-0 CVE-2026-1\n", 1), "v1.0.0")
    succeeded(run)
    expect(world.versions() == ["1.0.0"] and "1.0.0" in world.digests(), run, "not published")
    expect("Users can install it now." in run.summary, run, "the summary does not say so")


@case()
def a_caller_says_how_the_other_jobs_ended_and_nobody_waits_for_them(world):
    world.tag("v1.0.0")
    succeeded(world.release("v1.0.0", "release-chart")["release-chart"])
    # act ends a workflow with the first called one that fails, so this one begins where the others have ended.
    caller = """
on: release
jobs:
  verify:
    uses: alto9/chartdrop/.github/workflows/verify-release.yml@v1.0.0
    with:
      image-result: failure
      chart-result: success
"""
    run = world.call(caller, "v1.0.0")
    failed(run, "Image failed, chart published")
    expect("image: its workflow has failed" in run.log, run, "waited")


@case()
def a_rejected_login_names_the_subject_that_the_stack_has_to_trust(world):
    world.tag("v1.0.0")
    token = {"ACTIONS_ID_TOKEN_REQUEST_URL": f"{world.api}/oidc-token?api-version=2.0", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "request-token"}
    run = world.release("v1.0.0", "release-chart", environment={"STANDINS_ROLE_REJECTED": "1"} | token)["release-chart"]
    failed(run, f'subject is "{driver.SUBJECT}"', "GitHubSubject")
    # A caller that forgets the permission.
    run = world.release("v1.0.0", "release-chart", environment={"STANDINS_ROLE_REJECTED": "1", "ACTIONS_ID_TOKEN_REQUEST_URL": ""})["release-chart"]
    failed(run, "id-token: write")


@case()
def another_registry_gets_its_own_login_or_none_and_never_the_token_of_the_job(world):
    world.tag("v1.0.0")
    run = world.release("v1.0.0", "release-image")["release-image"]
    succeeded(run)
    expect(not any(call["call"] == "login" for call in run.calls), run, f"{run.calls}")
    variables = {"CHARTDROP_REGISTRY_USERNAME": "robot"}
    options = {"private": True, "variables": variables, "environment": {"STANDINS_NO_CODE_SCANNING": "1"}}
    runs = [world.again("v1.0.0", "release-image", **options), world.again("v1.0.0", "verify-release", inputs={"wait": "0"}, **options)]
    for run in runs:
        logins = [call for call in run.calls if call["call"] == "login"]
        own = {"call": "login", "registry": world.registry, "username": "robot", "password": "of-the-robot"}
        expect(logins == [own], run, f"{logins}")


@case()
def an_image_without_a_registry_is_rejected(world):
    world.tag("v1.0.0")
    run = world.release("v1.0.0", "release-image", variables={"CHARTDROP_IMAGE": "alto9/kube9-operator"})["release-image"]
    failed(run, "does not name its registry", "docker.io/ORG/APP")


@case()
def chartdrop_itself_has_nothing_to_release_with_them(world):
    # Its repository, and a fork of it, have the workflows, but neither an image nor a chart.
    world.git("remote", "set-url", "origin", "https://github.com/alto9/chartdrop.git")
    world.tag("v1.0.0")
    for run in world.release("v1.0.0").values():
        expect("failure" not in run.jobs.values() and run.errors() == [], run, f"{run.jobs}")
        expect("success" not in run.jobs.values(), run, f"did something: {run.jobs}")
    expect(world.digests() == {} and world.versions() == [], run, "something was published")
