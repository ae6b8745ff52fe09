"""Runs the release workflows for real, with nektos/act on this machine, and checks what came of it.

GitHub is played by act, by the stand-ins in actions/ and commands/, and by the small API below; S3, the functions and the
edge by `local`; GHCR by the CNCF distribution registry. Everything else is real: git with its tags, Helm, buildah, the AWS
CLI, crane, jq, yq. The cases are in cases.py.
"""

import base64
import concurrent.futures
import contextlib
import hashlib
import http.server
import itertools
import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent
TREE = HERE.parent.parent
WORKFLOWS = ["release-image", "release-chart", "verify-release"]
REPOSITORY = "alto9/kube9-operator"
SUBJECT = "repo:alto9@123456/kube9-operator@456789:environment:release"


# Below those that the system gives to connections, which would take one between its choice and its use.
PORTS = itertools.count(20000 + os.getpid() % 8000)


def free_port():
    for port in PORTS:
        with contextlib.suppress(OSError), socket.socket() as listener:
            listener.bind(("127.0.0.1", port))
            return port


def run(*command, **options):
    done = subprocess.run([str(part) for part in command], text=True, capture_output=True, **options)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


def get(url):
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read()


@contextlib.contextmanager
def server(command, url, log, **options):
    """Runs a server until the block ends; it is ready when it answers at the URL with anything."""
    with open(log, "wb") as output:
        process = subprocess.Popen([str(part) for part in command], stdout=output, stderr=output, **options)
    try:
        for _ in range(600):
            try:
                get(url)
                break
            except urllib.error.HTTPError:
                break
            except OSError:
                assert process.poll() is None, Path(log).read_text()
                time.sleep(0.1)
        else:
            raise AssertionError(f"{command[0]} does not answer at {url}")
        yield
    finally:
        process.terminate()
        process.wait()


def steps_with_actions(workflow):
    for job in yaml.safe_load(workflow.read_text())["jobs"].values():
        for step in job.get("steps", []):
            if "uses" in step:
                yield step["uses"], step.get("with", {})


def stand_ins(*workflows, all_of_them=True):
    """The stand-in of each action that the workflows use, as act's options; fails where one is used wrongly or has none."""
    folders = {}
    for workflow in workflows:
        for uses, given in steps_with_actions(workflow):
            name, _, commit = uses.partition("@")
            path = HERE / "actions" / name / "action.yml"
            if not all_of_them and not path.exists():
                continue
            assert path.exists(), f"{workflow.name}: there is no stand-in for {name}"
            text = path.read_text()
            known = re.search(r"^# commit: (\w+),", text, re.M)[1]
            assert commit == known, f"{workflow.name}: {name} is at {commit}, its stand-in has the inputs of {known}"
            unknown = given.keys() - yaml.safe_load(text)["inputs"].keys()
            assert not unknown, f"{workflow.name}: {name} has no input {', '.join(sorted(unknown))}"
            repository = "/".join(name.split("/")[:2])
            folders[f"{repository}@{commit}"] = HERE / "actions" / repository
    return [f"--local-repository={key}={folder}" for key, folder in folders.items()]


@dataclass
class Run:
    """What came of one run of a workflow."""

    jobs: dict  # by name: success or failure; one that was skipped is missing
    annotations: list  # of (level, place, message)
    summary: str
    calls: list  # what the stand-ins were asked to do
    log: str
    work: Path

    def errors(self):
        return [message for level, _, message in self.annotations if level == "error"]


@dataclass
class World:
    """The servers, and one scratch repository with tags."""

    work: Path
    tools: dict
    registry: str = ""
    s3: str = ""
    edge: str = ""
    api: str = ""
    has_code_scanning: bool = True
    failed_runs: dict = field(default_factory=dict)  # by workflow file: what the API says of its runs
    go: dict = field(default_factory=lambda: json.loads(run("go", "env", "-json", "GOCACHE", "GOENV", "GOMODCACHE", "GOPATH")))

    @property
    def image(self):
        return f"{self.registry}/{REPOSITORY}"

    @property
    def slug(self):
        """The image in names of artifacts and categories."""
        return re.sub("[^A-Za-z0-9]", "-", self.image)

    @property
    def source(self):
        return self.work / "source"

    def git(self, *arguments):
        return run("git", *arguments, cwd=self.source)

    def crane(self, *arguments):
        return run(self.tools["CHARTDROP_CRANE"], *arguments)

    def calls(self, folder="*"):
        """What the stand-ins were asked to do so far."""
        return [json.loads(line) for file in self.work.glob(f"{folder}/calls") for line in file.read_text().splitlines()]

    @property
    def analyses(self):
        """What was uploaded to code scanning, in any run."""
        return [call for call in self.calls() if call["call"] == "upload-sarif"]

    # The scratch repository.

    def create_repository(self):
        """A repository such as kube9-operator, with a copy of the workflows."""
        example = TREE / "examples/kube9-operator"
        chart = self.source / "charts/kube9-operator"
        shutil.copytree(example, chart, ignore=shutil.ignore_patterns("Dockerfile", ".dockerignore", "www", ".github"))
        shutil.copytree(example / "www", self.source / "www")
        # Of the example's, whose base can't be pulled here, only what makes the image.
        (self.source / "Dockerfile").write_text("FROM scratch\nCOPY www /www\nUSER 65532:65532\n")
        (self.source / "README.md").write_text("scratch\n")
        workflows = self.source / ".github/workflows"
        workflows.mkdir(parents=True)
        for name in WORKFLOWS:
            shutil.copy(TREE / f".github/workflows/{name}.yml", workflows)
        shutil.copytree(TREE / ".github/release", self.source / ".github/release")
        self.edit("charts/kube9-operator/values.yaml", "ghcr.io/alto9/kube9-operator", self.image)
        origins = self.work / "origins"
        origin = origins / f"{REPOSITORY}.git"
        run("git", "init", "--quiet", "--bare", "--initial-branch=main", origin)
        run("git", "-C", origin, "config", "uploadpack.allowFilter", "true")
        run("git", "init", "--quiet", "--initial-branch=main", self.source)
        self.git("config", "user.name", "test")
        self.git("config", "user.email", "test@example.com")
        self.git("remote", "add", "origin", f"https://github.com/{REPOSITORY}.git")
        self.git("remote", "add", "store", origin)
        self.commit()

    def edit(self, file, old, new):
        path = self.source / file
        text = path.read_text()
        assert old in text, f"{file} has no {old}"
        path.write_text(text.replace(old, new))

    def set_versions(self, version=None, app_version=None, image_tag=None):
        for file, pattern, value in [
            ("Chart.yaml", r"^version: .*$", version and f"version: {version}"),
            ("Chart.yaml", r"^appVersion: .*$", app_version and f'appVersion: "{app_version}"'),
            ("values.yaml", r"^  tag: .*$", image_tag and f'  tag: "{image_tag}"'),
        ]:
            if value:
                path = self.source / "charts/kube9-operator" / file
                path.write_text(re.sub(pattern, value, path.read_text(), flags=re.M))

    def commit(self):
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "change")
        self.git("push", "--quiet", "--force", "store", "HEAD:main")

    def tag(self, tag):
        self.commit()
        self.git("tag", "--force", tag)
        self.git("push", "--quiet", "--force", "store", tag)
        return self.git("rev-parse", f"{tag}^{{commit}}")

    def upload(self, tag, file):
        """Drops the chart past the workflow, for the release of that tag. The receipt."""
        # Helm packs the time in whole seconds: what is packed in the same one would be the same upload, with its receipt.
        time.sleep(1 - time.time() % 1)
        run(self.tools["CHARTDROP_HELM3"], "package", self.source / "charts/kube9-operator", "--destination", self.work)
        credentials = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local", "AWS_REGION": "us-east-1"}
        run(
            self.tools["CHARTDROP_AWS"], "s3", "cp", "--only-show-errors", "--metadata", f"release={tag}", self.work / file,
            f"s3://chartdrop-local/staging/{file}",
            env=os.environ | credentials | {"AWS_ENDPOINT_URL_S3": self.s3},
        )  # fmt: skip
        etag = hashlib.md5((self.work / file).read_bytes()).hexdigest()
        for _ in range(100):
            with contextlib.suppress(urllib.error.HTTPError):
                receipt = json.loads(get(f"{self.s3}/chartdrop-local/receipts/{file}.json"))
                if receipt["uploadEtag"] == etag:
                    return receipt
            time.sleep(0.1)
        raise AssertionError(f"no receipt for {file}")

    # GitHub.

    def act(self, event, tag, workflow, private=False, inputs=None, variables=None, environment=None, file=None, more=(), earlier=None):
        """One run of one workflow; with `earlier`, one more attempt of that run, which finds its artifacts."""
        work = Path(tempfile.mkdtemp(prefix=f"{workflow}-", dir=self.work))
        if earlier:
            shutil.copytree(earlier.work / "artifacts", work / "artifacts")
        payload = {
            "action": "published",
            "release": {"tag_name": tag},
            "repository": {"private": private, "default_branch": "main", "full_name": REPOSITORY},
        }
        if inputs is not None:
            payload["inputs"] = {name: str(value).lower() if isinstance(value, bool) else value for name, value in inputs.items()}
            del payload["release"]
        (work / "event.json").write_text(json.dumps(payload))
        settings = {
            "CHARTDROP_IMAGE": self.image,
            "CHARTDROP_ROLE_ARN": "arn:aws:iam::123456789012:role/chartdrop-release",
            "CHARTDROP_BUCKET": "chartdrop-local",
            "CHARTDROP_URL": self.edge,
        } | (variables or {})
        tools = [Path(self.tools[f"CHARTDROP_{tool}"]).parent for tool in ("AWS", "YQ", "CRANE")]
        options = {
            "HOME": str(work / "home"),
            "XDG_CACHE_HOME": str(work / "cache"),
            "TMPDIR": str(work / "tmp"),
            "PATH": os.pathsep.join(map(str, [HERE / "commands", *tools, os.environ["PATH"]])),
            "STANDINS": str(work),
            "STANDINS_ORIGINS": str(self.work / "origins"),
            "STANDINS_WORKFLOW_REPOSITORY": REPOSITORY,
            "AWS_ENDPOINT_URL_S3": self.s3,
        } | (environment or {})
        for folder in ["home", "tmp"]:
            (work / folder).mkdir()
        file = file or self.source / f".github/workflows/{workflow}.yml"
        command = [
            self.tools["CHARTDROP_ACT"], event, "--json", "--directory", self.source, "--workflows", file,
            "--eventpath", work / "event.json", "--no-cache-server", "--no-skip-checkout", "--concurrent-jobs", "2",
            "--secret", "GITHUB_TOKEN=github-token", "--secret", "CHARTDROP_REGISTRY_PASSWORD=of-the-robot", "--actor", "maintainer",
            "--platform", "ubuntu-24.04=-self-hosted", "--platform", "ubuntu-24.04-arm=-self-hosted",
            "--env", f"GITHUB_API_URL={self.api}",
            *(f"--var={name}={value}" for name, value in settings.items()),
            *stand_ins(*(TREE / f".github/workflows/{name}.yml" for name in WORKFLOWS)), *more,
        ]  # fmt: skip
        with open(work / "log", "w") as log:
            process = subprocess.Popen(
                [str(part) for part in command],
                env=os.environ | self.tools | self.go | options,
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
            )
            try:
                process.wait(timeout=200)
            except subprocess.TimeoutExpired:
                # So that act ends its steps too.
                process.terminate()
                process.wait()
        shutil.rmtree(work / "cache", ignore_errors=True)
        return self.understand((work / "log").read_text(), work)

    def understand(self, log, work):
        jobs, annotations, summary, text = {}, [], "", []
        for line in log.splitlines():
            if not line.startswith("{"):
                text.append(line)
                continue
            entry = json.loads(line)
            text.append(f"{entry.get('job', '')}: {entry['msg'].rstrip()}")
            if entry.get("command") in ("error", "warning", "notice"):
                annotations.append((entry["command"], entry.get("kvPairs") or {}, entry["arg"]))
            elif entry.get("command") == "summary":
                summary += entry["content"]
            if "jobResult" in entry:
                jobs[entry["job"].split("/", 1)[-1]] = entry["jobResult"]
        return Run(jobs, annotations, summary, self.calls(work.name), "\n".join(text), work)

    def release(self, tag, *workflows, **options):
        """What GitHub does when a release is published: starts the workflows, all at once. The run of each, by its name."""
        workflows = workflows or WORKFLOWS
        with concurrent.futures.ThreadPoolExecutor() as pool:
            runs = {name: pool.submit(self.act, "release", tag, name, **options) for name in workflows}
            return {name: run.result() for name, run in runs.items()}

    def again(self, tag, workflow, inputs=None, **options):
        """Somebody publishes the tag again by hand."""
        return self.act("workflow_dispatch", tag, workflow, inputs={"tag": tag} | (inputs or {}), **options)

    def call(self, caller, tag, environment=None):
        """A release of a repository that has only this workflow, which calls those of this tree."""
        file = self.work / "caller.yml"
        file.write_text(caller)
        name = "alto9/chartdrop"
        origin = self.work / f"origins/{name}.git"
        copy = self.work / "chartdrop"
        (copy / ".github").mkdir(parents=True)
        for folder in ["workflows", "release"]:
            shutil.copytree(TREE / ".github" / folder, copy / ".github" / folder)
        for command in [["init", "--quiet"], ["add", "."], ["-c", "user.name=test", "-c", "user.email=test@example.com", "commit", "--quiet", "-m", "all"]]:
            run("git", *command, cwd=copy)
        run("git", "clone", "--quiet", "--bare", copy, origin)
        return self.act(
            "release",
            tag,
            "caller",
            file=file,
            environment={"STANDINS_WORKFLOW_REPOSITORY": name} | (environment or {}),
            more=[f"--local-repository={name}@v1.0.0={copy}"],
        )

    # What users see.

    def digests(self):
        """Digest of each tag of the image that is no digest's own (as signatures have)."""
        try:
            tags = self.crane("ls", self.image).split()
        except AssertionError:
            return {}
        return {tag: self.crane("digest", f"{self.image}:{tag}") for tag in tags}

    def delete_image_tags(self, *tags):
        # Its API deletes a tag by its manifest, with all of that manifest's tags.
        for tag in tags:
            shutil.rmtree(self.work / f"registry/docker/registry/v2/repositories/{REPOSITORY}/_manifests/tags/{tag}")

    def put(self, key, body):
        """Writes an object behind everybody's back."""
        request = urllib.request.Request(f"{self.s3}/chartdrop-local/{key}", data=body, method="PUT")
        urllib.request.urlopen(request, timeout=10).close()

    def versions(self):
        index = yaml.safe_load(get(f"{self.edge}/index.yaml"))
        return [entry["version"] for entry in index["entries"].get("kube9-operator", [])]


class GitHubApi(http.server.BaseHTTPRequestHandler):
    world = None

    def do_GET(self):
        url = urllib.parse.urlparse(self.path)
        if url.path == "/oidc-token":
            return self.give_token(urllib.parse.parse_qs(url.query))
        if url.path == f"/repos/{REPOSITORY}/code-scanning/analyses" and self.world.has_code_scanning:
            answer = self.world.analyses
        elif url.path.startswith(f"/repos/{REPOSITORY}/actions/workflows/"):
            answer = {"workflow_runs": self.world.failed_runs.get(url.path.split("/")[-2], [])}
        else:
            return self.send_error(403)
        if self.headers["Authorization"] != "Bearer github-token":
            return self.send_error(401)
        self.give(answer)

    def give_token(self, query):
        """What a job gets at ACTIONS_ID_TOKEN_REQUEST_URL."""
        if self.headers["Authorization"] != "bearer request-token" or query.get("audience") != ["sts.amazonaws.com"]:
            return self.send_error(401)
        claims = json.dumps({"sub": SUBJECT, "aud": "sts.amazonaws.com"}).encode()
        parts = [b'{"alg":"RS256"}', claims, b"signature"]
        token = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts).decode()
        self.give({"value": token})

    def give(self, answer):
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def world(tools, settings):
    """A world of its own for a case, with these settings of the functions."""
    with contextlib.ExitStack() as stack:
        work = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="chartdrop-workflows-")))
        made = World(work, tools)
        registry, s3, edge = free_port(), free_port(), free_port()
        made.registry, made.s3, made.edge = f"127.0.0.1:{registry}", f"http://127.0.0.1:{s3}", f"http://127.0.0.1:{edge}"
        (work / "registry.yml").write_text(
            f"version: 0.1\nlog: {{level: warn}}\nstorage: {{filesystem: {{rootdirectory: {work}/registry}}}}\n"
            f"http: {{addr: '{made.registry}'}}\n"
        )
        stack.enter_context(
            server([tools["CHARTDROP_REGISTRY"], "serve", work / "registry.yml"], f"http://{made.registry}/v2/", work / "registry.log")
        )
        # `local` begins with a chart; any other than the one of the cases.
        (work / "first/templates").mkdir(parents=True)
        (work / "first/Chart.yaml").write_text("apiVersion: v2\nname: first\nversion: 0.1.0\nappVersion: 0.1.0\n")
        functions = os.environ["CHARTDROP_FUNCTIONS"]
        stack.enter_context(
            server(
                [f"{functions}/local", "--listen", f"127.0.0.1:{edge}", "--s3", f"127.0.0.1:{s3}", "--aws", "127.0.0.1:0", work / "first"],
                f"{made.edge}/index.yaml",
                work / "local.log",
                env=os.environ | {name: value.format(registry=made.registry) for name, value in settings.items()},
            )
        )
        api = http.server.ThreadingHTTPServer(("127.0.0.1", 0), type("Api", (GitHubApi,), {"world": made}))
        threading.Thread(target=api.serve_forever, daemon=True).start()
        stack.callback(api.shutdown)
        made.api = f"http://127.0.0.1:{api.server_port}"
        made.create_repository()
        yield made
