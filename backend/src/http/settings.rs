//! The settings that are changed while the leader runs.

use super::error::ApiError;
use super::extract::Json;
use crate::identity::{Granted, right};
use qoin_core::api::admin::settings::{ChangeSettings, SETTINGS_PATH, SettingsView};
use qoin_core::api::problem::Problem;

/// All settings, with where each value comes from, and what was fixed when the currency began.
#[utoipa::path(
    get,
    path = SETTINGS_PATH,
    tag = "administration",
    security(("session" = ["view_settings"]), ("operator" = [])),
    responses((status = 200, body = SettingsView), (status = "4XX", body = Problem)),
)]
pub async fn show_settings(granted: Granted<right::ViewSettings>) -> axum::Json<SettingsView> {
    axum::Json(granted.settings())
}

/// Changes settings, all of them or none; they count from now on and go before the configuration file.
#[utoipa::path(
    post,
    path = SETTINGS_PATH,
    tag = "administration",
    request_body = ChangeSettings,
    security(("session" = ["change_settings"]), ("operator" = [])),
    responses((status = 200, body = SettingsView), (status = "4XX", body = Problem)),
)]
pub async fn change_settings(
    granted: Granted<right::ChangeSettings>,
    Json(request): Json<ChangeSettings>,
) -> Result<axum::Json<SettingsView>, ApiError> {
    Ok(axum::Json(granted.change_settings(request).await?))
}
