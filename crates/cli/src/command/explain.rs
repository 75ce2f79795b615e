//! `muster explain`: why something is as it is.

use crate::Variables;
use crate::arguments::ExplainArguments;
use crate::closest::either;
use crate::error::Error;
use crate::exit::Exit;
use crate::printer::Printer;
use crate::product::{self, Inputs};

pub(super) fn run(
    arguments: &ExplainArguments,
    variables: &Variables,
    printer: &mut Printer,
) -> Result<Exit, Error> {
    let (project, cluster) = (&arguments.project, &arguments.cluster);
    let minor = arguments.version.kubernetes;
    let product = product::load(&Inputs { project, cluster, variables }, minor, printer)?;
    match report::explain(&product.view(), &arguments.what, printer.layout()) {
        Ok(text) => {
            printer.result(&text)?;
            Ok(Exit::Done)
        }
        Err(unknown) => {
            let message = format!("nothing in the plan is called `{}`", unknown.what);
            let hint = match either(&unknown.close) {
                Some(close) => format!("did you mean {close}?"),
                None => "name a service (web), an object (Deployment/web), a field \
                         (Deployment/web:spec.replicas) or a rule; `muster plan` shows them"
                    .to_owned(),
            };
            Err(Error::advised(message, hint))
        }
    }
}
