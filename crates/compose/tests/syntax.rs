//! Short and long forms of attributes.

mod common;

use common::{codes, load_files, project, web};
use model::project::{Condition, DeployMode, HealthTest, MountKind, PortRange, Protocol, Restart};
use units::{Bytes, Cpu, Seconds};
use yaml::Severity;

#[test]
fn ports() {
    let service = web(
        "ports:\n  - 80\n  - '8080:81'\n  - 3000-3002:4000-4002/udp\n  - target: 9000\n    published: '9001'\n    host_ip: 127.0.0.1\n    protocol: tcp\n    app_protocol: http\n    name: api\n    mode: host\nexpose: [7000, 7001-7002/udp]",
    );
    let seen: Vec<_> =
        service.ports.iter().map(|p| (p.index, p.target, p.published, p.protocol)).collect();
    let one = |port| Some(PortRange(port, port));
    assert_eq!(
        seen,
        [
            (0, 80, None, Protocol::Tcp),
            (1, 81, one(8080), Protocol::Tcp),
            (2, 4000, one(3000), Protocol::Udp),
            (2, 4001, one(3001), Protocol::Udp),
            (2, 4002, one(3002), Protocol::Udp),
            (3, 9000, one(9001), Protocol::Tcp),
        ]
    );
    let last = service.ports.last().unwrap();
    assert_eq!(
        (
            last.host_ip.as_deref(),
            last.app_protocol.as_deref(),
            last.name.as_deref(),
            last.host_mode
        ),
        (Some("127.0.0.1"), Some("http"), Some("api"), true)
    );
    let exposed: Vec<_> = service.expose.iter().map(|e| e.value).collect();
    assert_eq!(exposed, [(7000, Protocol::Tcp), (7001, Protocol::Udp), (7002, Protocol::Udp)]);
}

#[test]
fn mounts() {
    let service = web(
        "volumes:\n  - /anonymous\n  - data:/data:ro\n  - ./x:/x:z,cached\n  - C:\\d:/d\n  - {type: volume, source: data, target: /v, read_only: true, volume: {nocopy: true, subpath: s}}\n  - {type: tmpfs, target: /t, tmpfs: {size: 64m}}\n  - {type: image, source: i, target: /i}\n  - {type: npipe, source: p, target: /p}\ntmpfs:\n  - /run:size=1m,mode=700\n  - /tmp",
    );
    let kinds: Vec<String> = service
        .mounts
        .iter()
        .map(|m| match &m.kind {
            MountKind::Bind { source, .. } => format!("bind {source} {}", m.options.join("+")),
            MountKind::Named(name) => {
                format!("named {name} ro={} nocopy={} {:?}", m.read_only, m.no_copy, m.subpath)
            }
            other => format!("{other:?}"),
        })
        .collect();
    assert_eq!(
        kinds,
        [
            "Anonymous",
            "named data ro=true nocopy=false None",
            "bind ./x z+cached",
            "bind C:\\d ",
            "named data ro=true nocopy=true Some(\"s\")",
            "Tmpfs(Some(Bytes(67108864)))",
            "Image(\"i\")",
            "Other(\"npipe\")",
        ]
    );
    assert_eq!(service.tmpfs[0].value, ("/run".to_owned(), Some(Bytes::mib(1))));
}

#[test]
fn commands_and_checks() {
    let service = web(
        "command: sh -c 'a b'\nentrypoint: []\nhealthcheck: {test: [CMD-SHELL, 'curl x'], interval: 1m30s, timeout: 500ms, retries: 4, start_period: 5s, start_interval: 1s}",
    );
    assert_eq!(service.command.unwrap().value, ["sh", "-c", "a b"]);
    assert!(service.entrypoint.unwrap().value.is_empty());
    let check = service.healthcheck.unwrap();
    assert_eq!(check.test.unwrap().value, HealthTest::Shell("curl x".to_owned()));
    assert_eq!(check.interval.unwrap().value, Seconds(90));
    assert_eq!(check.timeout.unwrap().value, Seconds(1));
    assert_eq!(check.retries.unwrap().value, 4);
    let test =
        |text: &str| web(&format!("healthcheck: {text}")).healthcheck.unwrap().test.unwrap().value;
    assert_eq!(test("{test: curl x}"), HealthTest::Shell("curl x".to_owned()));
    assert_eq!(
        test("{test: [CMD, a, b]}"),
        HealthTest::Command(vec!["a".to_owned(), "b".to_owned()])
    );
    assert_eq!(test("{test: [NONE]}"), HealthTest::Disabled);
    assert_eq!(test("{disable: true}"), HealthTest::Disabled);
}

#[test]
fn deploy_and_its_elders() {
    let service = web(
        "scale: 3\ncpus: 0.5\nmem_limit: 512m\nmem_reservation: 1gb\npids_limit: 100\nmemswap_limit: -1",
    );
    assert_eq!(service.deploy.replicas.unwrap().value, 3);
    assert_eq!(service.deploy.limits.cpu.unwrap().value, Cpu::millis(500));
    assert_eq!(service.deploy.limits.memory.unwrap().value, Bytes::mib(512));
    assert_eq!(service.deploy.reservations.memory.unwrap().value, Bytes::gib(1));
    let service = web(
        "mem_limit: 1g\ndeploy:\n  mode: replicated-job\n  replicas: '2'\n  resources:\n    limits: {cpus: 2, memory: 64M}\n    reservations: {devices: [{driver: nvidia, count: 2, capabilities: [gpu, utility]}]}\n  restart_policy: {condition: on-failure, max_attempts: 3}\n  placement: {constraints: [node.role == worker], preferences: [{spread: node.labels.zone}], max_replicas_per_node: 1}\n  update_config: {order: start-first, parallelism: 2}\n  endpoint_mode: dnsrr\n  labels: {a: b}\ngpus: all",
    );
    let deploy = service.deploy;
    assert_eq!(deploy.mode.unwrap().value, DeployMode::ReplicatedJob);
    assert_eq!(deploy.replicas.unwrap().value, 2);
    assert_eq!(deploy.limits.memory.unwrap().value, Bytes::mib(64));
    assert_eq!(deploy.restart.unwrap().value, Restart::OnFailure(Some(3)));
    assert_eq!(deploy.devices.len(), 2);
    assert_eq!((deploy.devices[0].count, deploy.devices[1].count), (Some(2), None));
    assert!(deploy.update_start_first.unwrap().value);
    assert_eq!(service.labels["a"].value, "b");
}

#[test]
fn restart_has_many_spellings() {
    for (text, want) in [
        ("no", Restart::Never),
        ("'no'", Restart::Never),
        ("false", Restart::Never),
        ("always", Restart::Always),
        ("unless-stopped", Restart::UnlessStopped),
        ("on-failure", Restart::OnFailure(None)),
        ("on-failure:3", Restart::OnFailure(Some(3))),
    ] {
        assert_eq!(web(&format!("restart: {text}")).restart.unwrap().value, want, "{text}");
    }
}

#[test]
fn relations() {
    let service = web(
        "depends_on: {db: {condition: service_completed_successfully, restart: true, required: false}}\nlinks: ['db:database', db]\nextra_hosts: ['a:1.2.3.4', 'b=::1', 'c=[::2]']\nmodels: []\nnetworks: {default: {aliases: [w, v], priority: 5}}",
    );
    let dependency = &service.depends_on["db"];
    assert_eq!(
        (dependency.condition, dependency.restart, dependency.required),
        (Condition::Completed, true, false)
    );
    assert_eq!(service.links[0].value, ("db".to_owned(), "database".to_owned()));
    let hosts: Vec<_> =
        service.extra_hosts.iter().map(|h| (h.value.0.as_str(), h.value.1.as_str())).collect();
    assert_eq!(hosts, [("a", "1.2.3.4"), ("b", "::1"), ("c", "::2")]);
    let attachment = &service.networks["default"];
    assert_eq!(attachment.aliases.len(), 2);
    assert_eq!(attachment.other["priority"], "5");
    assert_eq!(web("depends_on: [db]").depends_on["db"].condition, Condition::Started);
}

#[test]
fn scalars_of_a_service() {
    let service = web(
        "user: 1000:1000\nstop_signal: TERM\nstop_grace_period: 1m\nread_only: 'true'\ninit: yes\nshm_size: 64mb\ndevices: ['/dev/x:/dev/y:r', {source: /dev/z, permissions: rw}]\nsysctls: [net.core.somaxconn=1024]\ndns: 1.1.1.1\ngroup_add: [100, video]\nuserns_mode: host\nplatform: linux/arm64\npre_stop: [{command: sleep 5, user: root}]",
    );
    assert_eq!(service.user.unwrap().value, "1000:1000");
    assert_eq!(service.stop_signal.unwrap().value, "SIGTERM");
    assert_eq!(service.stop_grace_period.unwrap().value, Seconds(60));
    assert!(service.read_only.unwrap().value && service.init.unwrap().value);
    let devices: Vec<_> = service.devices.iter().map(|d| d.value.as_str()).collect();
    assert_eq!(devices, ["/dev/x:/dev/y:r", "/dev/z:/dev/z:rw"]);
    assert_eq!(service.sysctls["net.core.somaxconn"].value, "1024");
    assert_eq!(service.dns[0].value, "1.1.1.1");
    assert_eq!(service.hooks[0].command, ["sleep", "5"]);
}

#[test]
fn the_sections_beside_services() {
    let text = "name: Shop_1\nservices:\n  web:\n    image: x\n    secrets: [pw, {source: ev, target: t, mode: 0440}]\n    configs: [{source: c, mode: '0400'}]\n    models: {big-llm: {endpoint_var: U}}\n    networks: [front]\n    volumes: [v:/v]\nnetworks: {front: {internal: true}, old: {external: {name: theirs}}}\nvolumes:\n  v: {name: vol, driver: local, driver_opts: {type: nfs}, labels: [a=b], x-muster: {size: 20Gi, class: fast}}\n  o: {external: true}\nsecrets: {pw: {file: pw.txt}, ev: {environment: TOKEN}, ex: {external: true}}\nconfigs: {c: {content: \"a=${TOKEN}\"}, d: {file: conf}}\nmodels: {big-llm: {model: ai/x, context_size: 4096, runtime_flags: [--a], x-muster: {inference: {users: 5, ttft: 500ms}}}}\n";
    let project = project(&[
        ("compose.yaml", text),
        (".env", "TOKEN=t0k\n"),
        ("pw.txt", "secret\n"),
        ("conf/a.conf", "1"),
        ("conf/sub/b.conf", "2"),
    ]);
    assert_eq!(project.name, "shop_1");
    assert!(
        project.networks["front"].internal.as_ref().unwrap().value
            && project.networks["old"].external
    );
    assert!(!project.networks.contains_key("default"));
    let volume = &project.volumes["v"];
    assert_eq!(
        (volume.size.as_ref().unwrap().value, volume.class.as_ref().unwrap().value.as_str()),
        (Bytes::gib(20), "fast")
    );
    assert!(project.volumes["o"].external);
    assert_eq!(project.secrets["pw"].content.as_ref().unwrap().expose(), "secret\n");
    assert_eq!(project.secrets["ev"].content.as_ref().unwrap().expose(), "t0k");
    assert_eq!(project.configs["c"].content.as_ref().unwrap().expose(), "a=t0k");
    let files: Vec<_> = project.configs["d"].directory.keys().collect();
    assert_eq!(files, ["a.conf", "sub/b.conf"]);
    let web = &project.services["web"];
    assert_eq!((web.secrets[1].mode, web.configs[0].mode), (Some(0o440), Some(0o400)));
    let used = &web.models["big-llm"];
    assert_eq!((used.url_variable.as_str(), used.model_variable.as_str()), ("U", "BIG_LLM_MODEL"));
    let model = &project.models["big-llm"];
    assert_eq!(model.context_size.as_ref().unwrap().value, 4096);
    assert_eq!(model.intent.inference.as_ref().unwrap().ttft_ms, Some(500));
}

#[test]
fn intent() {
    let service = web(
        "x-muster:\n  kind: cronjob\n  schedule: 0 3 * * *\n  replicable: true\n  scale: {min: 2, max: 10, cpu: 50}\n  connections: {pool: 10}\n  storage: 20Gi\n  metrics: {port: 9090}\n  security: {run_as: root, read_only: false}\n  database: {topology: galera, replicas: 3, storage: 50Gi, backup: {schedule: 0 3 * * *, keep: 7}}\n  inference: {model: m, users: 500, think_time: 30s, tpot: 50ms}\n  training: {team: r, topology: {require: block}, checkpoint: {to: 's3://x'}}",
    );
    let intent = service.intent;
    assert_eq!(intent.scale.unwrap().max, Some(10));
    assert_eq!(intent.connections.unwrap().processes, 1);
    assert_eq!(intent.metrics.unwrap().path, "/metrics");
    assert_eq!(intent.database.unwrap().backup.unwrap().keep, Some(7));
    assert_eq!(intent.inference.unwrap().think_time_ms, Some(30_000));
    assert_eq!(intent.training.unwrap().require.as_deref(), Some("block"));
    let off = web("x-muster: {database: {backup: false}}").intent.database.unwrap();
    assert!(!off.backup.unwrap().enabled);
}

#[test]
fn fields_account_for_every_attribute() {
    let service = web(
        "ports: ['80:80', {target: 9}]\nenvironment: [A=1]\ndeploy: {resources: {limits: {cpus: 1}}}\nnetworks: {default: null}\nx-other: {a: 1}\nunknown_key: 1\nx-muster: {storage: 1Gi}",
    );
    let paths: Vec<_> = service.fields.iter().map(|f| f.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "image",
            "ports.0",
            "ports.1.target",
            "environment.A",
            "deploy.resources.limits.cpus",
            "networks.default",
            "unknown_key",
            "x-muster.storage"
        ]
    );
    assert_eq!(service.fields[1].span.start.line, 4);
}

#[test]
fn what_is_written_twice_counts_once() {
    let service =
        web("volumes: ['data:/x', './y:/x/', /z]\nports: ['80:80', '80-81:80-81', 80]\ntmpfs: /z");
    let targets: Vec<_> = service.mounts.iter().map(|m| (m.target.as_str(), m.index)).collect();
    assert_eq!(targets, [("/x", 1), ("/z", 2)]);
    assert_eq!(service.ports.len(), 3);
}

#[test]
fn contradictions_are_said() {
    let text = "services:\n  web: {image: x, network_mode: host, networks: [default], scale: 2, container_name: w, tmpfs: /t, volumes: [/t]}\nx-muster: {}\nx-mustr: {}\nx-outer: {}\n";
    let loaded = load_files(&[("compose.yaml", text)]);
    let mut codes = codes(&loaded, Severity::Warning);
    codes.sort_unstable();
    assert_eq!(
        codes,
        ["contradiction", "contradiction", "duplicate-mount", "misplaced-intent", "unknown-field"]
    );
    assert!(loaded.project.is_some());
}

#[test]
fn builds_say_what_their_files_say() {
    let project = project(&[
        (
            "compose.yaml",
            "name: x\nservices:\n  web:\n    build: {context: app, target: prod, args: [V=3, TOKEN], dockerfile: Dockerfile.prod}\n    image: '$COMPOSE_PROJECT_NAME/web'\n  inline: {build: {dockerfile_inline: \"FROM scratch\\nEXPOSE 81\\n\"}}\n  far: {build: 'https://example.com/x.git'}\n",
        ),
        (".env", "TOKEN=t\n"),
        (
            "app/Dockerfile.prod",
            "ARG V\nFROM node:$V AS prod\nCOPY --chown=x ./proxy /etc/nginx/conf.d/\nCOPY src /app\nEXPOSE 80\nCMD node x\n",
        ),
        ("app/src/main/resources/application.properties", "url=jdbc:mysql://db/x\n"),
        ("app/package.json", "{}"),
        ("app/node_modules/y/package.json", "{}"),
        ("app/src/main.rs", "no settings"),
        ("app/proxy/conf", "proxy_pass http://db;"),
    ]);
    let build = project.services["web"].build.as_ref().unwrap();
    let facts = build.facts.as_ref().unwrap();
    assert_eq!(
        (facts.base.as_deref(), facts.path.as_str()),
        (Some("node:3"), "./app/Dockerfile.prod")
    );
    assert_eq!(build.args["TOKEN"].as_deref(), Some("t"));
    let texts: Vec<_> = build.texts.keys().map(String::as_str).collect();
    assert_eq!(
        texts,
        [
            "./app/package.json",
            "./app/proxy/conf",
            "./app/src/main/resources/application.properties"
        ]
    );
    assert_eq!(project.services["web"].image.as_ref().unwrap().value, "x/web");
    let inline = project.services["inline"].build.as_ref().unwrap().facts.as_ref().unwrap();
    assert_eq!((inline.base.as_deref(), inline.expose[0].0), (Some("scratch"), 81));
    assert!(project.services["far"].build.as_ref().unwrap().facts.is_none());
}

#[test]
fn providers_need_no_image() {
    let project = project(&[(
        "compose.yaml",
        "services: {db: {provider: {type: cloud, options: {type: mysql, tags: [a, b]}}}}\n",
    )]);
    let provider = project.services["db"].provider.as_ref().unwrap();
    assert_eq!((provider.kind.value.as_str(), provider.options["tags"].as_str()), ("cloud", "a,b"));
}

#[test]
fn names_may_look_like_extensions() {
    let project = project(&[(
        "compose.yaml",
        "services: {x-web: {image: 'a$$b', environment: {x-a: 1}, labels: [x-b=2], networks: [x-n]}, x-note: {a: b}}\nnetworks: {x-n: {}}\n",
    )]);
    let web = &project.services["x-web"];
    let paths: Vec<_> = web.fields.iter().map(|f| f.path.as_str()).collect();
    assert_eq!(paths, ["image", "environment.x-a", "labels.x-b", "networks.x-n"]);
    assert_eq!(web.image.as_ref().unwrap().value, "a$b");
    assert_eq!(project.services.len(), 1);
}

#[test]
fn a_model_may_be_described_by_a_file_of_the_project() {
    let text = |model: &str| {
        format!(
            "services: {{ x: {{ image: x, x-muster: {{ inference: {{ model: {model} }} }} }} }}\n"
        )
    };
    let read = |model: &str| {
        let loaded = load_files(&[("compose.yaml", &text(model)), ("m/config.json", "{}")]);
        let warned = codes(&loaded, Severity::Warning);
        let mut services = loaded.project.expect("it loads").services;
        let intent = services.remove("x").expect("it was just written").intent.inference;
        (intent.and_then(|it| it.config), warned)
    };
    assert_eq!(read("./m/config.json"), (Some("{}".to_owned()), vec![]));
    assert_eq!(read("llama-3.1-8b"), (None, vec![]));
    assert_eq!(read("../config.json"), (None, vec![]), "outside nothing is read");
    assert_eq!(read("./n/config.json"), (None, vec!["missing-file"]));
}
