"""Prints what PyYAML reads in files, with its own reader (python) or with libyaml's. See ../README.md.

usage: read.py python|libyaml FILE...
"""

import json
import sys

import yaml

# Without libyaml there is no such loader, and this fails.
LOADERS = {"python": lambda: yaml.SafeLoader, "libyaml": lambda: yaml.CSafeLoader}


def shown(value):
    if isinstance(value, dict):
        return {key if isinstance(key, str) else f"{type(key).__name__} {key}": shown(of) for key, of in value.items()}
    if isinstance(value, list):
        return [shown(item) for item in value]
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    return {type(value).__name__: str(value)}


def read(path, loader):
    with open(path, "rb") as file:
        try:
            return line({"document": shown(yaml.load(file, loader))})
        except (yaml.YAMLError, RecursionError) as error:
            return line({"error": str(error)})
        except UnicodeEncodeError as error:
            return line({"error": f"half a surrogate pair: {error}"})


def line(value):
    return json.dumps(value, ensure_ascii=False).encode() + b"\n"


def main():
    loader = LOADERS[sys.argv[1]]()
    for path in sys.argv[2:]:
        sys.stdout.buffer.write(read(path, loader))


main()
