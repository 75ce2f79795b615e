//! Requests and limits, start and stop.

use crate::common::{container, finds, plan_with, workload};
use model::plan::PreStop;
use units::{Bytes, Cpu};

#[test]
fn every_container_has_requests_and_limits() {
    let plan = plan_with(
        "a: { image: 'acme/a:1', depends_on: { db: { condition: service_healthy } } }\ndb: { image: 'postgres:17' }\nj: { image: 'acme/j:1', restart: 'no' }",
    );
    for workload in &plan.workloads {
        for container in workload.pod.containers.iter().chain(&workload.pod.init) {
            for list in [&container.resources.requests, &container.resources.limits] {
                assert!(
                    list.cpu.is_some() && list.memory.is_some() && list.ephemeral.is_some(),
                    "{}/{}",
                    workload.name,
                    container.name
                );
            }
            let found = &container.resources;
            assert!(found.requests.cpu <= found.limits.cpu);
            assert!(found.requests.memory <= found.limits.memory);
            assert!(found.requests.ephemeral <= found.limits.ephemeral);
        }
    }
}

#[test]
fn the_file_says_how_much() {
    for rest in [
        "deploy: { resources: { limits: { cpus: '2', memory: 1G }, reservations: { cpus: '0.5', memory: 512M } } }",
        "cpus: 2, mem_limit: 1g, deploy: { resources: { reservations: { cpus: '0.5', memory: 512M } } }",
    ] {
        let plan = plan_with(&format!("x: {{ image: 'acme/x:1', {rest} }}"));
        let found = &container(&plan, "x").resources;
        assert_eq!(found.requests.cpu, Some(Cpu::millis(500)), "{rest}");
        assert_eq!(found.limits.cpu, Some(Cpu::millis(2000)), "{rest}");
        assert_eq!(found.requests.memory, Some(Bytes::mib(512)), "{rest}");
        assert_eq!(found.limits.memory, Some(Bytes::gib(1)), "{rest}");
    }
}

#[test]
fn a_reservation_is_never_above_its_limit() {
    let plan = plan_with(
        "x: { image: 'acme/x:1', deploy: { resources: { limits: { memory: 64M }, reservations: { memory: 1G } } } }",
    );
    let found = &container(&plan, "x").resources;
    assert_eq!(found.requests.memory, Some(Bytes::mib(64)));
    assert!(finds(&plan, "reservation-above-limit"));
}

#[test]
fn heaps_fit_into_their_limit() {
    let plan = plan_with(
        "a: { image: 'acme/a:1', environment: { JAVA_OPTS: '-Xmx2g' } }\nb: { image: 'acme/b:1', mem_limit: 256m, environment: { JAVA_OPTS: '-Xmx2g' } }",
    );
    assert!(container(&plan, "a").resources.limits.memory >= Some(Bytes::gib(2)));
    assert!(finds(&plan, "memory-limit-below-heap"));
}

#[test]
fn pods_leave_their_service_before_they_stop() {
    let plan = plan_with("web: { image: 'acme/w:1', expose: ['80'], stop_grace_period: 20s }");
    let sleep = match &container(&plan, "web").lifecycle.pre_stop {
        Some(PreStop::Sleep(seconds)) => seconds.0,
        other => panic!("{other:?}"),
    };
    assert_eq!(workload(&plan, "web").pod.grace.0, 20 + sleep);
}

#[test]
fn databases_get_time_to_stop() {
    for rest in ["", ", stop_grace_period: 5s"] {
        let plan = plan_with(&format!("db: {{ image: 'postgres:17'{rest} }}"));
        assert!(workload(&plan, "db").pod.grace.0 >= 60);
    }
}
