//! GPUs and shared memory.

use crate::common::{container, finds, plan_with, workload};
use model::plan::VolumeSource;
use units::Bytes;

fn device(device: &str) -> String {
    format!(
        "x: {{ image: 'acme/x:1', deploy: {{ resources: {{ reservations: {{ devices: [{device}] }} }} }} }}"
    )
}

#[test]
fn reservations_are_extended_resources() {
    for (text, resource, count) in [
        ("{ driver: nvidia, count: 2, capabilities: [gpu] }", "nvidia.com/gpu", 2),
        ("{ capabilities: [gpu], device_ids: ['0', '3'] }", "nvidia.com/gpu", 2),
        ("{ capabilities: [gpu], count: all }", "nvidia.com/gpu", 1),
        (
            "{ capabilities: [gpu], count: 1, options: { mig: 1g.10gb } }",
            "nvidia.com/mig-1g.10gb",
            1,
        ),
        (
            "{ capabilities: [gpu], count: 1, options: { sharing: time-slicing } }",
            "nvidia.com/gpu.shared",
            1,
        ),
        ("{ driver: amd, count: 1, capabilities: [gpu] }", "amd.com/gpu", 1),
        (
            "{ driver: cdi, device_ids: ['vendor.com/class=0'], capabilities: [x] }",
            "vendor.com/class",
            1,
        ),
    ] {
        let plan = plan_with(&device(text));
        let found = container(&plan, "x");
        for list in [&found.resources.requests, &found.resources.limits] {
            assert_eq!(list.extended.get(resource), Some(&count), "{text}: {list:?}");
        }
        let taint = if resource.starts_with("nvidia") { "nvidia.com/gpu" } else { resource };
        let pod = &workload(&plan, "x").pod;
        assert!(pod.tolerations.iter().any(|t| t.key.as_deref() == Some(taint)), "{text}");
    }
}

#[test]
fn all_of_a_machine_is_asked_about() {
    let plan = plan_with(&device("{ capabilities: [gpu], count: all }"));
    assert!(plan.report.questions.iter().any(|q| q.question.contains("nvidia.com/gpu")));
}

#[test]
fn other_evidence_for_a_gpu() {
    for rest in ["runtime: nvidia", "gpus: all", "environment: { NVIDIA_VISIBLE_DEVICES: all }"] {
        let plan = plan_with(&format!("x: {{ image: 'acme/x:1', {rest} }}"));
        let found = container(&plan, "x");
        assert_eq!(found.resources.limits.extended["nvidia.com/gpu"], 1, "{rest}");
    }
    let plan = plan_with("x: { image: 'vllm/vllm-openai:v0.9.0' }");
    assert_eq!(container(&plan, "x").resources.limits.extended["nvidia.com/gpu"], 1);
}

#[test]
fn an_unknown_device_is_named() {
    assert!(finds(
        &plan_with(&device("{ driver: fpga, count: 1, capabilities: [x] }")),
        "device-not-carried"
    ));
}

#[test]
fn shared_memory_is_a_volume() {
    for (services, want) in [
        ("x: { image: 'acme/x:1', shm_size: 2gb }", Bytes::gib(2)),
        ("x: { image: 'acme/x:1', gpus: all }", Bytes::gib(1)),
        ("x: { image: 'vllm/vllm-openai:v0.9.0' }", Bytes::gib(8)),
    ] {
        let plan = plan_with(services);
        let pod = &workload(&plan, "x").pod;
        let mount = pod.containers[0].mounts.iter().find(|m| m.path == "/dev/shm").unwrap();
        let volume = pod.volumes.iter().find(|v| v.name == mount.volume).unwrap();
        assert_eq!(volume.source, VolumeSource::Empty { memory: true, limit: Some(want) });
        assert!(
            pod.containers[0].resources.limits.memory > Some(want),
            "it counts against the limit"
        );
    }
}

#[test]
fn a_kind_of_gpu_is_a_node_selector() {
    let plan = plan_with(
        "x: { image: 'vllm/vllm-openai:v0.9.0', x-muster: { inference: { gpu: h100 } } }",
    );
    let pod = &workload(&plan, "x").pod;
    assert_eq!(pod.node_selector["nvidia.com/gpu.product"], "NVIDIA-H100-80GB-HBM3");
}

#[test]
fn a_platform_is_a_node_selector() {
    let plan = plan_with("x: { image: 'acme/x:1', platform: linux/arm64 }");
    assert_eq!(workload(&plan, "x").pod.node_selector["kubernetes.io/arch"], "arm64");
}
