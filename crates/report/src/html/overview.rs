//! The head of the page: what the product is, in numbers.

use crate::View;
use crate::svg::scene::services;
use crate::svg::text::escape;
use crate::text::count;
use model::reason::Level;
use std::fmt::Write as _;

/// The header.
pub(super) fn header(view: &View<'_>) -> String {
    let plan = view.plan;
    let services = services(plan);
    let mut out = format!(
        "<header>\n<p class=\"eyebrow\">Kubernetes architecture</p>\n<h1>{}</h1>\n\
         <p class=\"lead\">{} of the Compose file {} {} in the namespace <code>{}</code>.</p>\n\
         <dl class=\"facts\">\n",
        escape(&plan.app),
        count(services, "service"),
        if services == 1 { "becomes" } else { "become" },
        count(view.objects.len(), "object"),
        escape(&plan.namespace)
    );
    fact("Services", &services.to_string(), "", "#workloads", &mut out);
    fact("Objects", &view.objects.len().to_string(), "", "#objects", &mut out);
    fact("Pod Security", plan.pod_security.name(), "", "#workloads", &mut out);
    for (level, name) in [(Level::Blocker, "Blockers"), (Level::Warning, "Warnings")] {
        let found = plan.report.findings.iter().filter(|f| f.level == level).count();
        let class = if found == 0 { "" } else { level_class(level) };
        fact(name, &found.to_string(), class, "#findings", &mut out);
    }
    let questions = plan.report.questions.len();
    fact("Open questions", &questions.to_string(), "", "#questions", &mut out);
    out.push_str("</dl>\n</header>\n");
    out
}

/// The class that colors a level.
pub(super) const fn level_class(level: Level) -> &'static str {
    match level {
        Level::Blocker => "blocker",
        Level::Warning => "warning",
        Level::Note => "note",
    }
}

fn fact(name: &str, value: &str, class: &str, target: &str, out: &mut String) {
    let _ = writeln!(
        out,
        "<div class=\"{class}\"><dt>{name}</dt><dd><a href=\"{target}\">{value}</a></dd></div>"
    );
}
