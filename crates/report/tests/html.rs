//! The page and the picture: complete, escaped, well-formed, and they load nothing.

mod common;

use common::{Planned, text};
use model::matrix::{Cell, State};
use model::reason::{Because, Decision, Finding, Level, Question};
use report::{html, svg};
use std::fmt::Write as _;

const SHOP: &str = r#"
name: shop
services:
  web:
    image: nginx:1.29
    ports: ["8080:80"]
    depends_on: [app]
    networks: [front]
  app:
    image: ghcr.io/acme/app:1
    expose: ["3000"]
    environment:
      DATABASE_URL: postgres://app:hunter2@db:5432/app
    networks: [front, back]
  migrate:
    image: ghcr.io/acme/app:1
    command: migrate
    restart: "no"
    depends_on: [db]
    networks: [back]
  db:
    image: postgres:17
    environment:
      POSTGRES_PASSWORD: hunter2
    volumes: [data:/var/lib/postgresql/data]
    networks: [back]
volumes:
  data: {}
networks:
  front: {}
  back: {}
"#;

const CHAT: &str = r"
name: chat
services:
  chat:
    image: vllm/vllm-openai:v0.15.1
    deploy: { resources: { reservations: { devices: [{ count: 1, capabilities: [gpu] }] } } }
    x-muster: { inference: { model: llama-3.1-8b, users: 500, gpu: h100 } }
";

/// Whether every tag is closed by its own end, attributes are quoted and entities are known: enough
/// of XML to catch what unescaped text would break.
fn well_formed(xml: &str) -> Result<(), String> {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = xml;
    while let Some(start) = rest.find('<') {
        entities(&rest[..start])?;
        let end = rest[start..].find('>').ok_or("a tag does not end")? + start;
        let tag = &rest[start + 1..end];
        rest = &rest[end + 1..];
        if tag.contains('<') {
            return Err(format!("`<` in <{tag}>"));
        }
        entities(tag)?;
        let name = tag.trim_start_matches('/').split([' ', '\n', '/']).next().unwrap_or_default();
        if tag.starts_with('/') {
            let last = open.pop().ok_or("nothing is open")?;
            if last != name {
                return Err(format!("</{name}> closes <{last}>"));
            }
        } else {
            if !tag.matches('"').count().is_multiple_of(2) {
                return Err(format!("quotes in <{tag}>"));
            }
            if !tag.ends_with('/') {
                open.push(name);
            }
        }
    }
    entities(rest)?;
    if open.is_empty() { Ok(()) } else { Err(format!("open: {open:?}")) }
}

fn entities(text: &str) -> Result<(), String> {
    let known = ["amp;", "lt;", "gt;", "quot;", "#39;"];
    for after in text.split('&').skip(1) {
        if !known.iter().any(|entity| after.starts_with(entity)) {
            return Err(format!("entity at `{}`", after.chars().take(12).collect::<String>()));
        }
    }
    Ok(())
}

/// Markup without its style and script, whose `<` and `&` mean other things.
fn without_code(page: &str) -> String {
    ["style", "script"].iter().fold(page.to_owned(), |page, tag| {
        let (start, end) = (format!("<{tag}>"), format!("</{tag}>"));
        let mut parts = page.split(&start);
        let mut kept = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            kept.push_str(part.split_once(&end).map_or("", |it| it.1));
        }
        kept
    })
}

#[test]
fn the_page_names_everything() {
    let shop = text(SHOP);
    let page = html(&shop.view());
    for service in ["web", "app", "migrate", "db"] {
        assert!(page.contains(&format!("id=\"why-s-{service}\"")), "decisions of {service}");
    }
    for finding in &shop.plan.report.findings {
        assert!(page.contains(finding.code), "{}", finding.code);
    }
    for object in &shop.objects {
        let summary = format!("<span class=\"kind\">{}</span> {}<", object.kind, object.name);
        assert!(page.contains(&summary), "{summary}");
    }
    assert_eq!(page.matches("class=\"decision\"").count(), shop.plan.report.decisions.len());
}

#[test]
fn every_link_of_the_page_leads_somewhere() {
    let page = html(&text(SHOP).view());
    for target in page.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(page.contains(&format!("id=\"{target}\"")), "#{target}");
    }
}

#[test]
fn the_picture_shows_every_workload_and_its_ports() {
    let shop = text(SHOP);
    let picture = svg(&shop.view());
    for workload in &shop.plan.workloads {
        assert!(picture.contains(&format!(">{}</text>", workload.name)), "{}", workload.name);
    }
    for text in ["Gateway", ">80<", ">5432<", "network back", "role=\"img\"", "<desc"] {
        assert!(picture.contains(text), "{text}");
    }
}

#[test]
fn the_matrix_says_who_may_call_whom() {
    let page = html(&text(SHOP).view());
    let row = |name: &str| {
        let start = format!("<th scope=\"row\">{name}</th><td");
        let rest = page.split(&start).nth(1).unwrap_or_default();
        rest.split("</tr>").next().unwrap_or_default().to_owned()
    };
    let cell = |class: &str, text: &str| format!("<td class=\"cell {class}\" title=\"{text}");
    let calls = cell("calls", "app → db: 5432");
    assert!(row("app").contains(&calls), "app calls the database: {}", row("app"));
    let enters = cell("calls", "outside → web: 80, open to everybody");
    assert!(
        row("outside").contains(&enters),
        "the outside calls the web server: {}",
        row("outside")
    );
    assert!(!page.contains("class=\"cell cut\" title"), "{}", row("web"));
    assert!(!page.contains("<ul class=\"differences\">"));
}

#[test]
fn the_matrix_shows_what_is_not_as_the_files_say() {
    let mut shop = text(SHOP);
    let row = &mut shop.network.rows[1];
    row[0] = Cell { state: State::Cut, amiss: "80".into(), ..Cell::default() };
    row[1] =
        Cell { state: State::Leak, ports: "all".into(), amiss: "all".into(), ..Cell::default() };
    let page = html(&shop.view());
    assert_eq!(page.matches("<td class=\"cell cut\" title").count(), 1, "a cell of its own");
    assert_eq!(page.matches("<td class=\"cell cut self\" title").count(), 1, "and one of itself");
    for said in ["at 80, and the files join them", "at every port, and the files keep them apart"] {
        assert!(page.contains(said), "{said}");
    }
}

#[test]
fn a_model_has_its_options_and_its_curves() {
    let chat = text(CHAT);
    let page = html(&chat.view());
    let from = page.find("<section id=\"serving\"").expect("there is a model");
    let section = page[from..].split("</section>").next().unwrap_or_default();
    assert_eq!(section.matches("<svg class=\"muster-plot\"").count(), 2, "{section}");
    let chosen = &chat.plan.serving[0].chosen;
    for said in [
        "500 users",
        "promised: 500 ms",
        "the promise is kept, also when one fails",
        "<span class=\"tag stated\">planned</span>",
        chosen.basis.as_str(),
        chosen.bound_by.as_str(),
    ] {
        assert!(section.contains(said), "{said}: {section}");
    }
    assert!(!html(&text(SHOP).view()).contains("id=\"serving\""), "nothing where nobody asks");
}

#[test]
fn nothing_is_loaded() {
    let shop = text(SHOP);
    let page = html(&shop.view());
    for way in ["src=", "@import", "url(h", "url(\"h", "<link", "<iframe", "href=\"h", "fetch("] {
        assert!(!page.contains(way), "{way}");
    }
    let picture = svg(&shop.view());
    let addresses: Vec<&str> = picture.matches("://").collect();
    assert_eq!(addresses.len(), 1, "only the name of the SVG namespace");
}

#[test]
fn secrets_stay_out() {
    let shop = text(SHOP);
    assert!(!html(&shop.view()).contains("hunter2"));
    assert!(!svg(&shop.view()).contains("hunter2"));
}

#[test]
fn equal_plans_give_equal_pages() {
    assert_eq!(html(&text(SHOP).view()), html(&text(SHOP).view()));
}

/// A plan in which every text that comes from people is hostile.
fn hostile() -> Planned {
    let nasty = "<script>alert(1)</script>\"'&`\u{0}\u{202e}]]>".to_owned();
    let mut shop = text(SHOP);
    shop.plan.app.clone_from(&nasty);
    shop.plan.namespace.clone_from(&nasty);
    for workload in &mut shop.plan.workloads {
        workload.name.push_str(&nasty);
        workload.component.push_str(&nasty);
        workload.after.push(nasty.clone());
        workload.pod.labels.insert(format!("network.muster.dev/{nasty}"), "true".to_owned());
        for container in &mut workload.pod.containers {
            container.image.push_str(&nasty);
        }
    }
    for link in &mut shop.plan.links {
        link.to.push_str(&nasty);
        link.evidence.push_str(&nasty);
    }
    for route in &mut shop.plan.routes {
        route.hosts.push(nasty.clone());
        route.service.push_str(&nasty);
    }
    for budget in &mut shop.plan.connections {
        budget.database.push_str(&nasty);
        budget.clients.iter_mut().for_each(|client| client.service.push_str(&nasty));
    }
    shop.plan.serving = text(CHAT).plan.serving;
    for serving in &mut shop.plan.serving {
        let (asked, chosen) = (&mut serving.asked, &mut serving.chosen);
        for text in [&mut serving.service, &mut asked.model, &mut chosen.name, &mut chosen.bound_by]
        {
            text.push_str(&nasty);
        }
        serving.impossible.push((nasty.clone(), nasty.clone()));
        serving.dearer.push(nasty.clone());
    }
    let because =
        vec![Because::File { path: nasty.clone() }, Because::Image { family: nasty.clone() }];
    let report = &mut shop.plan.report;
    for Decision { service, object, field, chosen, why, .. } in &mut report.decisions {
        *service = Some(nasty.clone());
        for text in [object, field, chosen, why] {
            text.push_str(&nasty);
        }
    }
    report.findings.push(Finding {
        level: Level::Blocker,
        code: "code",
        service: Some(nasty.clone()),
        message: nasty.clone(),
        fix: nasty.clone(),
        because,
    });
    report.questions.push(Question {
        service: Some(nasty.clone()),
        question: nasty.clone(),
        assumed: nasty.clone(),
        answer: nasty.clone(),
    });
    for object in &mut shop.objects {
        object.name.push_str(&nasty);
        object.yaml.push_str(&nasty);
    }
    shop
}

#[test]
fn hostile_text_is_escaped() {
    let hostile = hostile();
    let page = html(&hostile.view());
    assert_eq!(page.matches("<script>").count(), 1, "only our own");
    assert!(!page.contains(['\u{0}', '\u{202e}']));
    let picture = svg(&hostile.view());
    assert!(!picture.contains("<script"));
    for markup in [picture, page.replace("<!doctype html>", "")] {
        let void = ["meta", "wbr", "br", "input"];
        let tags = void.iter().fold(without_code(&markup), |page, tag| close(&page, tag));
        assert_eq!(well_formed(&tags), Ok(()));
    }
}

/// Closes a void element of HTML as XML does.
fn close(page: &str, tag: &str) -> String {
    let mut out = String::new();
    for (at, part) in page.split(&format!("<{tag}")).enumerate() {
        if at == 0 {
            out.push_str(part);
        } else {
            let end = part.find('>').expect("tags end");
            let _ = write!(out, "<{tag}{}/>{}", &part[..end], &part[end + 1..]);
        }
    }
    out
}

#[test]
fn plans_of_any_size_are_drawn() {
    let empty = common::shown(model::plan::Plan::default(), yaml::Sources::default());
    assert_eq!(well_formed(&without_code(&svg(&empty.view()))), Ok(()));
    assert!(html(&empty.view()).contains("</html>"));
    let mut compose = "services:\n".to_owned();
    for n in 0..40 {
        let _ = writeln!(compose, "  service-number-{n}:\n    image: busybox:1");
        if n > 0 {
            let _ = writeln!(compose, "    depends_on: [service-number-{}]", n / 2);
        }
    }
    let many = text(&compose);
    let picture = svg(&many.view());
    assert_eq!(well_formed(&without_code(&picture)), Ok(()));
    assert_eq!(picture.matches("class=\"d-name\"").count(), many.plan.workloads.len());
}
