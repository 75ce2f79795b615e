//! What a directory or a file of the host becomes.

use super::fate::{
    Content, Drop, Fate, Loss, Origin, Place, Seen, clean, data_at, is_below, source_key,
};
use model::project::{BindSource, Content as Read, FileFacts};
use model::reason::Level;
use std::collections::BTreeMap;

/// What a `ConfigMap` may hold, with room for its own words: it is limited to 1 MiB.
const CONFIG_BYTES: u64 = 900 << 10;

/// Endings of files that configure something or are shown as they are.
const CONFIG_ENDINGS: &[&str] = &[
    "conf",
    "cfg",
    "cnf",
    "ini",
    "yml",
    "yaml",
    "toml",
    "json",
    "xml",
    "properties",
    "env",
    "sql",
    "sh",
    "config",
    "list",
    "rules",
    "tmpl",
    "tpl",
    "template",
    "pem",
    "crt",
    "key",
    "cer",
    "htpasswd",
    "acl",
    "hcl",
    "alloy",
    "vcl",
    "lua",
    "txt",
    "conf.template",
    "cfg.template",
    "graphql",
    "js.map",
    "cron",
    "crontab",
    "service",
    "md",
];

/// Endings of files that a static site consists of.
const SITE_ENDINGS: &[&str] = &[
    "html", "htm", "css", "js", "svg", "txt", "ico", "png", "jpg", "jpeg", "gif", "webp", "woff",
    "woff2", "map", "json", "xml",
];

/// Endings of source code.
const CODE_ENDINGS: &[&str] = &[
    "py", "js", "ts", "tsx", "jsx", "go", "rs", "rb", "php", "java", "kt", "cs", "scala", "ex",
    "exs", "erl", "c", "cpp", "h", "vue", "svelte", "swift", "dart", "pl", "clj", "hs",
];

/// Files that say: a program is developed here.
const PACKAGE_FILES: &[&str] = &[
    "package.json",
    "requirements.txt",
    "go.mod",
    "Cargo.toml",
    "pom.xml",
    "build.gradle",
    "Gemfile",
    "composer.json",
    "setup.py",
    "pyproject.toml",
    "manage.py",
    "mix.exs",
    "Pipfile",
    "Dockerfile",
    "tsconfig.json",
];

/// Directories in which images keep code.
const CODE_PLACES: &[&str] = &[
    "/app",
    "/usr/src",
    "/code",
    "/src",
    "/workspace",
    "/home/node",
    "/go/src",
    "/opt/app",
    "/srv/app",
    "/var/www",
];

/// Directories in which web servers look for files to show.
const SITE_PLACES: &[&str] = &[
    "/usr/share/nginx/html",
    "/usr/local/apache2/htdocs",
    "/var/www",
    "/srv",
    "/usr/share/caddy",
    "/www",
    "/public",
];

/// Words of a path that say: configuration.
const CONFIG_WORDS: &[&str] = &[
    "conf",
    "config",
    "configs",
    "conf.d",
    "provisioning",
    "initdb",
    "docker-entrypoint-initdb.d",
    "templates",
    "rules",
    "dashboards",
    "pipeline",
    "pipelines",
    "certs",
    "ssl",
    "tls",
    "scripts",
    "init",
    "sites-enabled",
    "sites-available",
    "vhosts",
    "datasources",
];

/// Paths of a host that mean nothing, or too much, in a pod.
const SYSTEM: &[&str] = &[
    "/dev",
    "/proc",
    "/sys",
    "/lib/modules",
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/boot",
    "/run",
    "/var/run",
    "/var/lib/docker",
    "/var/log",
    "/etc/passwd",
    "/etc/group",
    "/etc/shadow",
    "/etc/hostname",
    "/etc/hosts",
    "/etc/resolv.conf",
    "/etc/machine-id",
    "/etc/os-release",
    "/tmp/.X11-unix",
    "/var/lib/containers",
    "/cgroup",
];

/// Directories of a person that hold their own credentials.
const PERSONAL: &[&str] = &[
    ".ssh",
    ".aws",
    ".kube",
    ".docker",
    ".gnupg",
    ".config/gcloud",
    ".azure",
    ".netrc",
    ".gitconfig",
    ".Xauthority",
];

/// Decides about one bind mount.
pub(super) fn fate(
    place: &Place<'_>,
    seen: &Seen<'_>,
    source: &str,
    facts: &BindSource,
    target: &str,
) -> Fate {
    let bind = Bind { place, read_only: seen.read_only, source, target };
    bind.of_host().or_else(|| bind.of_data(facts)).unwrap_or_else(|| match facts {
        BindSource::File(file) => bind.of_file(file),
        BindSource::Directory { files, truncated } => bind.of_directory(files, *truncated),
        BindSource::Missing => bind.of_missing(),
        BindSource::Host => bind.of_elsewhere(),
    })
}

/// A bind mount that is looked at.
struct Bind<'b> {
    place: &'b Place<'b>,
    read_only: bool,
    source: &'b str,
    target: &'b str,
}

impl Bind<'_> {
    /// Sockets, clocks, devices and the like, wherever they were written.
    fn of_host(&self) -> Option<Fate> {
        let source = clean(self.source);
        let socket = ["docker.sock", "podman.sock", "containerd.sock"];
        if socket.iter().any(|end| source.ends_with(end) || self.target.ends_with(end)) {
            return Some(self.docker_socket());
        }
        if ["/etc/localtime", "/etc/timezone", "/usr/share/zoneinfo"]
            .iter()
            .any(|p| source == *p || is_below(&source, p))
        {
            return Some(Fate::Dropped(Drop::TimeZone));
        }
        let system = source == "/"
            || source == "/etc"
            || SYSTEM.iter().any(|p| source == *p || is_below(&source, p));
        if system {
            let instead = self.replacement().unwrap_or(
                "the service sees its own; run what needs the host's outside this product",
            );
            return Some(lost(
                Level::Warning,
                "host-path-refused",
                format!("`{}` is part of the machine: it is not mounted", self.source),
                instead,
            ));
        }
        let parts = |personal: &str| format!("/{source}/").contains(&format!("/{personal}/"));
        if PERSONAL.iter().any(|p| parts(p)) {
            let fix = "give the service credentials of its own, as a secret";
            return Some(lost(
                Level::Warning,
                "personal-files",
                format!("`{}` holds somebody's own credentials: it is not mounted", self.source),
                fix,
            ));
        }
        None
    }

    fn docker_socket(&self) -> Fate {
        let native = self.replacement();
        let level = if native.is_some() { Level::Warning } else { Level::Blocker };
        let fix = native.unwrap_or(
            "ask the Kubernetes API instead, with a ServiceAccount that may do just that",
        );
        let message = "the Docker socket is refused: no Docker runs on a Kubernetes node, and whoever holds its socket is root there";
        lost(level, "docker-socket", message.to_owned(), fix)
    }

    fn replacement(&self) -> Option<&'static str> {
        let family = self.place.family?;
        let proxy = matches!(family.role, catalog::Role::Proxy | catalog::Role::WebServer);
        family.replaced_by.as_deref().or(proxy.then_some("its routes are planned at the edge (HTTPRoute); the proxy itself is not needed for them"))
    }

    /// A data directory of a known image.
    fn of_data(&self, facts: &BindSource) -> Option<Fate> {
        data_at(self.place, self.target)?;
        let content = match facts {
            BindSource::File(_) => return None,
            BindSource::Missing => Content::Empty,
            BindSource::Directory { files, .. } if !has_content(files) => Content::Empty,
            // A site or a theme of an application that is kept beside the Compose file.
            BindSource::Directory { files, truncated }
                if self.read_only && fits(files, *truncated) =>
            {
                return None;
            }
            BindSource::Directory { .. } => Content::Data,
            BindSource::Host => Content::Unknown,
        };
        Some(self.claim(content))
    }

    fn claim(&self, content: Content) -> Fate {
        self.place.store(Origin::Bind { source: source_key(self.source), content }, self.target)
    }

    fn of_file(&self, file: &FileFacts) -> Fate {
        if !self.read_only && is_data_file(self.target) {
            return self.lost_file(
                "a file that the service writes cannot be mounted alone",
                "mount its directory as a volume",
            );
        }
        match file.content {
            Read::Text(_) if file.bytes <= CONFIG_BYTES => Fate::Files,
            Read::Text(_) | Read::Unread(_) => self.lost_file(
                "it is larger than a ConfigMap may be (1 MiB)",
                "build it into an image",
            ),
            Read::Binary(_) => self.lost_file(
                "it is no text",
                "build it into an image, or keep it in a Secret of your own",
            ),
        }
    }

    fn lost_file(&self, why: &str, fix: &str) -> Fate {
        lost(
            Level::Blocker,
            "file-not-mounted",
            format!("`{}` is not mounted at `{}`: {why}", self.source, self.target),
            fix,
        )
    }

    fn of_directory(&self, files: &BTreeMap<String, FileFacts>, truncated: bool) -> Fate {
        if !has_content(files) {
            return if self.read_only {
                Fate::Dropped(Drop::Empty)
            } else {
                self.claim(Content::Empty)
            };
        }
        if self.is_code(Some(files)) && self.place.service.build.is_some() {
            return Fate::Dropped(Drop::SourceCode);
        }
        let shown = self.is_config_place()
            || all_end(files, CONFIG_ENDINGS)
            || (self.is_site_place() && all_end(files, SITE_ENDINGS));
        let fits = fits(files, truncated);
        if fits && (shown || self.read_only || self.is_code(Some(files))) {
            return Fate::Files;
        }
        if self.is_code(Some(files)) || (self.is_site_place() && all_end(files, SITE_ENDINGS)) {
            return self.code_elsewhere();
        }
        if shown || self.read_only {
            return self.lost_file(
                "it is more than a ConfigMap may hold (1 MiB of text)",
                "build it into an image, or copy it to a volume",
            );
        }
        self.claim(Content::Data)
    }

    fn code_elsewhere(&self) -> Fate {
        let message = format!(
            "the image does not hold the files of `{}`, and they are too many for a ConfigMap",
            self.source
        );
        lost(
            Level::Blocker,
            "code-not-in-image",
            message,
            "build them into an image (COPY in a Dockerfile) and name it here",
        )
    }

    fn of_missing(&self) -> Fate {
        if self.is_file_path() {
            let fix = "put it there and plan again: Docker would make a directory of that name";
            return lost(
                Level::Blocker,
                "bind-source-missing",
                format!(
                    "there is no file `{}`: nothing is mounted at `{}`",
                    self.source, self.target
                ),
                fix,
            );
        }
        self.unseen(Content::Empty)
    }

    fn of_elsewhere(&self) -> Fate {
        if self.is_file_path() {
            let fix =
                "copy it beside the Compose file, or put its content under `configs` or `secrets`";
            return lost(
                Level::Blocker,
                "host-file",
                format!(
                    "`{}` lies on one machine: its content is not known here, and nothing is mounted at `{}`",
                    self.source, self.target
                ),
                fix,
            );
        }
        self.unseen(Content::Unknown)
    }

    /// A directory that could not be looked into.
    fn unseen(&self, content: Content) -> Fate {
        if self.is_code(None) && self.place.service.build.is_some() {
            return Fate::Dropped(Drop::SourceCode);
        }
        if self.is_config_place() && (self.read_only || is_below(self.target, "/etc")) {
            let message = format!(
                "`{}` is not beside the Compose file, so its files are not known: nothing is mounted at `{}`",
                self.source, self.target
            );
            return lost(
                Level::Blocker,
                "bind-source-missing",
                message,
                "copy the files beside the Compose file and plan again",
            );
        }
        if self.is_code(None) {
            let message = format!(
                "the files of `{}` are not known here; if the image does not hold them, the service starts without",
                self.source
            );
            return lost(
                Level::Blocker,
                "code-not-in-image",
                message,
                "build them into an image (COPY in a Dockerfile) and name it here",
            );
        }
        self.claim(content)
    }

    /// Whether the mount lies where the image keeps its code, or holds a program's sources.
    fn is_code(&self, files: Option<&BTreeMap<String, FileFacts>>) -> bool {
        let build = self.place.service.build.as_ref();
        let workdir =
            build.and_then(|b| b.facts.as_ref()).and_then(|f| f.workdir.as_deref()).map(clean);
        let at_workdir = workdir.is_some_and(|dir| {
            dir != "/"
                && (dir == self.target
                    || is_below(self.target, &dir)
                    || is_below(&dir, self.target))
        });
        let context = build.is_some_and(|b| {
            let context = source_key(&b.context);
            let source = source_key(self.source);
            let below = |path: &str, above: &str| {
                path == above || above.is_empty() || above == "." || is_below(path, above)
            };
            below(&source, &context)
        });
        let place = CODE_PLACES.iter().any(|p| self.target == *p || is_below(self.target, p));
        match files {
            Some(files) => {
                let sources = files
                    .keys()
                    .any(|name| PACKAGE_FILES.contains(&base(name)) || ends(name, CODE_ENDINGS));
                (sources && (at_workdir || context || place)) || (at_workdir && context)
            }
            None => at_workdir || place,
        }
    }

    fn is_config_place(&self) -> bool {
        let words = |path: &str| {
            path.split('/').any(|part| CONFIG_WORDS.contains(&part.to_ascii_lowercase().as_str()))
        };
        let below = |above: &str| self.target == above || is_below(self.target, above);
        below("/etc") || below("/usr/local/etc") || words(self.target) || words(self.source)
    }

    fn is_site_place(&self) -> bool {
        SITE_PLACES.iter().any(|p| self.target == *p || is_below(self.target, p))
    }

    /// Whether both sides are named like a file.
    fn is_file_path(&self) -> bool {
        let known = |path: &str| {
            ends(path, CONFIG_ENDINGS)
                || ends(path, CODE_ENDINGS)
                || ends(path, SITE_ENDINGS)
                || is_data_file(path)
        };
        let dotted = |path: &str| {
            base(path).trim_start_matches('.').contains('.') && !base(path).ends_with(".d")
        };
        known(self.target)
            || (known(self.source) && !self.target.ends_with(".d"))
            || (dotted(self.target) && dotted(self.source))
    }
}

fn lost(level: Level, code: &'static str, message: String, fix: impl Into<String>) -> Fate {
    Fate::Lost(Loss { level, code, message, fix: fix.into() })
}

fn base(path: &str) -> &str {
    path.trim_end_matches('/').rsplit('/').next().unwrap_or(path)
}

fn ends(path: &str, endings: &[&str]) -> bool {
    let name = base(path).to_ascii_lowercase();
    endings.iter().any(|end| name.strip_suffix(end).is_some_and(|rest| rest.ends_with('.')))
}

fn is_data_file(path: &str) -> bool {
    ends(path, &["db", "sqlite", "sqlite3", "mdb", "rdb", "aof", "log"])
}

/// Files that only keep a directory in a repository are no content.
fn has_content(files: &BTreeMap<String, FileFacts>) -> bool {
    files
        .keys()
        .any(|name| !matches!(base(name), ".gitkeep" | ".keep" | ".gitignore" | ".DS_Store"))
}

fn all_end(files: &BTreeMap<String, FileFacts>, endings: &[&str]) -> bool {
    files
        .keys()
        .filter(|name| !base(name).starts_with('.'))
        .all(|name| ends(name, endings) || !base(name).contains('.'))
}

/// Whether the files were read and fit into a `ConfigMap`.
fn fits(files: &BTreeMap<String, FileFacts>, truncated: bool) -> bool {
    let text = files.values().all(|file| matches!(file.content, Read::Text(_)));
    text && !truncated && files.values().map(|file| file.bytes).sum::<u64>() <= CONFIG_BYTES
}
