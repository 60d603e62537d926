//! Counting rows past row security, requests with headers of their own, and requests as bytes.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use reqwest::Method;
use serde_json::Value;
use sqlx::{ConnectOptions, PgConnection};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Answer, Client, TestApp, fresh_key};

impl TestApp {
    /// The owner's connection: it sees every row.
    pub async fn owner(&self) -> PgConnection {
        self.owner.clone().connect().await.unwrap()
    }

    /// How many rows each table holds that a request could write.
    pub async fn rows(&self) -> BTreeMap<String, i64> {
        let mut owner = self.owner().await;
        let mut rows = BTreeMap::new();
        for table in [
            "registry.agency",
            "registry.office",
            "identity.api_key",
            "identity.stored_answer",
            "exchange.detainer",
            "exchange.notification",
            "custodian.person",
            "custodian.identifier",
            "custodian.booking",
            "custodian.charge",
            "custodian.case_file",
            "custodian.release_notice",
            "custodian.match",
            "custodian.review",
            "custodian.determination",
            "custodian.outcome",
            "custodian.fact",
            "custodian.citizenship_claim",
            "custodian.hold",
            "custodian.duty_statement",
            "exchange.handover",
            "log.event",
        ] {
            let count = format!("select count(*) from {table}");
            let count: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(count))
                .fetch_one(&mut owner)
                .await
                .unwrap();
            rows.insert(table.to_owned(), count);
        }
        rows
    }

    /// A count that a test words itself.
    pub async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql)
            .fetch_one(&mut self.owner().await)
            .await
            .unwrap()
    }
}

impl Client {
    pub async fn delete(&self, path: &str) -> Answer {
        Answer::read(self.request(Method::DELETE, path).send().await.unwrap()).await
    }

    /// A request with these headers, and a body of these bytes.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<reqwest::Body>,
    ) -> Answer {
        let mut request = self.request(method, path).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Answer::read(request.send().await.unwrap()).await
    }

    /// A method on a path, with a body where the method takes one. The body of a stream is not
    /// read: it does not end.
    pub async fn call(&self, method: &str, path: &str) -> Answer {
        let mut request = self.request(method.parse().unwrap(), path);
        if self.key.is_empty() {
            request = reqwest::Client::new()
                .request(method.parse().unwrap(), format!("{}{path}", self.base));
        }
        if matches!(method, "POST" | "PUT" | "PATCH") {
            request = request
                .header("idempotency-key", fresh_key())
                .header("content-type", "application/json")
                .body("{}");
        }
        let response = request.send().await.unwrap();
        if response.status() == 200 && path == "/v1/events" {
            return Answer {
                status: response.status(),
                headers: response.headers().clone(),
                text: String::new(),
            };
        }
        Answer::read(response).await
    }
}

/// As the contract tells a client to: when the service is busy (503), again. On a loaded machine
/// that says nothing about what a test is about.
pub async fn steady(call: impl AsyncFn() -> Answer) -> Answer {
    for _ in 0..12 {
        let answer = call().await;
        if answer.status.as_u16() != 503 {
            return answer;
        }
    }
    panic!("the service is busy still");
}

impl Client {
    /// A POST that is sent again, with its key, while the service is busy.
    pub async fn steadily(&self, path: &str, body: Value) -> Answer {
        let key = fresh_key();
        steady(async || self.post_with_key(path, &key, body.clone()).await).await
    }

    pub async fn look(&self, path: &str) -> Answer {
        steady(async || self.get(path).await).await
    }
}

/// A problem without what differs from one request to the next.
pub fn without_instance(answer: &Answer) -> Value {
    let mut body = answer.json();
    if let Some(body) = body.as_object_mut() {
        body.remove("instance");
    }
    body
}

/// Every key of an object at any depth.
pub fn keys_of(value: &Value, into: &mut std::collections::BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                into.insert(key.clone());
                keys_of(value, into);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| keys_of(item, into)),
        _ => {}
    }
}

/// Sends bytes as they are and reads what comes until the other side closes, or five seconds.
pub async fn raw(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    read_answer(&mut stream).await
}

pub async fn read_answer(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let mut chunk = [0u8; 4096];
    loop {
        match tokio::time::timeout(Duration::from_secs(5), stream.read(&mut chunk)).await {
            Ok(Ok(read)) if read > 0 => answer.extend_from_slice(&chunk[..read]),
            _ => break,
        }
        let text = String::from_utf8_lossy(&answer);
        // Enough once the declared length is there.
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| {
                    line.to_ascii_lowercase()
                        .strip_prefix("content-length: ")
                        .map(str::to_owned)
                })
                .and_then(|length| length.trim().parse::<usize>().ok());
            if length.is_some_and(|length| body.len() >= length) {
                break;
            }
        }
    }
    String::from_utf8_lossy(&answer).into_owned()
}

/// The status of an answer that was read as text.
pub fn status_of(answer: &str) -> u16 {
    answer
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .unwrap_or_default()
}
