//! Get and list.

use super::convert::{is_shown_as_kept, shown};
use super::projection::Projection;
use super::route::Address;
use super::watch::Filter;
use super::{Api, Call, Response, Watch, beats};
use crate::registry::Resource;
use crate::schema::apply_custom_defaults;
use crate::selector::{FieldSelector, LabelSelector};
use crate::status::{Reason, Status};
use crate::store::{Key, Narrow, Object, Revision};
use crate::time::Timestamp;
use crate::tree::{Text, Value, decode};
use std::sync::Arc;

impl Api {
    pub(super) fn stored(&self, call: &Call<'_>) -> Result<&Arc<Object>, Status> {
        let address = &call.address;
        let key = Key::new(&address.namespace, &address.name);
        let found = self.store.get(&address.resource.table, &key);
        found.ok_or_else(|| Status::not_found(&address.resource, &address.name))
    }

    fn stored_at(&self, call: &Call<'_>, at: Revision) -> Result<Arc<Object>, Status> {
        let Address { resource, namespace, name, .. } = &call.address;
        let found = self.store.get_at(&resource.table, &Key::new(namespace, name), at);
        found.ok_or_else(|| Status::not_found(resource, name))
    }

    pub(super) fn get(&self, call: &Call<'_>) -> Result<Response, Status> {
        let asked = call.query.read_revision("resourceVersion");
        let asked = asked.map_err(|why| Status::new(Reason::Internal, why))?;
        let object = match call.late_for(asked) {
            Some(at) => self.stored_at(call, at)?,
            None => self.stored(call)?.clone(),
        };
        let resource = &call.address.resource;
        let object = beats::shown(resource, &object, call.moment.now);
        Self::answered(call, 200, &Self::seen(resource, &object))
    }

    /// A stored object as its version shows it: custom resources with the defaults of today, if it is kept in that version.
    fn seen(resource: &Resource, object: &Value) -> Value {
        let shown = shown(resource, object);
        match &resource.custom {
            Some(custom) if is_shown_as_kept(resource, object) => {
                apply_custom_defaults(&custom.openapi, &shown)
            }
            _ => shown,
        }
    }

    /// An object in the form that the client wants.
    pub(super) fn answered(call: &Call<'_>, code: u16, object: &Value) -> Result<Response, Status> {
        let projection = Projection::wanted(call)?;
        let shown = projection.show(object, call.moment.now);
        Ok(projection.answer(call, code, &shown))
    }

    pub(super) fn filter(call: &Call<'_>) -> Result<Filter, Status> {
        let resource = &call.address.resource;
        let labels =
            LabelSelector::parse(call.query.get("labelSelector")).map_err(Status::bad_request)?;
        let fields = FieldSelector::parse(call.query.get("fieldSelector"), resource)
            .map_err(Status::bad_request)?;
        let namespace = Some(Text::new(&call.address.namespace)).filter(|text| !text.is_empty());
        let term = fields.term().or_else(|| labels.term());
        Ok(Filter { narrow: Narrow { namespace, term }, labels, fields })
    }

    pub(super) fn list(&self, call: &Call<'_>) -> Result<Response, Status> {
        let filter = Self::filter(call)?;
        let page = self.page(call, &filter)?;
        Self::listed(call, page)
    }

    /// Objects as a list in the form that the client wants.
    pub(super) fn listed(call: &Call<'_>, page: Page) -> Result<Response, Status> {
        let projection = Projection::wanted(call)?;
        let resource = &call.address.resource;
        let mut metadata =
            Value::from([("resourceVersion", Text::from(page.revision.to_string()).into())]);
        if let Some(token) = page.next {
            metadata = metadata.with(&["continue"], token.into());
        }
        if let Some(remaining) = page.remaining {
            metadata = metadata.with(&["remainingItemCount"], remaining.into());
        }
        let continues = metadata.at(&["continue"]).is_some();
        if resource.custom.is_some() && projection.is_whole() && !continues {
            metadata = metadata.with(&["continue"], "".into());
        }
        let now = call.moment.now;
        let seen = |object| Self::seen(resource, &beats::shown(resource, object, now));
        let objects: Vec<_> = page.objects.iter().map(|object| seen(object)).collect();
        let list = projection.list(resource, objects.iter(), metadata, now);
        Ok(projection.answer(call, 200, &list))
    }

    fn page(&self, call: &Call<'_>, filter: &Filter) -> Result<Page, Status> {
        let table = &call.address.resource.table;
        let limit = call.query.get("limit").parse::<usize>().ok().filter(|limit| *limit > 0);
        let asked = call.query.revision("resourceVersion")?;
        let token = call.query.get("continue");
        let now = self.store.revision();
        if let Some(asked) = asked.filter(|asked| *asked > now) {
            return Err(Status::new(
                Reason::Internal,
                format!("Too large resource version: {asked}, current: {now}"),
            ));
        }
        let exact = asked.filter(|_| call.query.get("resourceVersionMatch") == "Exact");
        let late = call.late_for(asked).filter(|late| self.store.changes(table, *late).is_ok());
        let token = match token {
            "" => None,
            token => Some(Token::read(token)?),
        };
        let time = call.moment.now;
        let is_known =
            |token: &Token| token.at.is_none() || time < token.since.plus_seconds(KNOWN_SECONDS);
        if let Some(token) = token.as_ref().filter(|token| !is_known(token)) {
            return Err(token.expired(time));
        }
        let (at, after) = match &token {
            None => (exact.or(late).unwrap_or(now), None),
            Some(token) => (token.at.unwrap_or(now), Some(&token.key)),
        };
        let matching = |object: &Arc<Object>| filter.matches(&object.tree);
        let all: Vec<_> = if at == now {
            let found = self.store.list(table, &filter.narrow, after);
            found.filter(|object| matching(object)).cloned().collect()
        } else {
            let found = self.store.list_at(table, &filter.narrow, after, at);
            let found = found.map_err(|expired| match &token {
                None => expired.into(),
                Some(token) => token.expired(time),
            })?;
            found.into_iter().filter(matching).collect()
        };
        let Some(limit) = limit.filter(|limit| all.len() > *limit) else {
            return Ok(Page { objects: all, revision: at, next: None, remaining: None });
        };
        let since = token.filter(|token| token.at.is_some()).map_or(time, |token| token.since);
        let next = all
            .get(limit - 1)
            .map(|last| Token { at: Some(at), since, key: last.key.clone() }.write());
        let is_narrow = !filter.labels.is_empty() || !filter.fields.is_empty();
        let remaining = i64::try_from(all.len() - limit).ok().filter(|_| !is_narrow);
        Ok(Page { objects: all[..limit].to_vec(), revision: at, next, remaining })
    }

    pub(super) fn watch(&self, call: &Call<'_>) -> Result<Response, Status> {
        let filter = Self::filter(call)?;
        let watch = Watch::start(&self.store, call, filter)?;
        Ok(Response {
            code: 200,
            content_type: watch.media_type().to_owned(),
            warnings: Vec::new(),
            body: super::Body::Watch(Box::new(watch)),
        })
    }
}

/// A part of a list.
pub(super) struct Page {
    pub(super) objects: Vec<Arc<Object>>,
    pub(super) revision: Revision,
    /// Where the next one starts.
    pub(super) next: Option<Text>,
    /// How many come after it, if that is said.
    pub(super) remaining: Option<i64>,
}

/// After so many seconds Kubernetes forgets the past, and with it the rest of a list.
const KNOWN_SECONDS: i64 = 300;

const TOO_OLD: &str = "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.";

/// Where a list goes on.
struct Token {
    /// The version of the first page; None for what is there now.
    at: Option<Revision>,
    /// When the first page was read.
    since: Timestamp,
    /// The last key that was shown.
    key: Key,
}

impl Token {
    /// Opaque to clients.
    fn write(&self) -> Text {
        let at = self.at.map_or_else(String::new, |at| at.to_string());
        let token = Value::from(vec![
            Text::from(at).into(),
            self.since.micros().into(),
            Value::text(self.key.namespace()),
            Value::text(self.key.name()),
        ]);
        let digits = token.encoded().into_iter().flat_map(|byte| [byte >> 4, byte & 15]);
        digits.filter_map(|digit| char::from_digit(u32::from(digit), 16)).collect()
    }

    fn read(token: &str) -> Result<Self, Status> {
        let parsed = || {
            let digits = token.as_bytes().chunks(2).map(|pair| {
                let pair = std::str::from_utf8(pair).ok()?;
                u8::from_str_radix(pair, 16).ok()
            });
            let bytes: Vec<u8> = digits.collect::<Option<_>>()?;
            let parts = decode(&bytes).ok()?;
            let parts = parts.as_list()?;
            let text = |at: usize| parts.get(at)?.as_str();
            let at = match text(0)? {
                "" => None,
                at => Some(Revision::parse(at)?),
            };
            let since = Timestamp::from_micros(parts.get(1)?.as_int()?);
            Some(Self { at, since, key: Key::new(text(2)?, text(3)?) })
        };
        parsed().ok_or_else(|| {
            Status::bad_request("invalid continue token: continue key is not valid: encoding")
        })
    }

    /// The refusal of a token whose list is no longer known, with one that goes on all the same.
    fn expired(&self, now: Timestamp) -> Status {
        let next = Self { at: None, since: now, key: self.key.clone() };
        Status { proceed: Some(next.write()), ..Status::new(Reason::Expired, TOO_OLD) }
    }
}
