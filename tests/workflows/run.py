"""Runs the tests of the release: python run.py [PART OF A CASE'S NAME]…"""

import concurrent.futures
import os
import sys
import time
import traceback

import cases
import driver
import own_release
import rules
import tags

TOOLS = ["ACT", "AWS", "CRANE", "HELM3", "HELM4", "REGISTRY", "YQ"]


def tools():
    """What .ci/workflows exports: where the tools are, and the versions of both Helms."""
    names = [*(f"CHARTDROP_{tool}" for tool in TOOLS), "STANDINS_HELM3_VERSION", "STANDINS_HELM4_VERSION"]
    missing = [name for name in [*names, "CHARTDROP_FUNCTIONS"] if name not in os.environ]
    if missing:
        sys.exit(f"{', '.join(missing)} not set: run .ci/workflows")
    return {name: os.environ[name] for name in names}


def attempt(case, settings, tools):
    began = time.monotonic()
    try:
        with driver.world(tools, settings) as world:
            case(world)
        problem = None
    except Exception:
        problem = traceback.format_exc()
    return case, problem, time.monotonic() - began


def main():
    where = tools()
    wanted = [(case, settings) for case, settings in cases.CASES if all(part in case.__name__ for part in sys.argv[1:])]
    if not wanted:
        sys.exit(f"there is no case with {' and '.join(sys.argv[1:])} in its name")
    # Those that are not run too, as far as there is something to hold them against.
    driver.stand_ins(*(driver.TREE / ".github/workflows").glob("*.yml"), all_of_them=False)
    passed = failed = 0
    problems = list(tags.problems())
    passed += len(tags.RELEASES) - len(problems)
    failed += len(problems)
    for problem in problems:
        print(f"FAILED: image tags: {problem}")
    print(f"{len(tags.RELEASES)} releases and their image tags", flush=True)
    for name, problems in [("rules of all workflows", rules.problems()), ("Chartdrop's own release", own_release.problems())]:
        problems = list(problems)
        passed, failed = passed + (not problems), failed + len(problems)
        for problem in problems:
            print(f"FAILED: {name}: {problem}")
        print(name, flush=True)
    # Most of a case is waiting.
    with concurrent.futures.ThreadPoolExecutor(max_workers=3) as pool:
        for done in concurrent.futures.as_completed([pool.submit(attempt, *case, where) for case in wanted]):
            case, problem, seconds = done.result()
            passed, failed = passed + (problem is None), failed + (problem is not None)
            print(f"{'ok' if problem is None else 'FAILED'}: {case.__name__.replace('_', ' ')} ({seconds:.0f} s)", flush=True)
            if problem:
                print(problem, flush=True)
    print(f"{passed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
