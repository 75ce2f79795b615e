#!/usr/bin/env python3
"""Packs a directory as an image of one layer (docker archive). The same files give the same image."""
import argparse, hashlib, io, json, os, platform, tarfile

ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()]
PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
CREATED = "2026-01-01T00:00:00Z"


def undated(member):
    member.mtime = 0
    member.uname = member.gname = ""
    return member


def config(arguments, digest):
    return json.dumps({
        "architecture": ARCHITECTURE, "os": "linux", "created": CREATED,
        "config": {"Entrypoint": arguments.entrypoint, "Cmd": arguments.command, "Env": [PATH],
                   "User": arguments.user, "WorkingDir": arguments.workdir},
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + digest]},
        "history": [{"created": CREATED, "created_by": "mkimage"}],
    }).encode()


def pack(arguments):
    layer, new = arguments.out + ".layer", arguments.out + ".new"
    with tarfile.open(layer, "w") as tar:
        tar.add(arguments.root, arcname=".", filter=undated)
    with open(layer, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    description = config(arguments, digest)
    config_name, layer_name = hashlib.sha256(description).hexdigest() + ".json", digest + "/layer.tar"
    manifest = json.dumps([{"Config": config_name, "RepoTags": arguments.names.split(","), "Layers": [layer_name]}]).encode()
    with tarfile.open(new, "w") as tar:
        for member, content in ((config_name, description), ("manifest.json", manifest)):
            info = tarfile.TarInfo(member)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
        tar.add(layer, arcname=layer_name, filter=undated)
    os.remove(layer)
    os.rename(new, arguments.out)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--user", default="")
    parser.add_argument("--workdir", default="/")
    parser.add_argument("--entrypoint", nargs=1, default=[])
    parser.add_argument("names", help="such as local/web:1, or several with commas")
    parser.add_argument("out")
    parser.add_argument("root")
    parser.add_argument("command", nargs="*", help="after --")
    pack(parser.parse_args())
