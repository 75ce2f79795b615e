"""Copies manifests without the annotations that tell checkov to skip a check.

    strip.py FROM TO [FROM TO ...]
"""

import sys
from pathlib import Path

import yaml

SKIP = "checkov.io/skip"


def strip(tree):
    if isinstance(tree, list):
        return [strip(item) for item in tree]
    if isinstance(tree, dict):
        return {key: strip(value) for key, value in tree.items() if not str(key).startswith(SKIP)}
    return tree


def main(folders):
    for source, target in zip(folders[::2], folders[1::2]):
        for path in sorted(Path(source).rglob("*.yaml")):
            copy = Path(target) / path.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            trees = [strip(tree) for tree in yaml.safe_load_all(path.read_text()) if tree]
            copy.write_text(yaml.safe_dump_all(trees, sort_keys=False))


if __name__ == "__main__":
    main(sys.argv[1:])
