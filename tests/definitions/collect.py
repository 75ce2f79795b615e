#!/usr/bin/env python3
"""Writes a script for `crates/twin/tests/differential.rs`: definitions of custom resources that other projects
ship, and all objects of their kinds that lie in their repositories, sound or not. See README.md."""

import json
import subprocess
import sys
from pathlib import Path

import yaml

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
LONGEST = 6_000_000


def folder(module: str) -> Path:
    """Where the Go module proxy's copy of a module lies."""
    said = subprocess.run(["go", "mod", "download", "-json", module], check=True, capture_output=True)
    return Path(json.loads(said.stdout)["Dir"])


def documents(root: Path):
    """All documents of all YAML files that are no templates."""
    for path in sorted(root.rglob("*.y*ml")):
        if not path.is_file() or path.stat().st_size > LONGEST:
            continue
        text = path.read_text(errors="replace")
        if "{{" in text or "apiVersion" not in text:
            continue
        try:
            yield from (plain(it) for it in yaml.load_all(text, Loader=LOADER) if isinstance(it, dict))
        except (yaml.YAMLError, ValueError):
            continue


def plain(value):
    """What JSON can say: YAML knows dates, and keys that are no texts."""
    if isinstance(value, dict):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, list):
        return [plain(part) for part in value]
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)


def post(path: str, body: dict) -> dict:
    return {"do": "POST", "path": path, "type": "application/json", "body": body}


def definition(tree: dict) -> dict:
    """As it is, but for who converts it, and for the approval that some groups need."""
    spec = {key: part for key, part in tree["spec"].items() if key != "conversion"}
    approved = {"api-approved.kubernetes.io": "https://example.dev"}
    return {**tree, "metadata": {"name": tree["metadata"]["name"], "annotations": approved}, "spec": spec, "status": None}


def main() -> None:
    modules = (Path(__file__).parent / "modules.txt").read_text().split()
    trees = [tree for module in modules for tree in documents(folder(module))]
    found, kinds, steps, seen = {}, {}, [], set()
    for tree in trees:
        versioned = isinstance(tree.get("spec"), dict) and "versions" in tree["spec"]
        if tree.get("kind") == "CustomResourceDefinition" and tree["apiVersion"].endswith("/v1") and versioned:
            found.setdefault(tree["metadata"]["name"], definition(tree))
    for tree in found.values():
        spec = tree["spec"]
        for version in spec["versions"]:
            if version.get("served"):
                kind = (f"{spec['group']}/{version['name']}", spec["names"]["kind"])
                kinds[kind] = (spec["names"]["plural"], spec["scope"])
    steps += [post(DEFINITIONS, tree) for tree in found.values()]
    steps += [{"do": "GET", "path": f"/apis/{group}/{plural}", "until": 200} for (group, _), (plural, _) in kinds.items()]
    for tree in trees:
        kind = (tree.get("apiVersion"), tree.get("kind"))
        text = json.dumps([kind, tree.get("spec")], sort_keys=True)
        if kind not in kinds or not isinstance(tree.get("metadata"), dict) or text in seen:
            continue
        seen.add(text)
        plural, scope = kinds[kind]
        space = "/namespaces/default" if scope == "Namespaced" else ""
        tree = {**tree, "metadata": {"name": f"o{len(seen)}"}}
        tree.pop("status", None)
        steps.append(post(f"/apis/{kind[0]}{space}/{plural}", tree))
    Path(sys.argv[1]).write_text(json.dumps(steps))
    print(f"{len(found)} definitions, {len(seen)} objects")


main()
