//! What the path of a mount says about what lies there.

use super::super::fate::is_below;

/// Endings of files that configure something or are shown as they are.
#[rustfmt::skip]
const CONFIG_ENDINGS: &[&str] = &[
    "conf", "cfg", "cnf", "ini", "yml", "yaml", "toml", "json", "xml", "properties", "env", "sql",
    "sh", "config", "list", "rules", "tmpl", "tpl", "template", "pem", "crt", "key", "cer",
    "htpasswd", "acl", "hcl", "alloy", "vcl", "lua", "txt", "conf.template", "cfg.template",
    "graphql", "js.map", "cron", "crontab", "service", "md",
];

/// Endings of files that a static site consists of.
#[rustfmt::skip]
const SITE_ENDINGS: &[&str] = &[
    "html", "htm", "css", "js", "svg", "txt", "ico", "png", "jpg", "jpeg", "gif", "webp", "woff",
    "woff2", "map", "json", "xml",
];

/// Endings of source code.
#[rustfmt::skip]
const CODE_ENDINGS: &[&str] = &[
    "py", "js", "ts", "tsx", "jsx", "go", "rs", "rb", "php", "java", "kt", "cs", "scala", "ex",
    "exs", "erl", "c", "cpp", "h", "vue", "svelte", "swift", "dart", "pl", "clj", "hs",
];

/// Files that say: a program is developed here.
#[rustfmt::skip]
const PACKAGE_FILES: &[&str] = &[
    "package.json", "requirements.txt", "go.mod", "Cargo.toml", "pom.xml", "build.gradle",
    "Gemfile", "composer.json", "setup.py", "pyproject.toml", "manage.py", "mix.exs", "Pipfile",
    "Dockerfile", "tsconfig.json", "package-lock.json", "yarn.lock",
];

/// Directories in which images keep code.
#[rustfmt::skip]
const CODE_ROOTS: &[&str] = &[
    "/app", "/usr/src", "/code", "/src", "/workspace", "/home/node", "/go/src", "/opt/app",
    "/srv/app", "/var/www",
];

/// Directories in which web servers look for files to show.
#[rustfmt::skip]
const SITE_PLACES: &[&str] = &[
    "/usr/share/nginx/html", "/usr/local/apache2/htdocs", "/var/www", "/srv", "/usr/share/caddy",
    "/www", "/public",
];

/// Words of a path that say: configuration.
#[rustfmt::skip]
const CONFIG_WORDS: &[&str] = &[
    "conf", "config", "configs", "conf.d", "provisioning", "initdb", "docker-entrypoint-initdb.d",
    "templates", "rules", "dashboards", "pipeline", "pipelines", "certs", "ssl", "tls", "scripts",
    "init", "sites-enabled", "sites-available", "vhosts", "datasources",
];

/// Directories that images read and never write.
#[rustfmt::skip]
const ONLY_READ: &[&str] = &[
    "/docker-entrypoint-initdb.d", "/etc/nginx", "/etc/apache2", "/usr/local/apache2/conf",
    "/etc/haproxy", "/usr/local/etc/haproxy", "/etc/prometheus", "/etc/alertmanager",
    "/etc/grafana", "/etc/loki", "/etc/mysql", "/etc/postgresql", "/etc/redis",
    "/usr/local/etc/redis", "/usr/local/etc/php", "/etc/tls", "/etc/ssl", "/fluentd/etc",
    "/fluent-bit/etc", "/usr/share/logstash/pipeline", "/mosquitto/config",
];

/// Paths of a host that mean nothing, or too much, in a pod.
#[rustfmt::skip]
const SYSTEM: &[&str] = &[
    "/dev", "/proc", "/sys", "/lib/modules", "/usr", "/bin", "/sbin", "/lib", "/boot", "/run",
    "/var/run", "/var/lib/docker", "/var/log", "/etc/passwd", "/etc/group", "/etc/shadow",
    "/etc/hostname", "/etc/hosts", "/etc/resolv.conf", "/etc/machine-id", "/etc/os-release",
    "/tmp/.X11-unix", "/var/lib/containers", "/cgroup",
];

/// Directories of a person that hold their own credentials.
#[rustfmt::skip]
const PERSONAL: &[&str] = &[
    ".ssh", ".aws", ".kube", ".docker", ".gnupg", ".config/gcloud", ".azure", ".netrc",
    ".gitconfig", ".Xauthority",
];

/// Names of directories that hold code, below the directory of a program.
#[rustfmt::skip]
const CODE_WORDS: &[&str] = &[
    "src", "source", "lib", "app", "apps", "public", "static", "views", "components", "pages",
    "backend", "frontend", "server", "client", "api", "cmd", "internal", "pkg", "code", "tests",
    "test", "resources", "assets", "themes", "plugins", "wp-content",
];

/// The last part of a path.
fn base(path: &str) -> &str {
    path.trim_end_matches('/').rsplit('/').next().unwrap_or(path)
}

fn ends(path: &str, endings: &[&str]) -> bool {
    let name = base(path).to_ascii_lowercase();
    endings.iter().any(|end| name.strip_suffix(end).is_some_and(|rest| rest.ends_with('.')))
}

fn at_or_below(path: &str, places: &[&str]) -> bool {
    places.iter().any(|place| path == *place || is_below(path, place))
}

/// The socket of a container engine.
pub(super) fn is_engine_socket(path: &str) -> bool {
    ["docker.sock", "podman.sock", "containerd.sock"].iter().any(|end| path.ends_with(end))
}

/// The host's clock and time zone.
pub(super) fn is_clock(path: &str) -> bool {
    at_or_below(path, &["/etc/localtime", "/etc/timezone", "/usr/share/zoneinfo"])
}

/// Part of the machine.
pub(super) fn is_system(path: &str) -> bool {
    matches!(path, "/" | "/etc") || at_or_below(path, SYSTEM)
}

/// A person's own credentials.
pub(super) fn is_personal(path: &str) -> bool {
    PERSONAL.iter().any(|personal| format!("/{path}/").contains(&format!("/{personal}/")))
}

/// Where configuration lies.
pub(super) fn is_config(path: &str) -> bool {
    let word = |part: &str| CONFIG_WORDS.contains(&part.to_ascii_lowercase().as_str());
    at_or_below(path, &["/etc", "/usr/local/etc"]) || path.split('/').any(word)
}

/// Where images only look for what somebody else wrote.
pub(super) fn is_only_read(path: &str) -> bool {
    at_or_below(path, ONLY_READ)
}

/// Where a web server looks for files to show.
pub(super) fn is_site(path: &str) -> bool {
    at_or_below(path, SITE_PLACES)
}

/// A directory in which images keep a program.
pub(super) fn is_code_root(path: &str) -> bool {
    CODE_ROOTS.contains(&path)
}

/// Below such a directory.
pub(super) fn is_below_code_root(path: &str) -> bool {
    CODE_ROOTS.iter().any(|root| is_below(path, root))
}

/// A directory whose name says that it holds code.
pub(super) fn is_code_word(path: &str) -> bool {
    CODE_WORDS.contains(&base(path).to_ascii_lowercase().as_str())
}

/// A file that a program is built from.
pub(super) fn is_source(path: &str) -> bool {
    PACKAGE_FILES.contains(&base(path)) || ends(path, CODE_ENDINGS)
}

/// A file that configures something.
pub(super) fn is_config_file(path: &str) -> bool {
    let name = base(path);
    name.starts_with('.') || !name.contains('.') || ends(path, CONFIG_ENDINGS)
}

/// A file of a static site.
pub(super) fn is_site_file(path: &str) -> bool {
    let name = base(path);
    name.starts_with('.') || !name.contains('.') || ends(path, SITE_ENDINGS)
}

/// A file that a program writes its data to.
pub(super) fn is_data_file(path: &str) -> bool {
    ends(path, &["db", "sqlite", "sqlite3", "mdb", "rdb", "aof", "log"])
}

/// A file that only keeps a directory in a repository.
pub(super) fn is_keeper(path: &str) -> bool {
    matches!(base(path), ".gitkeep" | ".keep" | ".gitignore" | ".DS_Store")
}

/// Whether the two sides of a mount are named like a file.
pub(super) fn is_file(source: &str, target: &str) -> bool {
    let known = |path: &str| {
        ends(path, CONFIG_ENDINGS)
            || ends(path, CODE_ENDINGS)
            || ends(path, SITE_ENDINGS)
            || is_data_file(path)
    };
    let directory = |path: &str| ends(path, &["d"]) || path.ends_with('/');
    let dotted = |path: &str| base(path).trim_start_matches('.').contains('.') && !directory(path);
    let named =
        ["Caddyfile", "CaddyFile", "Dockerfile", "crontab", "hosts"].contains(&base(target));
    if directory(target) || directory(source) {
        return false;
    }
    named || known(target) || known(source) || (dotted(target) && dotted(source))
}
