//! The wizard from outside, as a browser without scripts uses it.

use super::*;
use axum::http::header::{HOST, ORIGIN};
use tower::ServiceExt;

const GOOD: &str = "name=Hours&symbol=H&decimals=2&supply=1+000&interval=10&recovery=72&administrator_name=Ada\
     &administrator_email=ada%40example.org&backup=";

struct Wizard {
    router: Router,
    token: String,
    requests: mpsc::Receiver<FoundingRequest>,
    cookie: Option<String>,
}

struct Page {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Wizard {
    fn open(lifetime: Duration) -> Self {
        let draft = Draft::of(["Qoin", "Q", "2", "1000000", "10", "72", "", "", ""]);
        let trust = Trust { proxies: Vec::new(), https: false };
        let (setup, requests) = Setup::new(draft, trust, "/nowhere".into(), lifetime).unwrap();
        let token = setup.path().split_once('=').unwrap().1.to_owned();
        Self { router: setup.router(), token, requests, cookie: None }
    }

    async fn begun() -> Self {
        Self::begun_within(LINK_LIFETIME).await
    }

    async fn begun_within(lifetime: Duration) -> Self {
        let mut wizard = Self::open(lifetime);
        let answer = wizard.post("/setup/begin", &format!("token={}", wizard.token)).await;
        assert_eq!((answer.status.as_u16(), answer.headers[LOCATION].to_str().unwrap()), (303, "/setup"));
        let cookie = answer.headers[SET_COOKIE].to_str().unwrap();
        for attribute in ["HttpOnly", "SameSite=Strict", "Path=/"] {
            assert!(cookie.contains(attribute), "{cookie}");
        }
        wizard.cookie = cookie.split(';').next().map(str::to_owned);
        wizard
    }

    async fn send(&self, request: axum::http::request::Builder, body: &str) -> Page {
        let mut request = request.header(HOST, "here");
        if let Some(cookie) = &self.cookie {
            request = request.header(COOKIE, cookie);
        }
        let response = self.router.clone().oneshot(request.body(Body::from(body.to_owned())).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        assert_eq!(parts.headers[CONTENT_SECURITY_POLICY], POLICY);
        Page { status: parts.status, headers: parts.headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
    }

    async fn get(&self, path: &str) -> Page {
        self.send(axum::http::Request::get(path), "").await
    }

    async fn post(&self, path: &str, body: &str) -> Page {
        self.send(axum::http::Request::post(path).header(ORIGIN, "http://here"), body).await
    }

    /// The draft that the summary shows.
    fn seen(page: &Page) -> String {
        page.text.split("name=\"draft\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
    }
}

#[tokio::test]
async fn only_the_browser_that_used_the_link_gets_in_and_it_works_once() {
    let mut wizard = Wizard::open(LINK_LIFETIME);
    for path in ["/setup", "/setup/check", "/", "/api/v1/currency", "/join"] {
        assert_eq!(wizard.get(path).await.status, 403, "{path}");
    }
    assert_eq!(wizard.post("/setup", GOOD).await.status, 403);
    let welcome = wizard.get(&format!("/setup?token={}", wizard.token)).await;
    assert!(welcome.status == 200 && welcome.text.contains("works once"), "looking does not use it up");
    for wrong in ["", "token=", "token=00", &format!("token={}0", wizard.token)] {
        assert_eq!(wizard.post("/setup/begin", wrong).await.status, 403, "{wrong}");
    }
    let right = format!("token={}", wizard.token);
    let (one, two) = tokio::join!(wizard.post("/setup/begin", &right), wizard.post("/setup/begin", &right));
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 403], "of two browsers one has it");
    assert!(wizard.post("/setup/begin", &right).await.text.contains("was used already"));
    wizard.cookie = Some(format!("{COOKIE_NAME}={}", wizard.token));
    assert_eq!(wizard.get("/setup").await.status, 403, "the token is not the cookie");
    assert_eq!((wizard.get("/healthz").await.status.as_u16(), wizard.get("/readyz").await.status.as_u16()), (200, 503));
}

#[tokio::test]
async fn a_link_and_a_cookie_expire() {
    let wizard = Wizard::open(Duration::ZERO);
    let answer = wizard.post("/setup/begin", &format!("token={}", wizard.token)).await;
    assert!(answer.status == 403 && answer.text.contains("has expired"));
    let wizard = Wizard::begun_within(Duration::from_millis(500)).await;
    assert_eq!(wizard.get("/setup").await.status, 200);
    while wizard.get("/setup").await.status == 200 {
        tokio::task::yield_now().await;
    }
    assert!(wizard.get("/setup/check").await.text.contains("has expired"));
}

#[tokio::test]
async fn other_sites_can_send_nothing() {
    let wizard = Wizard::begun().await;
    for (name, value) in [("origin", "http://evil.example"), ("origin", "null"), ("sec-fetch-site", "cross-site")] {
        let request = axum::http::Request::post("/setup").header(name, value);
        assert_eq!(wizard.send(request, GOOD).await.status, 403, "{value}");
    }
    assert_eq!(wizard.post("/setup", &format!("name={}", "x".repeat(FORM_BYTES_MAX))).await.status, 413);
}

#[tokio::test]
async fn what_is_wrong_stands_beside_its_field_and_what_was_typed_stays() {
    let wizard = Wizard::begun().await;
    let bad = GOOD.replace("decimals=2", "decimals=9").replace("Hours", "%3Cb%3EHours");
    let page = wizard.post("/setup", &bad).await;
    assert_eq!(page.status, 422);
    assert!(page.text.contains("id=\"decimals-fault\">From 0 to 8 digits."), "{}", page.text);
    assert!(page.text.contains("aria-describedby=\"decimals-fault decimals-hint\" aria-invalid=\"true\""));
    assert!(page.text.contains("value=\"&lt;b&gt;Hours\"") && page.text.contains("href=\"#decimals\""));
    assert_eq!(wizard.get("/setup/check").await.status, 422, "a bad draft cannot be confirmed");
    assert_eq!(wizard.post("/setup/found", "draft=").await.status, 422);
    let page = wizard.get("/setup").await;
    assert!(page.text.contains("value=\"9\""), "the draft is kept");
}

#[tokio::test]
async fn the_currency_begins_as_it_was_shown_and_once() {
    let mut wizard = Wizard::begun().await;
    assert_eq!(wizard.post("/setup", GOOD).await.headers[LOCATION], "/setup/check");
    let summary = wizard.get("/setup/check").await;
    assert!(summary.text.contains("1\u{202f}000 H") && summary.text.contains("12.50 H"), "{}", summary.text);
    let old = Wizard::seen(&summary);
    // Another tab changes something.
    wizard.post("/setup", &GOOD.replace("symbol=H", "symbol=HRS")).await;
    let page = wizard.post("/setup/found", &format!("draft={old}")).await;
    assert!(page.status == 409 && page.text.contains("Look it over once more"), "{}", page.text);
    let form = format!("draft={}", Wizard::seen(&page));
    let mut requests = std::mem::replace(&mut wizard.requests, mpsc::channel(1).1);
    let answering = tokio::spawn(async move {
        let failed = requests.recv().await.unwrap();
        failed.reply.send(Err("the disk is full".into())).ok().unwrap();
        let request = requests.recv().await.unwrap();
        assert_eq!((request.founding.currency_symbol.as_str(), request.founding.genesis_amount), ("HRS", 1_000));
        request.reply.send(Ok(Founded::Here("/join#token".into()))).ok().unwrap();
        requests.recv().await.is_none()
    });
    let failed = wizard.post("/setup/found", &form).await;
    assert!(failed.status == 500 && failed.text.contains("the disk is full"));
    let (one, two) = tokio::join!(wizard.post("/setup/found", &form), wizard.post("/setup/found", &form));
    assert_eq!(
        (one.headers[LOCATION].to_str().unwrap(), two.headers[LOCATION].to_str().unwrap()),
        ("/join#token", "/join#token")
    );
    drop(wizard);
    assert!(answering.await.unwrap(), "it was asked for once");
}

#[tokio::test]
async fn the_website_may_be_elsewhere() {
    let mut wizard = Wizard::begun().await;
    wizard.post("/setup", GOOD).await;
    let form = format!("draft={}", Wizard::seen(&wizard.get("/setup/check").await));
    let mut requests = std::mem::replace(&mut wizard.requests, mpsc::channel(1).1);
    let (page, ()) = tokio::join!(wizard.post("/setup/found", &form), async {
        let request = requests.recv().await.unwrap();
        request.reply.send(Ok(Founded::Elsewhere("/join#abc".into()))).ok().unwrap();
    });
    assert!(page.status == 200 && page.text.contains("/join#abc"), "{}", page.text);
}

#[test]
fn a_backup_folder_is_made_and_must_lie_outside_the_data() {
    let root = tempfile::tempdir().unwrap();
    let data = root.path().join("data");
    std::fs::create_dir(&data).unwrap();
    check_backup_folder(&root.path().join("a/b"), &data).unwrap();
    assert!(root.path().join("a/b").is_dir());
    assert!(check_backup_folder(&data.join("backups"), &data).unwrap_err().contains("within the data folder"));
    std::fs::write(root.path().join("file"), "").unwrap();
    assert!(check_backup_folder(&root.path().join("file"), &data).is_err());
}
