//! Webhooks that refuse.

use super::{Consulted, Sort, seen};
use crate::api::policies::asked;
use crate::api::{Api, Call};
use crate::policy::Operation;
use crate::status::Status;
use crate::tree::Value;

impl Api {
    /// What policies and webhooks have against a request, in this order.
    pub(in crate::api) fn consented(
        &mut self,
        call: &Call<'_>,
        operation: Operation,
        object: Option<&Value>,
        old: Option<&Value>,
    ) -> Result<(), Status> {
        self.permitted(call, operation, object, old)?;
        self.approved(call, operation, object, old)
    }

    /// Asks all webhooks that mean a request, whatever one of them says; the first refusal counts.
    pub(in crate::api) fn approved(
        &mut self,
        call: &Call<'_>,
        operation: Operation,
        object: Option<&Value>,
        old: Option<&Value>,
    ) -> Result<(), Status> {
        let hooks = self.hooks_of(call, Sort::Validating);
        if hooks.is_empty() {
            return Ok(());
        }
        let space = self.space_of(call, object.or(old));
        let (object, old) = (object.map(|it| seen(call, it)), old.map(|it| seen(call, it)));
        let asked = asked(call, operation, object.as_ref(), old.as_ref(), space.as_ref());
        let consulted = hooks.iter().map(|hook| self.consulted(call, &asked, hook));
        let consulted: Vec<Option<Consulted>> = consulted.collect::<Result<_, _>>()?;
        let said = consulted.iter().flatten().map(|it| self.ask_hook(call, it).map(drop));
        // All are asked before one counts.
        let said: Vec<_> = said.collect();
        said.into_iter().collect()
    }
}
