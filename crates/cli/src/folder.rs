//! A folder of files that we own: written again, it holds what the last run wrote and nothing that
//! an earlier one left; files of others are never touched.

use crate::atomic::{self, Readers, UNFINISHED};
use crate::error::Error;
use manifest::OutFile;
use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Component, Path};

/// The list of what we wrote, in the folder itself.
const LIST: &str = ".muster-files";

const HEADER: &str = "\
# Written by `muster plan --out`: the files of this folder that the next run may replace or remove.
";

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) files: usize,
    /// Files of an earlier run that are gone.
    pub(crate) removed: usize,
}

/// Makes the folder hold exactly these files of ours.
pub(crate) fn write(folder: &Path, files: &[OutFile]) -> Result<Written, Error> {
    let before = ours(folder)?;
    let now: BTreeSet<String> = files.iter().map(|file| file.path.clone()).collect();
    for path in &now {
        refuse_foreign(folder, path, &before)?;
    }
    // Listed before they are written: a run that is killed leaves nothing that the next disowns.
    list(folder, &before.union(&now).cloned().collect())?;
    for file in files {
        place(folder, file)?;
    }
    let stale: Vec<&String> = before.difference(&now).collect();
    let mut removed = 0;
    for path in stale {
        removed += usize::from(remove(folder, path)?);
    }
    list(folder, &now)?;
    Ok(Written { files: files.len(), removed })
}

/// What an earlier run wrote. The folder exists afterwards, and is ours or was empty.
fn ours(folder: &Path) -> Result<BTreeSet<String>, Error> {
    fs::create_dir_all(folder).map_err(Error::disk("create the folder", folder))?;
    let path = folder.join(LIST);
    match fs::read_to_string(&path) {
        Ok(text) => Ok(text.lines().filter(|line| is_ours(line)).map(str::to_owned).collect()),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            refuse_full(folder)?;
            Ok(BTreeSet::new())
        }
        Err(error) => Err(Error::disk("read", &path)(error)),
    }
}

/// Whether a line of the list can be a file below the folder; anybody may have edited it.
fn is_ours(line: &str) -> bool {
    let normal = |part: Component<'_>| matches!(part, Component::Normal(_));
    !line.is_empty() && !line.starts_with('#') && Path::new(line).components().all(normal)
}

fn refuse_full(folder: &Path) -> Result<(), Error> {
    let entries = fs::read_dir(folder).map_err(Error::disk("read the folder", folder))?;
    let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
    let other = entries.flatten().map(name).find(|name| !name.ends_with(UNFINISHED));
    match other {
        None => Ok(()),
        Some(other) => Err(Error::Refused {
            message: format!(
                "{} is not empty and was not written by muster: it holds {other}",
                folder.display()
            ),
            hint: "choose a new folder; a folder that muster wrote may be written again".to_owned(),
        }),
    }
}

fn refuse_foreign(folder: &Path, path: &str, ours: &BTreeSet<String>) -> Result<(), Error> {
    let full = folder.join(path);
    if ours.contains(path) || fs::symlink_metadata(&full).is_err() {
        return Ok(());
    }
    Err(Error::Refused {
        message: format!("{} is in the way and was not written by muster", full.display()),
        hint: "move it elsewhere, or choose another folder".to_owned(),
    })
}

fn list(folder: &Path, files: &BTreeSet<String>) -> Result<(), Error> {
    let lines: Vec<&str> = files.iter().map(String::as_str).collect();
    let path = folder.join(LIST);
    atomic::write(&path, &format!("{HEADER}{}\n", lines.join("\n")), Readers::Anybody)
        .map_err(Error::disk("write", &path))
}

fn place(folder: &Path, file: &OutFile) -> Result<(), Error> {
    let path = folder.join(&file.path);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(Error::disk("create the folder", parent))?;
    }
    if through_a_link(folder, &file.path) {
        return Err(Error::Refused {
            message: format!("{} lies behind a link that leads elsewhere", path.display()),
            hint: "replace the link by a folder, or choose another folder".to_owned(),
        });
    }
    let readers = if file.secret { Readers::Owner } else { Readers::Anybody };
    atomic::write(&path, &file.text, readers).map_err(Error::disk("write", &path))
}

/// Removes a file of ours and the folders that it leaves empty.
fn remove(folder: &Path, path: &str) -> Result<bool, Error> {
    let full = folder.join(path);
    if through_a_link(folder, path) {
        return Ok(false);
    }
    match fs::remove_file(&full) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(Error::disk("remove", &full)(error)),
    }
    for parent in Path::new(path).ancestors().skip(1).filter(|dir| *dir != Path::new("")) {
        if fs::remove_dir(folder.join(parent)).is_err() {
            break;
        }
    }
    Ok(true)
}

/// Whether a folder on the way is a link: what lies behind it is not ours.
fn through_a_link(folder: &Path, path: &str) -> bool {
    let parents = Path::new(path).ancestors().skip(1).filter(|dir| *dir != Path::new(""));
    parents.map(|dir| folder.join(dir)).any(|dir| dir.is_symlink())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> OutFile {
        OutFile { path: path.to_owned(), text: text.to_owned(), secret: false }
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap().flatten();
        let mut names: Vec<_> =
            entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn stale_files_of_ours_go_and_those_of_others_stay() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("a/b");
        write(&out, &[file("x.yaml", "1"), file("sub/y.yaml", "2")]).unwrap();
        fs::write(out.join("notes.txt"), "mine").unwrap();
        let written = write(&out, &[file("x.yaml", "3")]).unwrap();
        assert_eq!(written, Written { files: 1, removed: 1 });
        assert_eq!(names(&out), [LIST, "notes.txt", "x.yaml"]);
    }

    #[test]
    fn foreign_files_are_refused_before_anything_is_written() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), &[file("x.yaml", "1")]).unwrap();
        fs::write(dir.path().join("y.yaml"), "mine").unwrap();
        let error = write(dir.path(), &[file("x.yaml", "2"), file("y.yaml", "2")]).unwrap_err();
        assert!(error.to_string().contains("y.yaml is in the way"), "{error}");
        assert_eq!(fs::read_to_string(dir.path().join("x.yaml")).unwrap(), "1");
    }

    #[test]
    fn a_list_that_leads_outside_is_not_believed() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("out");
        fs::create_dir(&out).unwrap();
        fs::write(dir.path().join("precious"), "").unwrap();
        fs::write(out.join(LIST), "../precious\n/etc/hostname\n").unwrap();
        assert_eq!(write(&out, &[]).unwrap().removed, 0);
        assert!(dir.path().join("precious").exists());
    }

    #[cfg(unix)]
    #[test]
    fn links_are_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let (out, other) = (dir.path().join("out"), dir.path().join("other"));
        write(&out, &[file("sub/a", "1")]).unwrap();
        fs::create_dir(&other).unwrap();
        fs::write(other.join("a"), "mine").unwrap();
        fs::remove_dir_all(out.join("sub")).unwrap();
        std::os::unix::fs::symlink(&other, out.join("sub")).unwrap();
        assert!(write(&out, &[file("sub/a", "2")]).is_err());
        write(&out, &[]).unwrap();
        assert_eq!(fs::read_to_string(other.join("a")).unwrap(), "mine");
    }
}
