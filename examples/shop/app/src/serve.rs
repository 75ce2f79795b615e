//! HTTP: `GET /healthz`, `GET /readyz`, `GET /orders`, `POST /orders`.

use std::io::Read;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::{Value, json};
use tiny_http::{Header, Method, Request, Response, Server};

use crate::cache::Cache;
use crate::config::Config;
use crate::orders::Orders;
use crate::{Result, Stop};

const THREADS: usize = 8;
const BODY_LIMIT: u64 = 64 * 1024;
const LATEST: &str = "orders:latest";

struct Shop<'a> {
    orders: &'a Orders,
    cache: Cache,
}

/// A status and a JSON text.
type Answer = (u16, String);

pub fn run(config: &Config, orders: &Orders, stop: &Stop) -> Result<()> {
    let server = Server::http(("0.0.0.0", config.port))?;
    println!("listening on port {}", config.port);
    let shop = Shop { orders, cache: Cache::new(config.cache.clone()) };
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| serve(&server, &shop, stop));
        }
    });
    Ok(())
}

fn serve(server: &Server, shop: &Shop<'_>, stop: &Stop) {
    while !stop.load(Ordering::Relaxed) {
        let Ok(Some(mut request)) = server.recv_timeout(Duration::from_millis(250)) else {
            continue;
        };
        let (status, body) = shop.answer(&mut request).unwrap_or_else(|error| {
            eprintln!("{} {}: {error}", request.method(), request.url());
            (503, problem("try again later"))
        });
        let json = Header::from_bytes("Content-Type", "application/json");
        let response = Response::from_string(body).with_status_code(status);
        // Whoever hung up needs no answer.
        let _ = match json {
            Ok(json) => request.respond(response.with_header(json)),
            Err(()) => request.respond(response),
        };
    }
}

impl Shop<'_> {
    fn answer(&self, request: &mut Request) -> Result<Answer> {
        let path = request.url().split('?').next().unwrap_or_default().to_owned();
        match (request.method(), path.as_str()) {
            // Alive is whoever answers; a database that is away must not restart us.
            (Method::Get, "/healthz") => Ok((200, json!({ "alive": true }).to_string())),
            (Method::Get, "/readyz") => {
                self.orders.ping()?;
                Ok((200, json!({ "ready": true }).to_string()))
            }
            (Method::Get, "/orders") => self.list(),
            (Method::Post, "/orders") => self.take(request),
            _ => Ok((404, problem("no such page"))),
        }
    }

    fn list(&self) -> Result<Answer> {
        if let Some(cached) = self.cache.get(LATEST) {
            return Ok((200, cached));
        }
        let body = self.orders.latest()?.to_string();
        self.cache.set(LATEST, &body, 1);
        Ok((200, body))
    }

    fn take(&self, request: &mut Request) -> Result<Answer> {
        let mut body = Vec::new();
        request.as_reader().take(BODY_LIMIT).read_to_end(&mut body)?;
        match read_order(&body) {
            Some((item, quantity)) => {
                let id = self.orders.add(&item, quantity)?;
                Ok((201, json!({ "id": id }).to_string()))
            }
            None => Ok((400, problem("an order is {\"item\": \"tea\", \"quantity\": 2}"))),
        }
    }
}

fn problem(text: &str) -> String {
    json!({ "error": text }).to_string()
}

fn read_order(body: &[u8]) -> Option<(String, u32)> {
    let order: Value = serde_json::from_slice(body).ok()?;
    let item = order["item"].as_str().filter(|item| !item.is_empty() && item.len() <= 200)?;
    let quantity = u32::try_from(order["quantity"].as_u64()?).ok().filter(|n| *n > 0)?;
    Some((item.to_owned(), quantity))
}

#[cfg(test)]
mod tests {
    use super::read_order;

    #[test]
    fn orders_are_checked() {
        assert_eq!(read_order(br#"{"item": "tea", "quantity": 2}"#), Some(("tea".into(), 2)));
        for bad in ["", "{}", r#"{"item": "", "quantity": 1}"#, r#"{"item": "a", "quantity": 0}"#] {
            assert_eq!(read_order(bad.as_bytes()), None, "{bad}");
        }
    }
}
