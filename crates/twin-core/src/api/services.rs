//! Addresses and ports of Services: given when one is made, and free again when it is gone.
//!
//! The cluster has one family of addresses, IPv4. What is taken follows from the stored Services, so
//! that no way of removing one can leak an address.

use super::{Api, Call};
use crate::status::{Cause, Status};
use crate::store::{ChangeKind, Key, Revision, Store, TableName};
use crate::tree::{Map, Text, Value};
use std::collections::BTreeMap;
use std::net::Ipv4Addr;

/// The first of the addresses of Services, and how many there are: `10.96.0.0/12`.
const FIRST: u32 = 0x0A60_0000;
const COUNT: u32 = 1 << 20;
const RANGE: &str = "10.96.0.0/12";
/// So many at the start are given to those that ask for them only.
const ASKED: u32 = 256;
const PORTS: std::ops::Range<i64> = 30_000..32_768;

/// What Services have taken.
#[derive(Debug, Default)]
pub(super) struct Taken {
    addresses: BTreeMap<Ipv4Addr, Key>,
    /// By number and protocol.
    ports: BTreeMap<(i64, Text), Key>,
    seen: Revision,
}

impl Taken {
    fn catch_up(&mut self, store: &Store, table: &TableName) {
        let Ok(changes) = store.changes(table, self.seen) else {
            *self = Self { seen: store.revision(), ..Self::default() };
            for service in store.list(table, &crate::store::Narrow::default(), None) {
                self.add(&service.key, &service.tree);
            }
            return;
        };
        for change in changes {
            let key = &change.object.key;
            if let Some(old) = &change.previous {
                self.remove(&old.tree);
            }
            if change.kind != ChangeKind::Deleted {
                self.add(key, &change.object.tree);
            }
        }
        self.seen = store.revision();
    }

    fn add(&mut self, key: &Key, service: &Value) {
        self.addresses.extend(address(service).map(|address| (address, key.clone())));
        self.ports.extend(node_ports(service).map(|port| (port, key.clone())));
    }

    fn remove(&mut self, service: &Value) {
        if let Some(address) = address(service) {
            self.addresses.remove(&address);
        }
        for port in node_ports(service) {
            self.ports.remove(&port);
        }
    }
}

fn address(service: &Value) -> Option<Ipv4Addr> {
    service.str_at(&["spec", "clusterIP"])?.parse().ok()
}

fn ports(service: &Value) -> &[Value] {
    service.at(&["spec", "ports"]).and_then(Value::as_list).map_or(&[], |list| list)
}

fn protocol(port: &Value) -> Text {
    Text::new(port.str_at(&["protocol"]).unwrap_or("TCP"))
}

fn number(value: &Value, field: &str) -> Option<i64> {
    value.at(&[field]).and_then(Value::as_int).filter(|number| *number > 0)
}

fn node_ports(service: &Value) -> impl Iterator<Item = (i64, Text)> {
    let spec = service.at(&["spec"]);
    let health = spec.and_then(|spec| number(spec, "healthCheckNodePort"));
    let own = ports(service).iter();
    let own = own.filter_map(|port| Some((number(port, "nodePort")?, protocol(port))));
    own.chain(health.map(|port| (port, Text::new_static("TCP"))))
}

/// What a Service is, as far as addresses are concerned.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Named,
    Headless,
    Inner,
    Node,
    Balanced,
}

impl Form {
    fn of(service: &Value) -> Self {
        let kind = service.str_at(&["spec", "type"]).unwrap_or("ClusterIP");
        match (kind, service.str_at(&["spec", "clusterIP"])) {
            ("ExternalName", _) => Self::Named,
            (_, Some("None")) => Self::Headless,
            ("NodePort", _) => Self::Node,
            ("LoadBalancer", _) => Self::Balanced,
            _ => Self::Inner,
        }
    }

    fn is_outer(self) -> bool {
        matches!(self, Self::Node | Self::Balanced)
    }
}

impl Api {
    /// A Service with its addresses and ports; anything else as it is.
    pub(super) fn addressed(
        &mut self,
        call: &Call<'_>,
        live: Option<&Value>,
        service: Value,
    ) -> Result<Value, Status> {
        let resource = &call.address.resource;
        if !resource.is("", "services") || !call.address.subresource.is_empty() {
            return Ok(service);
        }
        self.taken.catch_up(&self.store, &resource.table);
        let name = service.str_at(&["metadata", "name"]).unwrap_or_default().to_owned();
        let taken = Taken {
            addresses: std::mem::take(&mut self.taken.addresses),
            ports: std::mem::take(&mut self.taken.ports),
            seen: self.taken.seen,
        };
        let own = live.map(|_| Key::new(&call.address.namespace, &name));
        let asks = Asks { taken: &taken, own, call };
        let result = families(&kept(live, service)).and_then(|service| {
            let service = asks.address(live, &service)?;
            asks.ports(&service)
        });
        self.taken = taken;
        let kind = &resource.kind;
        result.map_err(|cause| Status::invalid(&kind.group, &kind.name, &name, vec![cause]))
    }
}

/// Who leaves out on a change what was given keeps it.
fn kept(live: Option<&Value>, service: Value) -> Value {
    let Some(live) = live else { return service };
    let mut service = service;
    let (before, now) = (Form::of(live), Form::of(&service));
    if before == Form::Named || now == Form::Named {
        return service;
    }
    for field in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
        let said = service.at(&["spec", field]).is_some_and(|value| *value != Value::text(""));
        if let (false, Some(value)) = (said, live.at(&["spec", field])) {
            service = service.with(&["spec", field], value.clone());
        }
    }
    if before.is_outer() && now.is_outer() {
        let list: Vec<_> = ports(&service).iter().map(|port| kept_port(live, port)).collect();
        service = service.with(&["spec", "ports"], list.into());
    }
    service
}

fn kept_port(live: &Value, port: &Value) -> Value {
    let same =
        |old: &&Value| old.at(&["port"]) == port.at(&["port"]) && protocol(old) == protocol(port);
    let old = ports(live).iter().find(same).and_then(|old| number(old, "nodePort"));
    match (number(port, "nodePort"), old) {
        (None, Some(number)) => port.with(&["nodePort"], number.into()),
        _ => port.clone(),
    }
}

struct Asks<'a> {
    taken: &'a Taken,
    /// The Service itself, if it is there already.
    own: Option<Key>,
    call: &'a Call<'a>,
}

fn refused(field: impl Into<String>, value: &Value, why: &str) -> Cause {
    Cause {
        reason: "FieldValueInvalid",
        message: format!("Invalid value: {value}: {why}"),
        field: field.into(),
    }
}

/// The fields about families of addresses.
fn families(service: &Value) -> Result<Value, Cause> {
    let form = Form::of(service);
    if form == Form::Named {
        let fields =
            ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy"];
        let bare = fields.iter().fold(service.clone(), |it, field| it.without(&["spec", field]));
        return Ok(bare);
    }
    let selects = service.at(&["spec", "selector"]).and_then(Value::as_map);
    let free = form == Form::Headless && selects.is_none_or(Map::is_empty);
    let policy = service.at(&["spec", "ipFamilyPolicy"]);
    let families = service.at(&["spec", "ipFamilies"]).and_then(Value::as_list);
    let both = vec![Value::text("IPv4"), Value::text("IPv6")];
    if !free {
        if let Some(policy) = policy.filter(|it| it.as_str() == Some("RequireDualStack")) {
            let why = "this cluster is not configured for dual-stack services";
            return Err(refused("spec.ipFamilyPolicy", policy, why));
        }
        let other = families.into_iter().flat_map(|list| list.iter().enumerate());
        if let Some((at, family)) = other.clone().find(|(_, it)| it.as_str() == Some("IPv6")) {
            let field = format!("spec.ipFamilies[{at}]");
            return Err(refused(field, family, "not configured on this cluster"));
        }
    }
    let (own_policy, own_families) = match policy.and_then(Value::as_str) {
        Some(policy) if policy != "RequireDualStack" => (policy, both[..1].to_vec()),
        _ if free => ("RequireDualStack", both),
        _ => ("SingleStack", both[..1].to_vec()),
    };
    let families = families.cloned().map_or_else(|| own_families.into(), Value::List);
    Ok(service
        .with(&["spec", "ipFamilyPolicy"], own_policy.into())
        .with(&["spec", "ipFamilies"], families))
}

impl Asks<'_> {
    fn address(&self, live: Option<&Value>, service: &Value) -> Result<Value, Cause> {
        let form = Form::of(service);
        if form == Form::Named {
            return Ok(service.clone());
        }
        let first = service.at(&["spec", "clusterIPs"]).and_then(Value::as_list);
        let first = first.and_then(|list| list.first()).and_then(Value::as_str);
        let said = service.str_at(&["spec", "clusterIP"]).filter(|said| !said.is_empty());
        let asked = said.or(first).map(Text::new);
        let before = live.and_then(|live| live.str_at(&["spec", "clusterIP"]));
        if let (Some(before), Some(asked)) = (before, &asked)
            && before != asked.as_str()
        {
            let list = Value::from(vec![Value::from(asked.clone())]);
            return Err(refused("spec.clusterIPs[0]", &list, "may not change once set"));
        }
        let address = match asked {
            Some(asked) if asked == "None" || before == Some(&asked) => asked,
            Some(asked) => self.asked_address(&asked)?,
            None => self.free_address(service)?,
        };
        Ok(service
            .with(&["spec", "clusterIP"], address.clone().into())
            .with(&["spec", "clusterIPs"], vec![Value::from(address)].into()))
    }

    fn asked_address(&self, asked: &Text) -> Result<Text, Cause> {
        let list = Value::from(vec![Value::from(asked.clone())]);
        let refuse = |why: String| Err(refused("spec.clusterIPs", &list, &why));
        let Ok(address) = asked.parse::<Ipv4Addr>() else {
            let why = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
            return Err(refused("spec.clusterIPs[0]", &Value::from(asked.clone()), why));
        };
        if u32::from(address).checked_sub(FIRST).is_none_or(|place| place >= COUNT) {
            return refuse(format!(
                "failed to allocate IP {asked}: the provided IP ({asked}) is not in the valid range. The range of valid IPs is {RANGE}"
            ));
        }
        if self.taken.addresses.get(&address).is_some_and(|key| Some(key) != self.own.as_ref()) {
            return refuse(format!(
                "failed to allocate IP {asked}: provided IP is already allocated"
            ));
        }
        Ok(asked.clone())
    }

    fn free_address(&self, service: &Value) -> Result<Text, Cause> {
        let span = COUNT - ASKED - 1;
        let start = u32::try_from(self.call.moment.draw(20) % u64::from(span)).unwrap_or(0);
        let mut places = (0..span).map(|step| ASKED + (start + step) % span);
        let free = places.find_map(|place| {
            let address = Ipv4Addr::from(FIRST + place);
            (!self.taken.addresses.contains_key(&address)).then_some(address)
        });
        free.map(|address| Text::from(address.to_string())).ok_or_else(|| {
            let list = service.at(&["spec", "clusterIPs"]).cloned().unwrap_or_default();
            refused("spec.clusterIPs", &list, "failed to allocate a serviceIP: range is full")
        })
    }

    fn ports(&self, service: &Value) -> Result<Value, Cause> {
        let form = Form::of(service);
        let optional = service.at(&["spec", "allocateLoadBalancerNodePorts"]);
        let given = form == Form::Node
            || (form == Form::Balanced && optional.and_then(Value::as_bool) != Some(false));
        let mut own: Vec<(i64, Text)> = Vec::new();
        let mut list = Vec::new();
        for (at, port) in ports(service).iter().enumerate() {
            list.push(match number(port, "nodePort") {
                Some(_) if !form.is_outer() => port.without(&["nodePort"]),
                Some(wanted) => {
                    self.asked_port(at, wanted, port)?;
                    own.push((wanted, protocol(port)));
                    port.clone()
                }
                None if given => {
                    let free = self.free_port(at, &protocol(port), &own)?;
                    own.push((free, protocol(port)));
                    port.with(&["nodePort"], free.into())
                }
                None => port.clone(),
            });
        }
        let mut service = service.clone();
        if !list.is_empty() {
            service = service.with(&["spec", "ports"], list.into());
        }
        if !form.is_outer() {
            let fields = ["externalTrafficPolicy", "allocateLoadBalancerNodePorts"];
            return Ok(fields.iter().fold(service, |it, field| it.without(&["spec", field])));
        }
        for (field, value) in [
            ("externalTrafficPolicy", Value::text("Cluster")),
            ("allocateLoadBalancerNodePorts", Value::Bool(true)),
        ] {
            let wanted = form == Form::Balanced || field == "externalTrafficPolicy";
            if wanted && service.at(&["spec", field]).is_none() {
                service = service.with(&["spec", field], value);
            }
        }
        let local = service.str_at(&["spec", "externalTrafficPolicy"]) == Some("Local");
        let has = service.at(&["spec"]).and_then(|spec| number(spec, "healthCheckNodePort"));
        if form == Form::Balanced && local && has.is_none() {
            let free = self.free_port(0, "TCP", &own)?;
            service = service.with(&["spec", "healthCheckNodePort"], free.into());
        }
        Ok(service)
    }

    fn asked_port(&self, at: usize, wanted: i64, port: &Value) -> Result<(), Cause> {
        let refuse = |why: &str| {
            Err(refused(format!("spec.ports[{at}].nodePort"), &Value::Int(wanted), why))
        };
        if !PORTS.contains(&wanted) {
            return refuse(
                "provided port is not in the valid range. The range of valid ports is 30000-32767",
            );
        }
        match self.taken.ports.get(&(wanted, protocol(port))) {
            Some(key) if Some(key) != self.own.as_ref() => {
                refuse("provided port is already allocated")
            }
            _ => Ok(()),
        }
    }

    fn free_port(&self, at: usize, protocol: &str, own: &[(i64, Text)]) -> Result<i64, Cause> {
        let span = PORTS.end - PORTS.start;
        let draw = self.call.moment.draw(21 + u64::try_from(at).unwrap_or(0));
        let start = i64::try_from(draw % 2_768).unwrap_or(0);
        let free = |number: &i64| {
            let port = (*number, Text::new(protocol));
            !self.taken.ports.contains_key(&port) && !own.contains(&port)
        };
        let mut numbers = (0..span).map(|step| PORTS.start + (start + step) % span);
        numbers.find(free).ok_or_else(|| {
            let why = "failed to allocate a nodePort: range is full";
            refused(format!("spec.ports[{at}].nodePort"), &Value::Int(0), why)
        })
    }
}
