//! What a directory or a file of the host becomes.

mod host;
mod paths;

use super::fate::{
    Content, Drop, Fate, Loss, Origin, Place, Seen, clean, data_at, is_below, source_key,
};
use model::project::{BindSource, Content as Read, FileFacts};
use model::reason::Level;
use std::collections::BTreeMap;

/// What a `ConfigMap` may hold, with room for its own words: it is limited to 1 MiB.
const CONFIG_BYTES: u64 = 900 << 10;

type Files = BTreeMap<String, FileFacts>;

/// Decides about one bind mount.
pub(super) fn fate(
    place: &Place<'_>,
    seen: &Seen<'_>,
    source: &str,
    facts: &BindSource,
    target: &str,
) -> Fate {
    let bind = Bind { place, read_only: seen.read_only, source, target };
    host::refused(place, source, target).or_else(|| bind.of_data(facts)).unwrap_or_else(|| {
        match facts {
            BindSource::File(file) => bind.of_file(file),
            BindSource::Directory { files, truncated } => bind.of_directory(files, *truncated),
            BindSource::Missing => bind.of_missing(),
            BindSource::Host => bind.of_elsewhere(),
        }
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
    /// A data directory of a known image.
    fn of_data(&self, facts: &BindSource) -> Option<Fate> {
        data_at(self.place, self.target)?;
        let content = match facts {
            BindSource::File(_) => return None,
            BindSource::Missing | BindSource::Host if paths::is_file(self.source, self.target) => {
                return None;
            }
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
        if !self.read_only && paths::is_data_file(self.target) {
            let fix = "mount its directory as a volume";
            return self.not_mounted("a file that the service writes cannot be mounted alone", fix);
        }
        if self.is_code_file() {
            return Fate::Dropped(Drop::SourceCode);
        }
        match file.content {
            Read::Text(_) if file.bytes <= CONFIG_BYTES => Fate::Files,
            Read::Text(_) | Read::Unread(_) => self.not_mounted(
                "it is larger than a ConfigMap may be (1 MiB)",
                "build it into an image",
            ),
            Read::Binary(_) => self.not_mounted(
                "it is no text",
                "build it into an image, or keep it in a Secret of your own",
            ),
        }
    }

    fn of_directory(&self, files: &Files, truncated: bool) -> Fate {
        if !has_content(files) {
            return if self.read_only {
                Fate::Dropped(Drop::Empty)
            } else {
                self.claim(Content::Empty)
            };
        }
        let code = self.holds_code(files);
        if code && self.place.service.build.is_some() {
            return Fate::Dropped(Drop::SourceCode);
        }
        let site = paths::is_site(self.target) && all(files, paths::is_site_file);
        let shown = site || self.is_config_place() || all(files, paths::is_config_file);
        if fits(files, truncated) && (shown || code || self.read_only) {
            return Fate::Files;
        }
        if code || site {
            let message = format!(
                "the image does not hold the files of `{}`, and they are too many for a ConfigMap",
                self.source
            );
            return lost(Level::Blocker, "code-not-in-image", message, INTO_IMAGE);
        }
        if shown || self.read_only {
            let why = "it is more than a ConfigMap may hold (1 MiB of text)";
            return self.not_mounted(why, "build it into an image, or copy it to a volume");
        }
        self.claim(Content::Data)
    }

    fn of_missing(&self) -> Fate {
        if self.is_code_file() {
            return Fate::Dropped(Drop::SourceCode);
        }
        if paths::is_file(self.source, self.target) {
            let message = format!(
                "there is no file `{}`: nothing is mounted at `{}`",
                self.source, self.target
            );
            let fix = "put it there and plan again: Docker would make a directory of that name";
            return lost(Level::Blocker, "bind-source-missing", message, fix);
        }
        self.unseen(Content::Empty)
    }

    fn of_elsewhere(&self) -> Fate {
        if paths::is_file(self.source, self.target) {
            let message = format!(
                "`{}` lies on one machine: its content is not known here, and nothing is mounted at `{}`",
                self.source, self.target
            );
            let fix =
                "copy it beside the Compose file, or put its content under `configs` or `secrets`";
            return lost(Level::Blocker, "host-file", message, fix);
        }
        self.unseen(Content::Unknown)
    }

    /// A directory that could not be looked into.
    fn unseen(&self, content: Content) -> Fate {
        if self.is_code_place() && self.place.service.build.is_some() {
            return Fate::Dropped(Drop::SourceCode);
        }
        if (self.is_config_place() && self.read_only) || paths::is_only_read(self.target) {
            let message = format!(
                "the files of `{}` are not known here: nothing is mounted at `{}`",
                self.source, self.target
            );
            let fix = "copy them beside the Compose file and plan again";
            return lost(Level::Blocker, "bind-source-missing", message, fix);
        }
        let shown = self.is_code_place() || paths::is_site(self.target);
        if shown && content == Content::Empty {
            let message = format!(
                "there is no directory `{}`; if the image does not hold its files, the service starts without them",
                self.source
            );
            return lost(Level::Blocker, "code-not-in-image", message, INTO_IMAGE);
        }
        self.claim(content)
    }

    /// Whether a directory that could not be looked into is where the image keeps its code.
    fn is_code_place(&self) -> bool {
        let workdir = self.workdir();
        let at = |dir: &String| dir == self.target || is_below(dir, self.target);
        let below = |dir: &String| is_below(self.target, dir);
        let inside = workdir.as_ref().is_some_and(below) || paths::is_below_code_root(self.target);
        workdir.as_ref().is_some_and(at)
            || paths::is_code_root(self.target)
            || (inside && paths::is_code_word(self.target))
    }

    /// Whether a directory holds a program's sources.
    fn holds_code(&self, files: &Files) -> bool {
        let place = self.is_code_place()
            || paths::is_below_code_root(self.target)
            || self.workdir().is_some_and(|dir| is_below(self.target, &dir));
        let sources = files.keys().any(|name| paths::is_source(name));
        (sources && (place || self.in_context())) || (self.is_code_place() && self.in_context())
    }

    /// A single file of a program that the image is built from.
    fn is_code_file(&self) -> bool {
        let workdir = self.workdir();
        let place = paths::is_below_code_root(self.target)
            || workdir.is_some_and(|dir| is_below(self.target, &dir));
        paths::is_source(self.source) && self.place.service.build.is_some() && place
    }

    /// The image's working directory, if its Dockerfile says one.
    fn workdir(&self) -> Option<String> {
        let facts = self.place.service.build.as_ref()?.facts.as_ref()?;
        facts.workdir.as_deref().map(clean).filter(|dir| dir != "/")
    }

    /// Whether the source lies in what the image is built from.
    fn in_context(&self) -> bool {
        let Some(build) = &self.place.service.build else { return false };
        let (context, source) = (source_key(&build.context), source_key(self.source));
        source == context || context.is_empty() || context == "." || is_below(&source, &context)
    }

    fn is_config_place(&self) -> bool {
        paths::is_config(self.target) || paths::is_config(self.source)
    }

    fn not_mounted(&self, why: &str, fix: &str) -> Fate {
        let message = format!("`{}` is not mounted at `{}`: {why}", self.source, self.target);
        lost(Level::Blocker, "file-not-mounted", message, fix)
    }
}

/// What to do with files that an image should hold.
const INTO_IMAGE: &str = "build them into an image (COPY in a Dockerfile) and name it here";

fn lost(level: Level, code: &'static str, message: String, fix: impl Into<String>) -> Fate {
    Fate::Lost(Loss { level, code, message, fix: fix.into() })
}

/// Files that only keep a directory in a repository are no content.
fn has_content(files: &Files) -> bool {
    files.keys().any(|name| !paths::is_keeper(name))
}

fn all(files: &Files, test: fn(&str) -> bool) -> bool {
    files.keys().all(|name| test(name))
}

/// Whether the files were read and fit into a `ConfigMap`.
fn fits(files: &Files, truncated: bool) -> bool {
    let text = files.values().all(|file| matches!(file.content, Read::Text(_)));
    text && !truncated && files.values().map(|file| file.bytes).sum::<u64>() <= CONFIG_BYTES
}
