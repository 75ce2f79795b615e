//! The table is well formed and consistent.

use std::collections::{HashMap, HashSet};

use crate::container::PortUse;
use crate::family::{Certainty, Family, Role};
use crate::probe::Probes;
use crate::service::Replicas;
use crate::table::FILES;
use crate::{Check, ImageRef, families, family, guess, lookup};

#[test]
fn every_file_parses() {
    let families = crate::table::read(FILES).unwrap_or_else(|error| panic!("{error}"));
    assert!(families.len() > 150, "{}", families.len());
}

#[test]
fn identifiers_and_repositories_are_unique() {
    let mut ids = HashSet::new();
    let mut owners: HashMap<&str, &str> = HashMap::new();
    for family in families() {
        assert!(ids.insert(&family.id), "two families are called {}", family.id);
        for repository in &family.repositories {
            let other = owners.insert(repository, &family.id);
            assert_eq!(other, None, "{repository} is also claimed by {}", family.id);
        }
    }
}

#[test]
fn repositories_are_canonical() {
    for family in families() {
        for repository in &family.repositories {
            let concrete = repository.replace('*', "x");
            let image = ImageRef::parse(&concrete).expect(repository);
            assert_eq!(image.canonical(), concrete, "{}", family.id);
            assert!(image.tag.is_none() && image.digest.is_none(), "{repository}");
        }
    }
}

/// A name Kubernetes accepts for a port.
fn is_port_name(name: &str) -> bool {
    (1..=15).contains(&name.len())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        && name.chars().any(|c| c.is_ascii_lowercase())
        && !name.starts_with('-')
        && !name.ends_with('-')
        && !name.contains("--")
}

#[test]
fn ports_are_unique_and_well_named() {
    for family in families() {
        let mut names = HashSet::new();
        let mut numbers = HashSet::new();
        for port in &family.ports {
            assert!(is_port_name(&port.name), "{}: {}", family.id, port.name);
            assert!(names.insert(&port.name), "{}: {} twice", family.id, port.name);
            let number = (port.port, format!("{:?}", port.protocol));
            assert!(numbers.insert(number), "{}: {} twice", family.id, port.port);
            assert_ne!(port.port, 0, "{}", family.id);
        }
    }
}

fn all_probes(family: &Family) -> impl Iterator<Item = (bool, &Probes)> {
    let variants = family.variants.iter().filter_map(|variant| variant.probes.as_ref());
    std::iter::once((false, &family.probes)).chain(variants.map(|probes| (true, probes)))
}

#[test]
fn probes_ask_known_ports_and_known_shells() {
    for family in families() {
        for (of_variant, probes) in all_probes(family) {
            for (name, probe) in probes.each() {
                let at = format!("{} {name}", family.id);
                assert!(probe.period > 0 && probe.timeout > 0 && probe.failures > 0, "{at}");
                assert!(probe.timeout <= probe.period.max(15), "{at}: timeout over period");
                if let Some(number) = probe.check.port().filter(|_| !of_variant) {
                    assert!(family.ports.iter().any(|p| p.port == number), "{at}: {number}");
                }
                match &probe.check {
                    Check::Exec(command) => assert!(family.shell && !command.is_empty(), "{at}"),
                    Check::Http(http) => assert!(http.path.starts_with('/'), "{at}"),
                    Check::Tcp(_) | Check::Grpc(_) => {}
                }
            }
        }
    }
}

/// The most important rule: nothing may kill a database that starts, recovers or is busy.
#[test]
fn databases_are_never_killed_in_recovery() {
    let databases = families().iter().filter(|f| f.role == Role::Database && f.engine.is_some());
    for family in databases.filter(|f| !matches!(f.id.as_str(), "etcd" | "consul" | "vault")) {
        for (_, probes) in all_probes(family) {
            let startup = probes.startup.as_ref().expect(&family.id);
            if !matches!(family.id.as_str(), "influxdb") {
                assert!(startup.patience() >= 3600, "{}: {}", family.id, startup.patience());
            }
            assert!(probes.readiness.is_some(), "{}", family.id);
            if let Some(liveness) = &probes.liveness {
                assert!(matches!(liveness.check, Check::Tcp(_)), "{}", family.id);
                assert!(liveness.patience() >= 120, "{}", family.id);
            }
        }
        assert!(family.stop.grace.is_some_and(|grace| grace >= 60), "{}: grace", family.id);
        assert!(!matches!(family.replicas, Replicas::Stateless), "{}", family.id);
        assert!(!family.data.is_empty(), "{}", family.id);
    }
}

#[test]
fn liveness_differs_from_readiness() {
    for family in families() {
        for (_, probes) in all_probes(family) {
            assert!(probes.liveness.is_none() || probes.liveness != probes.readiness);
        }
    }
}

#[test]
fn users_are_not_root_without_a_reason() {
    for family in families() {
        let variants = family.variants.iter().filter_map(|variant| variant.user.as_ref());
        for user in std::iter::once(&family.user).chain(variants) {
            assert_ne!(user.uid, Some(0), "{}", family.id);
            assert!(user.uid.is_some() != user.root.is_some(), "{}: uid or root", family.id);
            assert!(user.root.as_ref().is_none_or(|why| why.len() > 10), "{}", family.id);
            let own = |uid: &u32| user.uid.is_none_or(|own| own == *uid);
            assert!(user.names.values().all(own), "{}", family.id);
            assert_ne!(user.fs_group(), Some(0), "{}", family.id);
        }
    }
}

#[test]
fn paths_are_absolute_and_do_not_overlap() {
    for family in families() {
        for data in &family.data {
            assert!(data.path.starts_with('/') && !data.path.ends_with('/'), "{}", family.id);
            assert!((1..=500).contains(&data.size_gi), "{}", family.id);
            let covers = |path: &&String| **path == data.path;
            assert_eq!(family.writable.keys().find(covers), None, "{}: data", family.id);
        }
        for path in family.writable.keys() {
            assert!(path.starts_with('/') && !path.ends_with('/'), "{}: {path}", family.id);
        }
    }
}

#[test]
fn numbers_make_sense() {
    for family in families() {
        let r = &family.resources;
        assert!(r.cpu_m >= 10 && r.memory_mi >= 16, "{}", family.id);
        assert!(r.memory_limit_mi >= r.memory_mi, "{}", family.id);
        assert!(r.ephemeral_limit_mi >= r.ephemeral_mi, "{}", family.id);
        if let Some(c) = &family.connections {
            assert!(c.max > c.reserved && c.memory_ki > 0, "{}", family.id);
            let places = c.flag.iter().filter(|word| word.contains("{}")).count();
            assert_eq!(places, usize::from(!c.flag.is_empty()), "{}", family.id);
        }
        assert!(family.stop.grace.is_none_or(|s| (10..=3600).contains(&s)), "{}", family.id);
    }
}

#[test]
fn low_ports_have_a_way_without_root() {
    for family in families().iter().filter(|family| family.user.uid.is_some()) {
        let low = family.ports.iter().any(|p| p.port < 1024 && p.usage != PortUse::Optional);
        assert!(!low || family.unprivileged.is_some(), "{}", family.id);
    }
}

#[test]
fn texts_are_there() {
    for family in families() {
        assert!(!family.title.is_empty() && !family.source.is_empty(), "{}", family.id);
        assert!(family.certainty <= Certainty::Measured);
        for note in &family.notes {
            assert!(note.text.ends_with('.'), "{}: {}", family.id, note.text);
        }
        for key in &family.env.secrets {
            assert!(!key.ends_with("_FILE"), "{}: {key} is a path", family.id);
        }
    }
}

#[test]
fn likeness_takes_over_what_is_not_written() {
    let percona = family("percona").expect("percona is in the table");
    let mysql = family("mysql").expect("mysql is in the table");
    assert_eq!(percona.probes, mysql.probes);
    assert_ne!(percona.user, mysql.user);
    assert!(crate::table::read(&[("x", "[[family]]\nid = \"a\"\nlike = \"b\"\n")]).is_err());
    assert!(crate::table::read(&[("x", "[[family]]\nid = \"a\"\nnonsense = 1\n")]).is_err());
}

#[test]
fn the_document_has_every_family() {
    let document = crate::markdown();
    for family in families() {
        assert!(document.contains(&format!("### {}\n", family.title)), "{}", family.id);
    }
}

/// Prints how much of a census the table covers: one line per service with image, environment
/// keys and mount targets, separated by tabs, in the file that `CATALOG_CENSUS` names.
#[test]
fn census() {
    let Ok(path) = std::env::var("CATALOG_CENSUS") else { return };
    let text = std::fs::read_to_string(path).expect("the census is readable");
    let (mut known, mut guessed, mut all) = (0, 0, 0);
    for line in text.lines() {
        let mut parts = line.split('\t');
        let image = parts.next().and_then(|image| ImageRef::parse(image).ok());
        let keys: Vec<&str> = parts.next().unwrap_or_default().split(',').collect();
        let mounts: Vec<&str> = parts.next().unwrap_or_default().split(',').collect();
        let evidence = crate::Evidence {
            image: image.as_ref(),
            env_keys: &keys,
            mount_targets: &mounts,
            ..Default::default()
        };
        all += 1;
        if image.as_ref().and_then(lookup).is_some() {
            known += 1;
        } else if let Some((family, because)) = guess(&evidence) {
            guessed += 1;
            println!("guess {line:.60}: {} because {because}", family.id);
        } else {
            println!("unknown {line:.60}");
        }
    }
    println!("{known} known and {guessed} guessed of {all}");
}

#[test]
fn exact_tags_name_one_build() {
    let exact = |text: &str| ImageRef::parse(text).unwrap().is_exact();
    for text in [
        "a:1.2.3",
        "a:v1.2.3-alpine",
        "a@sha256:0000000000000000000000000000000000000000000000000000000000000000",
        "a:2024.01",
        "a:RELEASE.2024-05-10T01-41-38Z",
        "a:sha-3f2a9bc",
    ] {
        assert!(exact(text), "{text}");
    }
    for text in ["a", "a:latest", "a:16", "a:11.4", "a:16-alpine", "a:stable", "a:v2", "a:main"] {
        assert!(!exact(text), "{text}");
    }
}
