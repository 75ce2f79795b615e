"""Judges Kubernetes manifests with kubernetes-validate, all folders in one process.

    validate.py VERSION[,VERSION...] FOLDER...

For every object and version one JSON line: file, object, version, and a verdict, which is `valid`,
`invalid` (with a message) or `unknown` when the judge has no schema of that kind, as for custom
resources. Strict: a field that the schema does not name is invalid.
"""

import functools
import json
import sys
from pathlib import Path

from kubernetes_validate import utils

# Every object would read its schema and all definitions from disk again.
utils.schema_contents = functools.lru_cache(maxsize=None)(utils.schema_contents)


def is_own(resource):
    """Whether Kubernetes itself defines the kind. The judge looks at the first part of a group only,
    so that it takes `scheduling.x-k8s.io` for `scheduling.k8s.io`."""
    group = resource["apiVersion"].rpartition("/")[0]
    served_apart = group.endswith(".x-k8s.io") or group.startswith("gateway.networking.")
    return ("." not in group or group.endswith(".k8s.io")) and not served_apart


def verdict(resource, version):
    if not is_own(resource):
        return {"verdict": "unknown", "message": ""}
    try:
        utils.validate(resource, version, strict=True)
    except utils.ValidationError as error:
        path = ".".join(str(part) for part in error.path)
        return {"verdict": "invalid", "message": f"{path}: {error.message}"}
    except utils.SchemaNotFoundError:
        return {"verdict": "unknown", "message": ""}
    return {"verdict": "valid", "message": ""}


def objects(path):
    """Kind, name and the tree of each object, lists taken apart."""
    for tree in utils.resources_from_file(str(path)):
        items = tree["items"] if tree.get("kind") == "List" else [tree]
        for item in items:
            yield f"{item['kind']}/{item['metadata']['name']}", item


def main(versions, folders):
    for folder in folders:
        for path in sorted(Path(folder).rglob("*.yaml")):
            for name, resource in objects(path):
                for version in versions.split(","):
                    line = {"file": str(path), "object": name, "version": version}
                    print(json.dumps(line | verdict(resource, version)))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
