//! The OpenAPI document, made from the routes, and the page that shows it.

use super::Leader;
use super::{
    account, administration, audit, batch, blocks, chain, contributions, currency, events, invitations, members,
    mining, network, operator, receipts, recovery, restores, services, sessions, settings, transactions, treasury,
};
use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::sync::Arc;
use utoipa::openapi::OpenApi as Document;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use utoipa_swagger_ui::{Config, SwaggerUi};

/// Where the document is.
pub const DOCUMENT_PATH: &str = "/api/openapi.json";
/// Where the page is that shows it.
const DOCS_PATH: &str = "/api/docs";
/// The page is Swagger UI with its own scripts and styles; it also sets styles on its elements and draws inline images.
const DOCS_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; font-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Qoin",
        description = "The leader's interface. Times ending in `_ms` are milliseconds and in `_us` microseconds since \
            1970; bytes are hexadecimal, hashes in the reversed order in which Bitcoin displays them; amounts are \
            strings of the currency's smallest units. Errors are problem documents (RFC 9457) whose `code` is stable.",
    ),
    modifiers(&BearerSecurity),
    components(schemas(
        qoin_core::api::problem::Problem,
        qoin_core::api::events::Event,
        qoin_core::api::admin::members::MemberOrder
    )),
)]
struct Base;

struct BearerSecurity;

impl Modify for BearerSecurity {
    fn modify(&self, document: &mut Document) {
        let components = document.components.get_or_insert_default();
        for name in ["session", "operator", "service"] {
            components.add_security_scheme(name, SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
        }
    }
}

/// All documented routes.
pub(super) fn routes() -> OpenApiRouter<Arc<Leader>> {
    OpenApiRouter::with_openapi(Base::openapi())
        .routes(routes!(currency::show_currency))
        .routes(routes!(currency::show_supply))
        .routes(routes!(restores::list_restores))
        .routes(routes!(sessions::show_password_parameters))
        .routes(routes!(sessions::open_session))
        .routes(routes!(sessions::show_session, sessions::end_session))
        .routes(routes!(sessions::replace_password))
        .routes(routes!(recovery::make_challenge))
        .routes(routes!(recovery::recover))
        .routes(routes!(account::show_account))
        .routes(routes!(account::show_history))
        .routes(routes!(members::list_members))
        .routes(routes!(transactions::submit_transaction))
        .routes(routes!(batch::submit_batch))
        .routes(routes!(transactions::show_transaction))
        .routes(routes!(receipts::download_receipt))
        .routes(routes!(blocks::list_blocks))
        .routes(routes!(blocks::show_block))
        .routes(routes!(blocks::list_headers))
        .routes(routes!(chain::download_chain))
        .routes(routes!(events::follow_events))
        .routes(routes!(invitations::invite, invitations::list_invitations))
        .routes(routes!(invitations::invite_all))
        .routes(routes!(invitations::register))
        .routes(routes!(invitations::withdraw_invitation))
        .routes(routes!(invitations::open_invitation))
        .routes(routes!(invitations::accept_invitation))
        .routes(routes!(audit::show_audit))
        .routes(routes!(audit::export_audit))
        .routes(routes!(settings::show_settings, settings::change_settings))
        .routes(routes!(administration::list_members, administration::create_member))
        .routes(routes!(administration::show_member))
        .routes(routes!(administration::suspend_member))
        .routes(routes!(administration::resume_member))
        .routes(routes!(administration::set_role))
        .routes(routes!(administration::erase_member))
        .routes(routes!(administration::start_recovery, administration::withdraw_recovery))
        .routes(routes!(administration::open_recovery))
        .routes(routes!(administration::use_recovery))
        .routes(routes!(treasury::show_treasury))
        .routes(routes!(treasury::credit_member))
        .routes(routes!(treasury::credit_file))
        .routes(routes!(treasury::issue))
        .routes(routes!(treasury::burn))
        .routes(routes!(treasury::refund))
        .routes(routes!(treasury::list_proposals))
        .routes(routes!(treasury::show_proposal, treasury::withdraw_proposal))
        .routes(routes!(treasury::approve_proposal))
        .routes(routes!(treasury::decline_proposal))
        .routes(routes!(treasury::request_repayment, treasury::list_repayments))
        .routes(routes!(treasury::withdraw_repayment))
        .routes(routes!(treasury::list_own_repayments))
        .routes(routes!(treasury::pay_repayment))
        .routes(routes!(treasury::show_statement))
        .routes(routes!(treasury::export_statement))
        .routes(routes!(network::show_network))
        .routes(routes!(network::list_miners))
        .routes(routes!(network::list_block_times))
        .routes(routes!(network::show_hash_rate))
        .routes(routes!(network::show_backups, network::back_up))
        .routes(routes!(network::download_backup))
        .routes(routes!(services::declare_service, services::list_services))
        .routes(routes!(services::revoke_service))
        .routes(routes!(services::refresh_service_key))
        .routes(routes!(contributions::reward_contribution))
        .routes(routes!(contributions::list_declared_services))
        .routes(routes!(contributions::set_budget))
        .routes(routes!(operator::make_backup))
        .routes(routes!(operator::tell_master_key))
        .routes(routes!(mining::join_mining))
        .routes(routes!(mining::leave_mining))
        .routes(routes!(mining::submit_share))
        .routes(routes!(mining::list_workers))
}

/// The OpenAPI document.
pub fn document() -> Document {
    routes().split_for_parts().1
}

/// The document, and the page that shows it.
pub(super) fn pages(document: &Document) -> Router<Arc<Leader>> {
    let json: Arc<str> = document.to_pretty_json().expect("the document is plain JSON").into();
    let show_document = get(move || async move { ([(header::CONTENT_TYPE, "application/json")], json.to_string()) });
    let page: Router<Arc<Leader>> = SwaggerUi::new(DOCS_PATH).config(Config::new([DOCUMENT_PATH])).into();
    page.layer(from_fn(allow_page)).route(DOCUMENT_PATH, show_document)
}

async fn allow_page(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await.into_response();
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(DOCS_POLICY));
    response
}
