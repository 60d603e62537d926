//! Letters to the person and to counsel.

use reqwest::Method;
use serde_json::json;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::support::custody::{acknowledge, lodge, serve};
use crate::support::*;

const NUMBER: &str = "A012345678";

/// How the titles begin: of the copy, the notice, the certificate.
const TITLES: [(&str, [&str; 3]); 6] = [
    (
        "en",
        [
            "Copy of a federal request",
            "What this agency told",
            "Certificate that a copy",
        ],
    ),
    (
        "es",
        [
            "Copia de una solicitud federal",
            "Lo que esta agencia comunicó",
            "Constancia de entrega",
        ],
    ),
    (
        "zh",
        ["联邦请求书副本", "本机构就您获释一事", "请求书副本送达证明"],
    ),
    (
        "tl",
        [
            "Kopya ng kahilingan",
            "Ang ipinaalam ng ahensiyang ito",
            "Katibayan na naibigay",
        ],
    ),
    (
        "vi",
        [
            "Bản sao yêu cầu của liên bang",
            "Điều cơ quan này đã báo",
            "Giấy chứng nhận đã giao",
        ],
    ),
    (
        "ko",
        [
            "연방 요청서 사본과",
            "귀하의 석방에 관하여",
            "요청서 사본 전달 증명서",
        ],
    ),
];

#[sqlx::test(fixtures("../fixtures/two_counties.sql"))]
async fn a_letter_says_what_is_on_record_and_waits_for_what_has_not_happened(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let (liaison, jail) = (app.liaison(SND).await, app.reviewer(ALDER).await);
    let id = lodge(&liaison, detainer(SND, ALDER, NUMBER)).await;
    let letter = |kind: &str, query: &str| format!("/v1/detainers/{id}/letters/{kind}{query}");
    let copy = jail.get(&letter("copy-and-intent", "")).await.expect(200);
    assert_eq!(copy.header("content-type"), "application/pdf");
    assert!(copy.text.contains("I-247A"), "{}", copy.text);
    assert!(copy.text.contains("not decided yet"));
    let known = [("if-none-match", copy.header("etag"))];
    let known = known
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    let again = jail
        .send(Method::GET, &letter("copy-and-intent", ""), &known, "")
        .await;
    again.expect(304);
    let klingon = jail
        .get(&letter("copy-and-intent", "?lang=tlh"))
        .await
        .expect(422);
    assert!(klingon.text.contains("en, es, zh, tl, vi or ko"));
    jail.get(&letter("love", "")).await.expect(404);

    let early = jail
        .get(&letter("service-certificate", ""))
        .await
        .expect(409);
    assert_eq!(early.slug(), "not-served");
    let early = jail.get(&letter("notice-of-notice", "")).await.expect(409);
    assert_eq!(early.slug(), "illegal-transition");
    acknowledge(&jail, &id).await;
    serve(&jail, &id).await;
    jail.get(&letter("service-certificate", ""))
        .await
        .expect(200);
    jail.put("/v1/bookings/26-1", booking(NUMBER))
        .await
        .expect(201);
    app.settle().await;
    jail.post(
        "/v1/release-notices",
        notice("26-1", "scheduled", "2026-12-20T08:00:00-08:00"),
    )
    .await
    .expect(201);
    let comply =
        json!({"act": "notify_release", "decision": "comply", "reason_code": "law_permits"});
    jail.post(&format!("/v1/detainers/{id}/determinations"), comply)
        .await
        .expect(201);
    let told = jail.get(&letter("notice-of-notice", "")).await.expect(200);
    assert!(told.text.contains("20 Dec 2026 08:00"), "{}", told.text);
    let copy = jail.get(&letter("copy-and-intent", "")).await.expect(200);
    assert!(copy.text.contains("the agency intends to do so"));

    // Each letter in each language of the TRUTH Act, and none of them in another's.
    for (lang, [copy, told, served]) in TITLES {
        for (kind, title) in [
            ("copy-and-intent", copy),
            ("notice-of-notice", told),
            ("service-certificate", served),
        ] {
            let answer = jail.get(&letter(kind, &format!("?lang={lang}"))).await;
            let text = answer.expect(200).text;
            assert!(text.contains(title), "{lang} {kind}: {text}");
            let draft = text.contains("Draft translation");
            assert_eq!(draft, !["en", "es"].contains(&lang), "{lang} {kind}");
        }
    }

    liaison
        .get(&letter("copy-and-intent", ""))
        .await
        .expect(403);
    app.reviewer(BIRCH)
        .await
        .get(&letter("copy-and-intent", ""))
        .await
        .expect(404);
    app.stop().await;
}
