//! From arguments to the nodes of a twin.

use crate::arguments::NodesArguments;
use crate::error::Error;
use crate::live::{file, pools};
use shapes::Pool;
use std::collections::BTreeSet;
use twin::{Builder, Stages, Twin};

/// How many there are if nobody says it.
const NODES: u32 = 3;

impl NodesArguments {
    /// A twin with these nodes.
    pub(crate) fn builder(&self) -> Result<Builder, Error> {
        let mut builder = Twin::builder();
        for pool in self.all_pools()? {
            builder = builder.pool(pool);
        }
        Ok(builder.stages(self.read_stages()?))
    }

    fn plain(&self) -> u32 {
        let alone = self.pool.is_empty() && self.pools.is_empty();
        self.nodes.unwrap_or(if alone { NODES } else { 0 })
    }

    fn all_pools(&self) -> Result<Vec<Pool>, Error> {
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
        let mut pools = [pools.as_slice(), self.pool.as_slice()].concat();
        for path in &self.pools {
            pools.extend(file::read(path, pools::read)?);
        }
        let mut names = BTreeSet::new();
        match pools.iter().find(|pool| !names.insert(pool.name())) {
            Some(twice) => Err(Error::advised(
                format!("two pools of nodes are called {}", twice.name()),
                "give each a name of its own",
            )),
            None => Ok(pools),
        }
    }

    fn read_stages(&self) -> Result<Stages, Error> {
        let mut stages = Vec::new();
        for path in &self.stages {
            let read = file::read(path, kwok::read)?;
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
