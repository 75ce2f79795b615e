//! Plain YAML: one file for each object.

use super::yaml::value_yaml;
use super::{OutFile, files};
use crate::object::{Object, objects};
use model::plan::Plan;

/// One file for each object, named so that `kubectl apply -f .` applies them in order, and a
/// `.gitignore` that keeps Secrets out of the repository.
pub fn plain(plan: &Plan) -> Vec<OutFile> {
    let mut out: Vec<_> = objects(plan).iter().map(|object| file("", object)).collect();
    out.extend(git_ignore("", &out));
    out
}

/// The file of one object.
pub(super) fn file(folder: &str, object: &Object) -> OutFile {
    OutFile {
        path: format!("{folder}{}", files::name(object)),
        text: value_yaml(&object.value),
        secret: object.secret,
    }
}

/// The list of files that do not belong into a repository; `None` if there are none.
pub(super) fn git_ignore(folder: &str, files: &[OutFile]) -> Option<OutFile> {
    let paths: Vec<_> = files
        .iter()
        .filter(|file| file.secret)
        .map(|file| file.path.strip_prefix(folder).unwrap_or(&file.path))
        .collect();
    let text =
        format!("# Secret values: keep them out of the repository.\n/{}\n", paths.join("\n/"));
    (!paths.is_empty()).then(|| OutFile::open(format!("{folder}.gitignore"), text))
}
