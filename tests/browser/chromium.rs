//! One headless Chromium behind a ChromeDriver of its own.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

pub struct Browser {
    pub client: Client,
    http: reqwest::Client,
    session: String,
    driver: Child,
    profile: PathBuf,
    /// axe-core, which each page is judged by.
    axe: String,
}

const WIDTHS: [u32; 3] = [360, 768, 1280];

impl Browser {
    /// # Panics
    /// When Chromium, its driver or axe-core is missing: `make test` installs them.
    pub async fn start(script: bool) -> Self {
        let axe =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("web/node_modules/axe-core/axe.min.js");
        let axe = std::fs::read_to_string(&axe).unwrap_or_else(|_| {
            panic!("web/node_modules is missing: run `make test`, which fills it")
        });
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|_| {
                panic!("chromedriver is missing: run `make test`, which installs it")
            });
        let lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = lines
            .map_while(Result::ok)
            .find_map(|line| {
                let rest = line.strip_prefix("ChromeDriver was started successfully on port ")?;
                rest.trim_end_matches('.').parse::<u16>().ok()
            })
            .expect("chromedriver names its port");
        let profile = std::env::temp_dir().join(format!("sallyport-browser-{port}"));
        let url = format!("http://127.0.0.1:{port}");
        let capabilities = json!({
            "goog:loggingPrefs": {"browser": "ALL"},
            "goog:chromeOptions": {
                "args": [
                    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                    "--disable-background-networking", "--disable-component-update", "--disable-sync",
                    "--disable-dev-shm-usage", "--hide-scrollbars", "--lang=en-US",
                    format!("--user-data-dir={}", profile.display()),
                ],
                "prefs": {"profile.managed_default_content_settings.javascript": if script { 1 } else { 2 }},
            },
        });
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities.as_object().unwrap().clone())
            .connect(&url)
            .await
            .expect("a browser session");
        let id = client.session_id().await.unwrap().expect("a session id");
        Self {
            client,
            http: reqwest::Client::new(),
            session: format!("{url}/session/{id}"),
            driver,
            profile,
            axe,
        }
    }

    /// The session is closed before its driver goes.
    pub async fn stop(mut self) {
        self.client.clone().close().await.ok();
        self.driver.kill().ok();
        self.driver.wait().ok();
        std::fs::remove_dir_all(&self.profile).ok();
    }

    async fn command(&self, path: &str, body: Value) -> Value {
        let answer = self
            .http
            .post(format!("{}/{path}", self.session))
            .json(&body)
            .send()
            .await
            .unwrap();
        answer.json::<Value>().await.unwrap()["value"].clone()
    }

    async fn cdp(&self, command: &str, params: Value) -> Value {
        self.command(
            "goog/cdp/execute",
            json!({"cmd": command, "params": params}),
        )
        .await
    }

    pub async fn width(&self, width: u32) {
        let params =
            json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false});
        self.cdp("Emulation.setDeviceMetricsOverride", params).await;
    }

    /// What the browser complained of since the last look: violations of the content policy and
    /// errors of scripts, not the answers that a refused form gets.
    pub async fn complaints(&self) -> Vec<String> {
        let log = self.command("se/log", json!({"type": "browser"})).await;
        log.as_array()
            .expect("the browser's log")
            .iter()
            .filter(|entry| entry["level"] == "SEVERE" && entry["source"] != "network")
            .map(|entry| entry["message"].to_string())
            .collect()
    }

    /// Judges the page by axe at three widths, and that nothing sticks out of it sideways.
    /// With `SALLYPORT_SCREENSHOTS` set to a folder, pictures are left there.
    pub async fn judge(&self, name: &str) {
        self.client.execute(&self.axe, vec![]).await.unwrap();
        for width in WIDTHS {
            self.width(width).await;
            if let Ok(folder) = std::env::var("SALLYPORT_SCREENSHOTS") {
                let params = json!({"captureBeyondViewport": true, "format": "png"});
                let shot = self.cdp("Page.captureScreenshot", params).await;
                let data = shot["data"].as_str().unwrap_or_default().to_owned();
                std::fs::create_dir_all(&folder).unwrap();
                let decoded =
                    base64::Engine::decode(&base64::engine::general_purpose::STANDARD, data)
                        .unwrap();
                std::fs::write(format!("{folder}/{name}-{width}.png"), decoded).unwrap();
            }
            let found = self
                .client
                .execute_async(
                    "const done = arguments[arguments.length - 1];
                     axe.run(document, {resultTypes: ['violations']}).then(
                       (r) => done({
                         violations: r.violations.map((v) => v.id + ': ' + v.nodes.map((n) => n.html.slice(0, 160)).join(' | ')),
                         wide: document.documentElement.scrollWidth > innerWidth,
                       }), (e) => done({violations: [String(e)], wide: false}));",
                    vec![],
                )
                .await
                .unwrap();
            assert_eq!(found["violations"], json!([]), "{name} at {width}");
            assert_eq!(found["wide"], false, "{name} at {width} scrolls sideways");
        }
        assert_eq!(self.complaints().await, Vec::<String>::new(), "{name}");
    }

    /// Opens every part that is folded away, so that it is judged too.
    pub async fn unfold(&self) {
        let open =
            "document.querySelectorAll('main details').forEach((part) => { part.open = true; });";
        self.client.execute(open, vec![]).await.unwrap();
    }

    pub async fn text(&self) -> String {
        let main = self.client.find(Locator::Css("main")).await.unwrap();
        main.text().await.unwrap()
    }

    /// Waits until the page says so; forms answer in place, so there is no navigation to wait for.
    pub async fn sees(&self, words: &str) {
        let since = Instant::now();
        loop {
            let text = match self.client.find(Locator::Css("main")).await {
                Ok(main) => main.text().await.unwrap_or_default(),
                Err(_) => String::new(),
            };
            if text.contains(words) {
                return;
            }
            assert!(
                since.elapsed() < Duration::from_secs(15),
                "no {words:?} in:\n{text}"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub async fn fill(&self, name: &str, value: &str) {
        let field = self
            .client
            .find(Locator::Css(&format!("main [name='{name}']")))
            .await
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        field.clear().await.unwrap();
        field.send_keys(value).await.unwrap();
    }

    /// A time, in the order in which an American browser asks for its parts.
    pub async fn fill_time(&self, name: &str, month_day_year: &str, clock: &str) {
        let field = self
            .client
            .find(Locator::Css(&format!("main [name='{name}']")))
            .await
            .unwrap();
        field
            .send_keys(&format!("{month_day_year}\u{e004}{clock}"))
            .await
            .unwrap();
    }

    pub async fn choose(&self, name: &str, value: &str) {
        let field = self
            .client
            .find(Locator::Css(&format!("main select[name='{name}']")))
            .await
            .unwrap();
        field.select_by_value(value).await.unwrap();
    }

    /// Clicks what a person would: a button or link by its first words.
    pub async fn press(&self, words: &str) {
        let path = format!(
            "//main//*[self::button or self::a or self::label or self::summary][starts-with(normalize-space(.), '{words}')]"
        );
        let found = self
            .client
            .find(Locator::XPath(&path))
            .await
            .unwrap_or_else(|error| panic!("{words}: {error}"));
        found.click().await.unwrap();
    }
}
