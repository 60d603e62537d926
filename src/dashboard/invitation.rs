//! `/invitations/{link}`: choosing a password, with the link as the only proof.

use askama::Template;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::forms::ErrorItem;
use super::visitor::{self, bare, see_other, show};
use super::{ErrorSummary, Layout, TextField, words};
use crate::app::App;
use crate::http::Problem;
use crate::identity::invitations::{self, Invited, LONGEST_PASSWORD, SHORTEST_PASSWORD};
use crate::types::Role;

#[derive(Template)]
#[template(path = "invitation.html")]
pub struct InvitationPage {
    pub layout: Layout,
    pub errors: ErrorSummary,
    /// None for a link that does not work.
    pub form: Option<InvitationForm>,
}

pub struct InvitationForm {
    /// "A. Example, reviewer".
    pub who: String,
    pub shortest: usize,
    pub action: String,
    pub email: TextField,
    pub password: TextField,
    pub again: TextField,
}

fn page(app: &App, link: &str, invited: Option<Invited>, wrong: Option<&str>) -> InvitationPage {
    let mut layout = bare(match invited {
        Some(_) => "Choose a password",
        None => "This invitation does not work",
    });
    layout.demo = app.demo;
    let errors = wrong.map_or_else(ErrorSummary::default, |text| ErrorSummary {
        heading: Some("The password is not set".to_owned()),
        items: vec![ErrorItem {
            field: Some("password".to_owned()),
            text: text.to_owned(),
        }],
    });
    let form = invited.map(|invited| {
        let role = Role::parse(&invited.role).map_or("", words::role);
        let secret = |name: &str, label: &str| {
            TextField::new(name, name, label)
                .kind("password")
                .required()
                .autocomplete("new-password")
        };
        InvitationForm {
            who: format!("{}, {role}", invited.name),
            shortest: SHORTEST_PASSWORD,
            action: format!("/invitations/{link}"),
            email: TextField::new("email", "email", "E-mail address")
                .kind("email")
                .autocomplete("username")
                .value(invited.email),
            password: secret("password", "Password"),
            again: secret("again", "The same again"),
        }
    });
    InvitationPage {
        layout,
        errors,
        form,
    }
}

/// `GET /invitations/{link}`
pub async fn get(State(app): State<App>, Path(link): Path<String>) -> Result<Response, Problem> {
    let invited = invitations::find(&app, &link).await?;
    let status = match invited {
        Some(_) => StatusCode::OK,
        None => StatusCode::NOT_FOUND,
    };
    show(status, &page(&app, &link, invited, None))
}

/// `POST /invitations/{link}`
pub async fn post(
    State(app): State<App>,
    Path(link): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (_, fields, _) = visitor::fields(request).await?;
    let Some(invited) = invitations::find(&app, &link).await? else {
        return show(StatusCode::NOT_FOUND, &page(&app, &link, None, None));
    };
    let (password, again) = (fields.get("password"), fields.get("again"));
    let length = password.chars().count();
    let wrong = if length < SHORTEST_PASSWORD {
        Some("It is too short.")
    } else if length > LONGEST_PASSWORD {
        Some("It is too long.")
    } else if password != again {
        Some("The two are not the same.")
    } else if password.to_lowercase() == invited.email || password == invited.name {
        Some("That is what others know of you.")
    } else {
        None
    };
    if wrong.is_some() {
        let page = page(&app, &link, Some(invited), wrong);
        return show(StatusCode::UNPROCESSABLE_ENTITY, &page);
    }
    if invitations::accept(&app, &link, password).await? {
        Ok(see_other("/sign-in"))
    } else {
        show(StatusCode::NOT_FOUND, &page(&app, &link, None, None))
    }
}
