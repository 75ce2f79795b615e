//! From arguments to the nodes of a twin.

use crate::arguments::NodesArguments;
use crate::error::Error;
use shapes::Pool;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use twin::{Builder, Stages, Twin};
use yaml::Sources;

/// How many there are if nobody says it.
const NODES: u32 = 3;
/// A longer file holds no stages that people wrote.
const LONGEST: u64 = 4 << 20;

impl NodesArguments {
    /// A twin with these nodes.
    pub(crate) fn builder(&self) -> Result<Builder, Error> {
        let mut builder = Twin::builder();
        for pool in self.pools()? {
            builder = builder.pool(pool);
        }
        Ok(builder.stages(self.read_stages()?))
    }

    fn plain(&self) -> u32 {
        self.nodes.unwrap_or(if self.pool.is_empty() { NODES } else { 0 })
    }

    fn pools(&self) -> Result<Vec<Pool>, Error> {
        let wrong = |error: shapes::BadPool| Error::input(error.to_string());
        let shape = self.shape.unwrap_or_else(shapes::standard);
        let mut plain = Pool::new("node", self.plain(), shape).map_err(wrong)?;
        if let Some(gpus) = self.gpus {
            plain = plain.gpus(gpus).map_err(wrong)?;
        }
        if let Some(profile) = &self.mig {
            plain = plain.cut(profile).map_err(wrong)?;
        }
        let pools: Vec<_> = std::iter::once(plain).filter(|it| it.count() > 0).collect();
        let pools = [pools.as_slice(), self.pool.as_slice()].concat();
        let mut names = BTreeSet::new();
        match pools.iter().find(|pool| !names.insert(pool.name())) {
            Some(twice) => Err(Error::advised(
                format!("two pools of nodes are called {}", twice.name()),
                "give each a name of its own: --pool NAME=COUNT:SHAPE",
            )),
            None => Ok(pools),
        }
    }

    fn read_stages(&self) -> Result<Stages, Error> {
        let mut stages = Vec::new();
        for path in &self.stages {
            let text = text(path)?;
            let mut sources = Sources::default();
            let file = sources.add(path.display().to_string(), text.as_str());
            let read = kwok::read(&text, file).map_err(|diagnostic| {
                let place = sources.location(diagnostic.span);
                let message = format!("{place}: {}", diagnostic.message);
                Error::Input { message, hint: diagnostic.hint }
            })?;
            if read.is_empty() {
                let message = format!("there is no stage in {}", path.display());
                return Err(Error::advised(
                    message,
                    "a stage says kind: Stage and apiVersion: kwok.x-k8s.io/v1alpha1",
                ));
            }
            stages.extend(read);
        }
        Stages::new(stages).map_err(|error| Error::input(error.to_string()))
    }
}

fn text(path: &Path) -> Result<String, Error> {
    let mut text = String::new();
    // One byte more than is allowed shows that there is more.
    let read = File::open(path).and_then(|file| file.take(LONGEST + 1).read_to_string(&mut text));
    read.map_err(Error::disk("read", path))?;
    Ok(text)
}
