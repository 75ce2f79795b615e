//! Any documents, split at lines of `%%%`, as Deployments that two managers apply in turn.

#![no_main]

use libfuzzer_sys::fuzz_target;
use twin_core::api::{Api, Body, Method, Moment, Request};
use twin_core::time::Timestamp;

const PATH: &str = "/apis/apps/v1/namespaces/default/deployments/web";

fuzz_target!(|data: &[u8]| {
    let mut api = Api::default();
    let text = String::from_utf8_lossy(data);
    send(&mut api, Method::Post, "/api/v1/namespaces", "", r#"{"metadata":{"name":"default"}}"#);
    for (turn, body) in text.split("\n%%%\n").take(6).enumerate() {
        let force = turn % 3 == 2;
        let query = format!("fieldManager=m{}&force={force}", turn % 2);
        let (code, first) = send(&mut api, Method::Patch, PATH, &query, body);
        if code < 300 {
            let (code, again) = send(&mut api, Method::Patch, PATH, &query, body);
            assert_eq!((code, again), (200, first), "what was applied is applied");
        }
    }
});

fn send(api: &mut Api, method: Method, path: &str, query: &str, body: &str) -> (u16, Vec<u8>) {
    let content_type =
        if method == Method::Patch { "application/apply-patch+yaml" } else { "application/json" };
    let request = Request {
        method,
        path,
        query,
        content_type,
        accept: "",
        user_agent: "fuzz",
        user: None,
        body: body.as_bytes(),
    };
    let response = api.handle(&request, Moment { now: Timestamp::default(), seed: 1 });
    match response.body {
        Body::Whole(bytes) => (response.code, bytes.to_vec()),
        Body::Watch(_) | Body::Log(_) => (response.code, Vec::new()),
    }
}
