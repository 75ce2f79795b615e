use super::{BadPool, Pool};
use crate::table::shapes;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn pool(text: &str) -> Pool {
    Pool::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn nodes_say_what_their_machines_have() {
    let pool = pool("train=9:h100");
    let nodes: Vec<_> = pool.nodes().collect();
    assert_eq!(nodes.len(), 9);
    let label = |at: usize, key: &str| nodes[at].labels.get(key).cloned().unwrap_or_default();
    assert_eq!(nodes[8].name, "train-8");
    assert_eq!(nodes[0].capacity["cpu"], "224");
    assert_eq!(nodes[0].capacity["memory"], "2048Gi");
    assert_eq!(nodes[0].allocatable["nvidia.com/gpu"], "8");
    assert_eq!(label(0, "nvidia.com/gpu.memory"), "81559");
    assert_eq!(label(0, "nvidia.com/mig.strategy"), "single");
    assert_eq!(label(0, "node.kubernetes.io/instance-type"), "h100");
    assert_eq!(label(3, "cloud.provider.com/topology-rack"), "train-z0-b0-r0");
    assert_eq!(label(4, "cloud.provider.com/topology-rack"), "train-z0-b0-r1");
    assert_eq!(label(8, "fabric.topograph.run/tier-1"), "train-z0-b0");
    assert_eq!(label(8, "topology.kubernetes.io/zone"), "local-a");
}

#[test]
fn gpus_are_counted_and_cut() {
    let node = |text: &str| pool(text).nodes().next().expect("it has a node");
    assert_eq!(node("a=1:h100,gpus=4").capacity["nvidia.com/gpu"], "4");
    let cut = node("a=1:p4d.24xlarge,mig=1g.5gb");
    assert_eq!(cut.capacity["nvidia.com/gpu"], "0");
    assert_eq!(cut.capacity["nvidia.com/mig-1g.5gb"], "56");
    assert_eq!(cut.labels["nvidia.com/mig.strategy"], "mixed");
    assert_eq!(cut.labels["nvidia.com/mig-1g.5gb.memory"], "5120");
    assert_eq!(cut.labels["nvidia.com/mig-1g.5gb.product"], "NVIDIA-A100-SXM4-40GB-MIG-1g.5gb");
    let plain = node("a=1:m7g.xlarge");
    assert!(
        !plain.capacity.contains_key("nvidia.com/gpu")
            && plain.labels["kubernetes.io/arch"] == "arm64"
    );
}

#[test]
fn zones_blocks_and_racks_nest() {
    let pool = pool("x=48:m5.xlarge,zones=2,rack=4,block=3");
    let mut above: BTreeMap<String, String> = BTreeMap::new();
    let mut members: BTreeMap<String, u32> = BTreeMap::new();
    for node in pool.nodes() {
        let label = |key: &str| node.labels[key].clone();
        let rack = label("cloud.provider.com/topology-rack");
        let block = label("cloud.provider.com/topology-block");
        *members.entry(rack.clone()).or_default() += 1;
        assert_eq!(*above.entry(rack).or_insert_with(|| block.clone()), block);
        let zone = label("topology.kubernetes.io/zone");
        assert_eq!(*above.entry(block).or_insert_with(|| zone.clone()), zone);
    }
    assert_eq!(members.len(), 12);
    assert!(members.values().all(|count| *count == 4));
}

#[test]
fn what_is_wrong_is_said() {
    let fails = |text: &str| Pool::parse(text).expect_err(text);
    assert_eq!(fails("x"), BadPool::Form("x".to_owned()));
    assert_eq!(fails("x=1"), BadPool::Form("x=1".to_owned()));
    assert_eq!(fails("x=y:h100"), BadPool::Count("y".to_owned()));
    assert_eq!(fails("X=1:h100"), BadPool::Name("X".to_owned()));
    assert_eq!(fails("x=1:h101"), BadPool::Shape("h101".to_owned()));
    assert_eq!(fails("x=1:m5.large,gpus=2"), BadPool::NoGpus("m5.large".to_owned()));
    assert_eq!(
        fails("x=1:h100,zones=0").to_string(),
        "\"0\" is no number for zones: it takes 1 to 100000"
    );
    assert_eq!(fails("x=1:h100,colour=1"), BadPool::Setting("colour".to_owned()));
    assert!(fails("x=1:h100,mig=1g.5gb").to_string().contains("it takes 1g.10gb, 1g.20gb"));
    assert_eq!(
        fails("x=1:l4,mig=1g.5gb").to_string(),
        "the GPU l4 cannot be cut into \"1g.5gb\": it has no instances"
    );
}

#[test]
fn labels_are_such_as_kubernetes_takes() {
    for shape in shapes() {
        let pool = Pool::new("p", 1, shape).expect("the name is right");
        for (key, value) in pool.nodes().next().expect("it has a node").labels {
            let inner = |it: char| it.is_ascii_alphanumeric() || "-_.".contains(it);
            assert!(value.len() <= 63 && value.chars().all(inner), "{key}={value}");
        }
    }
}

proptest! {
    #[test]
    fn any_text_is_answered(text in "[a-z=:,0-9.]{0,40}") {
        let _ = Pool::parse(&text);
    }
}
