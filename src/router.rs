//! All routes, and the middleware in one visible order.

mod pages;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::handler::Handler;
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, patch, post, put};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::app::App;
use crate::http::limits::Partition;
use crate::http::problem::{Problem, Slug};
use crate::identity::{Presented, keys_api};
use crate::types::{Side, ids};
use crate::{
    custodian, delivery, health, law, office, openapi, oversight, registry, reports, telemetry,
};

/// The whole service.
pub fn router(app: App) -> Router {
    let api = Router::new()
        .route("/whoami", get(registry_whoami))
        .route("/jurisdictions", get(registry::api::list_jurisdictions))
        .route("/jurisdictions/{id}", get(registry::api::get_jurisdiction))
        .route(
            "/agencies",
            get(registry::api::list_agencies).post(registry::api::post_agency),
        )
        .route(
            "/agencies/{ori}",
            get(registry::api::get_agency).patch(registry::api::patch_agency),
        )
        .route(
            "/offices",
            get(registry::api::list_offices).post(registry::api::post_office),
        )
        .route(
            "/offices/{code}",
            get(registry::api::get_office).patch(registry::api::patch_office),
        )
        .route("/keys", get(keys_api::list).post(keys_api::post))
        .route("/keys/{id}", delete(keys_api::delete))
        .route(
            "/detainers",
            get(for_side(
                Side::Oversight,
                oversight::detainers::get_list,
                for_side(
                    Side::Office,
                    office::detainers::api::get_list,
                    custodian::detainers::api::get_list,
                ),
            ))
            .post(for_side(
                Side::Office,
                office::detainers::api::post,
                custodian::detainers::api::post,
            )),
        )
        .route(
            "/detainers:cancel",
            post(office::detainers::api::post_cancel),
        )
        .route(
            "/detainers/{id}",
            get(for_side(
                Side::Office,
                office::detainers::api::get,
                custodian::detainers::api::get,
            )),
        )
        .route(
            "/detainers/{id}/timeline",
            get(for_side(
                Side::Office,
                office::detainers::api::timeline,
                custodian::detainers::api::timeline,
            )),
        )
        .route(
            "/detainers/{id}/letters/{kind}",
            get(custodian::letters::api::get),
        )
        .route(
            "/detainers/{id}/booking",
            put(custodian::matches::by_hand::put),
        )
        .route("/matches", get(custodian::matches::api::get_list))
        .route(
            "/matches/{id}/decision",
            post(custodian::matches::api::post_decision),
        )
        .route(
            "/release-notices:batch",
            post(custodian::release_notices::batch::post),
        )
        .route(
            "/detainers/{id}/restriction",
            put(custodian::restrictions::api::put_detainer),
        )
        .route(
            "/detainers/{id}/acknowledgement",
            post(custodian::detainers::api::post_acknowledgement),
        )
        .route(
            "/detainers/{id}/service",
            post(custodian::detainers::api::post_service),
        )
        .route(
            "/detainers/{id}/relay",
            post(custodian::detainers::typed::relay::post),
        )
        .route(
            "/detainers/{id}/cancellation",
            post(office::detainers::api::post_cancellation),
        )
        .route(
            "/detainers/{id}/determinations",
            get(custodian::determinations::api::get_list)
                .post(custodian::determinations::api::post),
        )
        .route(
            "/detainers/{id}/assessment",
            get(custodian::determinations::api::get_assessment),
        )
        .route(
            "/detainers/{id}/facts",
            get(custodian::facts::api::get).patch(custodian::facts::api::patch),
        )
        .route(
            "/detainers/{id}/citizenship-claims",
            get(custodian::claims::api::get_list).post(custodian::claims::api::post),
        )
        .route(
            "/detainers/{id}/citizenship-claims/{claim}",
            patch(custodian::claims::api::patch),
        )
        .route(
            "/detainers/{id}/hold",
            get(custodian::holds::api::get_list).post(custodian::holds::api::post),
        )
        .route(
            "/detainers/{id}/hold/end",
            post(custodian::holds::api::post_end),
        )
        .route(
            "/detainers/{id}/handover",
            get(for_side(
                Side::Office,
                office::handovers::get_list,
                custodian::handovers::get_list,
            ))
            .post(for_side(
                Side::Office,
                office::handovers::post,
                custodian::handovers::post,
            )),
        )
        .route(
            "/detainers/{id}/duties",
            get(custodian::duties::api::get_list),
        )
        .route(
            "/detainers/{id}/duties/{duty}",
            get(custodian::duties::api::get).patch(custodian::duties::api::patch),
        )
        .route(
            "/detainers/{id}/outcome",
            post(for_side(
                Side::Office,
                office::outcomes::post,
                custodian::outcomes::post,
            )),
        )
        .route("/persons", get(custodian::persons::api::get_list))
        .route(
            "/persons/{id}/history",
            get(custodian::persons::api::get_history),
        )
        .route("/bookings", get(custodian::bookings::api::get_list))
        .route(
            "/bookings/{booking_number}",
            put(custodian::bookings::api::put).get(custodian::bookings::api::get),
        )
        .route(
            "/bookings/{booking_number}/restriction",
            put(custodian::restrictions::api::put_booking),
        )
        .route(
            "/release-notices",
            get(custodian::release_notices::api::get_list)
                .post(custodian::release_notices::api::post),
        )
        .route(
            "/imports",
            get(for_side(
                Side::Operator,
                reports::imports::get_list,
                custodian::imports::api::get_list,
            ))
            .post(for_side(
                Side::Operator,
                reports::imports::post,
                custodian::imports::api::post,
            )),
        )
        .route(
            "/imports/{id}",
            get(for_side(
                Side::Operator,
                reports::imports::get,
                custodian::imports::api::get,
            )),
        )
        .route(
            "/imports/mappings",
            get(custodian::imports::mappings::get_list),
        )
        .route(
            "/imports/mappings/{name}",
            get(custodian::imports::mappings::get)
                .put(custodian::imports::mappings::put)
                .delete(custodian::imports::mappings::delete),
        )
        .route(
            "/imports/{id}/rejects.csv",
            get(for_side(
                Side::Operator,
                reports::imports::get_rejects,
                custodian::imports::api::get_rejects,
            )),
        )
        .route(
            "/imports/{id}/confirmation",
            post(custodian::imports::api::post_confirmation),
        )
        .route(
            "/imports/{id}/cancellation",
            post(for_side(
                Side::Operator,
                reports::imports::post_cancellation,
                custodian::imports::api::post_cancellation,
            )),
        )
        .route(
            "/release-notices/{id}",
            get(custodian::release_notices::api::get),
        )
        .route(
            "/notifications",
            get(for_side(
                Side::Office,
                office::notifications::get_list,
                custodian::notifications::get_list,
            )),
        )
        .route(
            "/notifications/{id}",
            get(for_side(
                Side::Office,
                office::notifications::get,
                custodian::notifications::get,
            )),
        )
        .route(
            "/notifications/{id}/acknowledgement",
            post(office::notifications::post_acknowledgement),
        )
        .route(
            "/notifications/{id}/attempts",
            post(custodian::notifications::post_attempt),
        )
        .route(
            "/agencies/{ori}/standing-decisions",
            get(custodian::determinations::standing::get)
                .put(custodian::determinations::standing::put),
        )
        .route(
            "/agencies/{ori}/adopted-positions/{act}",
            get(registry::adopted::get).put(registry::adopted::put),
        )
        .route("/positions", get(registry::positions::get_list))
        .route("/audit/events", get(oversight::audit::get_list))
        .route("/feeds", get(custodian::feeds::api::get_list))
        .route("/feeds/{name}", put(custodian::feeds::api::put))
        .route("/events", get(delivery::stream::get))
        .route("/policies", get(law::api::get_list))
        .route("/policies/evaluate", post(law::api::post_evaluate))
        .route(
            "/policies/preview",
            post(for_side(
                Side::Oversight,
                custodian::preview::api::post_overseen,
                custodian::preview::api::post,
            )),
        )
        .route("/policies/{*id}", get(law::api::get))
        .route("/clock", post(law::api::post_clock))
        .route("/statistics/detainers", get(reports::api::get_statistics))
        .layer(middleware::from_fn_with_state(app.clone(), allowance));

    Router::new()
        .nest("/v1", api)
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/openapi.json", get(openapi::get))
        .merge(pages::routes(&app))
        .fallback(async || Problem::not_found())
        .method_not_allowed_fallback(async || {
            Problem::new(
                Slug::MethodNotAllowed,
                "This address does not have that method; see Allow.",
            )
        })
        // From here outwards: the last one added runs first.
        .layer(DefaultBodyLimit::disable())
        .layer(middleware::from_fn(telemetry::measure))
        .layer(middleware::from_fn(headers))
        .layer(middleware::from_fn_with_state(app.clone(), render_problems))
        .layer(middleware::from_fn(own_task))
        .with_state(app)
}

/// What a route does for one side, and for whoever else presents a key. A handler's extractor refuses the sides that are
/// neither.
fn for_side<H, R, TH, TR>(
    side: Side,
    handler: H,
    rest: R,
) -> impl Fn(State<App>, Request) -> futures::future::BoxFuture<'static, Response>
+ Clone
+ Send
+ Sync
+ 'static
where
    H: Handler<TH, App> + Sync,
    R: Handler<TR, App> + Sync,
    TH: 'static,
    TR: 'static,
{
    move |State(app): State<App>, request: Request| {
        let presented = Presented::from_bearer(request.headers()).map(|presented| presented.side);
        match presented {
            Ok(presented) if presented == side => Box::pin(handler.clone().call(request, app)),
            _ => Box::pin(rest.clone().call(request, app)),
        }
    }
}

async fn registry_whoami(
    State(app): State<App>,
    caller: crate::identity::AnyCaller,
    headers: axum::http::HeaderMap,
) -> Result<Response, Problem> {
    use crate::http::{Caller, Tagged};
    let tx = caller.open(&app, crate::db::scope::Access::Read).await?;
    let actor = tx.actor();
    let body = crate::openapi::WhoAmI {
        role: actor.role.to_string(),
        agency: actor.agency.as_ref().map(|agency| agency.code.clone()),
        office: actor.office.as_ref().map(|office| office.code.clone()),
        jurisdiction: actor.jurisdiction.clone(),
        key_id: actor.credential.clone(),
    };
    tx.rollback().await?;
    Ok(Tagged::ok(&body).unless_known(&headers))
}

/// Outermost: a client that hangs up drops its connection, not our work. A future of the
/// database that is dropped inside BEGIN would give its connection back with the transaction
/// open and another tenant's settings in force (sqlx 0.9.0).
async fn own_task(request: Request, next: Next) -> Response {
    tokio::spawn(next.run(request))
        .await
        .unwrap_or_else(|error| Problem::internal(error).into_response())
}

/// Gives each request its id and writes problems out in full.
async fn render_problems(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let id = ids::new_v7(app.clock.now());
    request.extensions_mut().insert(RequestId(id));
    let wants_page = !request.uri().path().starts_with("/v1")
        && request
            .headers()
            .get(header::ACCEPT)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|accept| accept.contains("text/html"));
    let mut response = next.run(request).await;
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        response.headers_mut().insert("x-request-id", value);
    }
    let Some(problem) = response.extensions_mut().remove::<Problem>() else {
        return response;
    };
    let (content_type, body) = if wants_page {
        (
            "text/html; charset=utf-8",
            crate::dashboard::problem::render(&problem, id),
        )
    } else {
        (
            "application/problem+json",
            serde_json::to_string(&problem.body(id)).unwrap_or_default(),
        )
    };
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response.headers_mut().remove(header::CONTENT_LENGTH);
    *response.body_mut() = Body::from(body);
    response
}

/// The id of one request, as `instance` of a problem names it.
#[derive(Debug, Clone, Copy)]
pub struct RequestId(pub Uuid);

/// What every answer carries.
async fn headers(request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("x-frame-options", "DENY"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        (
            "content-security-policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
             connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        ),
    ] {
        headers
            .entry(HeaderName::from_static(name))
            .or_insert(HeaderValue::from_static(value));
    }
    if !path.starts_with("/assets/") {
        headers
            .entry(header::CACHE_CONTROL)
            .or_insert(HeaderValue::from_static("no-store"));
    }
    if path.starts_with("/v1/") {
        headers
            .entry(header::VARY)
            .or_insert(HeaderValue::from_static("Accept, Authorization"));
    }
    response
}

/// Takes the request from its credential's allowance. The bucket is named by the whole
/// credential, so that nobody can use up another's by its id alone.
async fn allowance(State(app): State<App>, request: Request, next: Next) -> Response {
    if request
        .uri()
        .query()
        .is_some_and(|query| query.contains("sp_"))
    {
        return Problem::new(
            Slug::Unauthenticated,
            "Keys in URLs are refused: they end up in logs. Revoke that key.",
        )
        .into_response();
    }
    let intake =
        request.method() == Method::POST && request.uri().path().starts_with("/release-notices");
    let partition = if intake {
        Partition::Intake
    } else {
        Partition::Other
    };
    let credential = request
        .headers()
        .get(header::AUTHORIZATION)
        .map_or(&b""[..], HeaderValue::as_bytes);
    match app
        .limits
        .take(partition, &hex::encode(Sha256::digest(credential)))
    {
        Err(problem) => problem.into_response(),
        Ok(left) => {
            let mut response = next.run(request).await;
            response.headers_mut().extend(left);
            response
        }
    }
}
