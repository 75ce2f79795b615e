//! The file of `--pools`: groups of nodes.

use shapes::{BadPool, Pool};
use yaml::fields::{self, Fields, wrong};
use yaml::{Diagnostic, FileId, Limits, Node};

/// Reads `pools:`, a list.
pub(crate) fn read(text: &str, file: FileId) -> Result<Vec<Pool>, Diagnostic> {
    let Some(root) = yaml::parse(text, file, Limits::default())? else { return Ok(Vec::new()) };
    let mut top = Fields::of(&root)?;
    let pools = fields::list(top.must("pools")?)?;
    top.done()?;
    pools.iter().map(pool).collect()
}

fn pool(node: &Node) -> Result<Pool, Diagnostic> {
    let mut fields = Fields::of(node)?;
    let told = |at: &Node, error: BadPool| {
        let message = match &error {
            BadPool::Shape(name) => {
                format!("{name:?}: {}", crate::arguments::unknown_shape(name))
            }
            _ => error.to_string(),
        };
        wrong(at, message)
    };
    let at = fields.must("name")?;
    let name = fields::text(at)?;
    let count_at = fields.must("count")?;
    let count = fields.count("count")?.unwrap_or(0);
    let shape_at = fields.must("shape")?;
    let shape = fields::text(shape_at)?;
    let known = shapes::shape(&shape).ok_or_else(|| told(shape_at, BadPool::Shape(shape)))?;
    let count = u32::try_from(count).ok().filter(|it| *it <= shapes::MOST);
    let count = count.ok_or_else(|| {
        let text = count_at.scalar_text().unwrap_or_default();
        told(count_at, BadPool::Count(text))
    })?;
    let mut pool = Pool::new(&name, count, known).map_err(|error| told(at, error))?;
    for setting in ["gpus", "mig", "zones", "rack", "block"] {
        if let Some(value) = fields.take(setting) {
            pool = pool.set(setting, &fields::text(value)?).map_err(|error| told(value, error))?;
        }
    }
    if let Some(labels) = fields.take("labels") {
        Fields::of(labels)?;
        for (key, value) in labels.as_map().into_iter().flat_map(|map| &map.entries) {
            let text = fields::text(value)?;
            pool = pool.label(&key.value, &text).map_err(|error| told(value, error))?;
        }
    }
    for taint in fields.list("taints")? {
        pool = pool.taint(&fields::text(taint)?).map_err(|error| told(taint, error))?;
    }
    fields.done()?;
    Ok(pool)
}

#[cfg(test)]
mod tests {
    use super::read;
    use yaml::{FileId, Sources};

    #[test]
    fn pools_are_read() {
        let text = include_str!("../../../../examples/twin/pools.yaml");
        let pools = read(text, FileId(0)).unwrap();
        let counts: Vec<_> = pools.iter().map(|pool| (pool.name(), pool.count())).collect();
        assert_eq!(counts, [("web", 20), ("gpu", 4)]);
        let node = pools[1].nodes().next().unwrap();
        assert_eq!(node.labels["team"], "research");
        assert_eq!(node.taints[0].key, "nvidia.com/gpu");
    }

    #[test]
    fn what_is_wrong_has_a_place() {
        let pool = "pools:\n- name: a\n  count: 1\n  shape: h100\n";
        for (text, said) in [
            ("pools:\n- name: a\n".to_owned(), "f:2: \"count\" is missing"),
            (pool.replace("h100", "h1000"), "f:4: \"h1000\": there is no such shape"),
            (pool.replace(": 1", ": 1000000"), "f:3: \"1000000\" is no number of nodes"),
            (pool.replace("name: a", "name: A"), "f:2: \"A\" is no name"),
            (format!("{pool}  zone: 2\n"), "f:5: there is no field"),
            (format!("{pool}  zones: 0\n"), "f:5: \"0\" is no number for zones"),
            (format!("{pool}  labels:\n    a b: c\n"), "f:6: \"a b=c\" is no label"),
            (format!("{pool}  taints: [a=b]\n"), "f:5: \"a=b\" is no taint"),
        ] {
            let mut sources = Sources::default();
            let file = sources.add("f", text.as_str());
            let error = read(&text, file).unwrap_err();
            let place = sources.location(error.span);
            let line = place.split(':').take(2).collect::<Vec<_>>().join(":");
            let found = format!("{line}: {}", error.message);
            assert!(found.starts_with(said), "{text}: {found}");
        }
    }
}
