//! What a form sent, and a refused form shown again: what was typed stands in its fields, the
//! complaints beside them.

use axum::http::StatusCode;
use chrono_tz::Tz;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::forms::{Choice, ErrorItem, choices};
use super::{CheckField, ErrorSummary, RadioField, SelectField, TextArea, TextField, time};
use crate::http::problem::FieldError;
use crate::http::{Problem, json};

/// The fields of a form, by name.
#[derive(Debug, Clone, Default)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    pub fn new(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }

    /// The first value of that name, without the blanks around it; empty when there is none.
    pub fn get(&self, name: &str) -> &str {
        self.0
            .iter()
            .find(|(n, _)| n == name)
            .map_or("", |(_, value)| value.trim())
    }

    /// Every value of that name, in the form's order.
    pub fn all(&self, name: &str) -> Vec<String> {
        self.0
            .iter()
            .filter(|(n, _)| n == name)
            .map(|(_, value)| value.trim().to_owned())
            .collect()
    }

    /// Was it sent at all?
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(n, _)| n == name)
    }

    /// All names and values.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub fn flag(&self, name: &str) -> bool {
        self.get(name) == "true"
    }
}

/// A form on its way to being the body of a command: the same JSON as the API reads, so that the
/// same rules complain with the same pointers. Names with dots are nested.
pub struct Body<'a> {
    fields: &'a Fields,
    object: Map<String, Value>,
    errors: Vec<FieldError>,
}

impl<'a> Body<'a> {
    pub fn new(fields: &'a Fields) -> Self {
        Self {
            fields,
            object: Map::new(),
            errors: Vec::new(),
        }
    }

    /// Texts; an empty one is an absent one.
    pub fn texts(mut self, names: &[&str]) -> Self {
        for name in names {
            let text = self.fields.get(name);
            if !text.is_empty() {
                self.set(name, text.into());
            }
        }
        self
    }

    /// Boxes: checked or not.
    pub fn flags(mut self, names: &[&str]) -> Self {
        for name in names {
            let checked = self.fields.flag(name);
            self.set(name, checked.into());
        }
        self
    }

    /// A time as it was typed, in the facility's zone.
    pub fn local(mut self, name: &str, zone: Tz) -> Self {
        let text = self.fields.get(name);
        if !text.is_empty() {
            match time::read_local(name, text, zone) {
                Ok(at) => self.set(name, at.to_rfc3339().into()),
                Err(error) => self.errors.push(error),
            }
        }
        self
    }

    pub fn value(mut self, name: &str, value: Value) -> Self {
        self.set(name, value);
        self
    }

    fn set(&mut self, name: &str, value: Value) {
        match name.split_once('.') {
            None => {
                self.object.insert(name.to_owned(), value);
            }
            Some((outer, inner)) => {
                let nested = self
                    .object
                    .entry(outer)
                    .or_insert_with(|| Value::Object(Map::new()));
                if let Value::Object(nested) = nested {
                    nested.insert(inner.to_owned(), value);
                }
            }
        }
    }

    /// The command's body, or everything that is wrong with it.
    pub fn read<T: DeserializeOwned>(self) -> Result<T, Problem> {
        if !self.errors.is_empty() {
            return Err(Problem::fields(self.errors));
        }
        json::read(Value::Object(self.object))
    }
}

/// What was typed into a form that was refused; nothing on a page that is opened afresh.
#[derive(Default)]
pub struct Typed(Option<Refused>);

struct Refused {
    form: &'static str,
    fields: Fields,
    problem: Option<Problem>,
}

/// Fields that a form sends unseen: a complaint about one has nowhere to lead.
const HIDDEN: &[&str] = &["act", "notice", "agency", "office", "source_message_id"];

impl Typed {
    pub fn refused(form: &'static str, fields: Fields, problem: Problem) -> Self {
        Self(Some(Refused {
            form,
            fields,
            problem: Some(problem),
        }))
    }

    /// A form that was answered on its own page: what was typed stays in its fields.
    pub fn kept(form: &'static str, fields: Fields) -> Self {
        Self(Some(Refused {
            form,
            fields,
            problem: None,
        }))
    }

    /// The status of the page: the problem's, where there was one.
    pub fn status(&self) -> StatusCode {
        self.0
            .as_ref()
            .and_then(|refused| refused.problem.as_ref())
            .map_or(StatusCode::OK, |problem| problem.slug.status())
    }

    /// Was it this form that was refused?
    pub fn is(&self, form: &str) -> bool {
        self.0
            .as_ref()
            .is_some_and(|refused| refused.form == form && refused.problem.is_some())
    }

    /// What was typed into that form.
    pub fn fields(&self, form: &str) -> Option<&Fields> {
        self.0
            .as_ref()
            .filter(|refused| refused.form == form)
            .map(|refused| &refused.fields)
    }

    pub fn summary(&self) -> ErrorSummary {
        let Some((refused, problem)) = self
            .0
            .as_ref()
            .and_then(|refused| Some((refused, refused.problem.as_ref()?)))
        else {
            return ErrorSummary::default();
        };
        let mut items: Vec<ErrorItem> = problem
            .errors
            .iter()
            .map(|error| {
                let name = name(&error.pointer);
                ErrorItem {
                    field: (!HIDDEN.contains(&name.as_str())).then(|| id(refused.form, &name)),
                    text: error.detail.clone(),
                }
            })
            .collect();
        if items.is_empty() {
            items.push(ErrorItem {
                field: None,
                text: problem.detail.clone(),
            });
        }
        ErrorSummary {
            heading: None,
            items,
        }
    }

    /// The fields of one form on the page.
    pub fn form(&self, form: &'static str) -> FormFields<'_> {
        FormFields {
            form,
            refused: self.0.as_ref().filter(|refused| refused.form == form),
        }
    }
}

/// `/subject/family_name` is the field `subject.family_name`; the form has one warrant.
fn name(pointer: &str) -> String {
    pointer
        .trim_start_matches('/')
        .replace('/', ".")
        .replace("warrants.0.", "warrant.")
}

fn id(form: &str, name: &str) -> String {
    format!("{form}-{}", name.replace('.', "-"))
}

/// Makes the fields of one form, each with what was typed and the complaint about it.
pub struct FormFields<'a> {
    form: &'static str,
    refused: Option<&'a Refused>,
}

impl FormFields<'_> {
    fn value(&self, name: &str, default: &str) -> String {
        self.refused.map_or_else(
            || default.to_owned(),
            |refused| refused.fields.get(name).to_owned(),
        )
    }

    fn complaint(&self, field: &str) -> Option<&FieldError> {
        self.refused?
            .problem
            .as_ref()?
            .errors
            .iter()
            .find(|error| name(&error.pointer) == field)
    }

    fn error(&self, field: &str) -> Option<String> {
        self.complaint(field).map(|error| error.detail.clone())
    }

    pub fn text(&self, name: &str, label: &str, default: &str) -> TextField {
        TextField::new(&id(self.form, name), name, label)
            .value(self.value(name, default))
            .error(self.error(name))
    }

    /// A time in the facility's zone. After "it came twice" the field takes an offset too.
    pub fn local(&self, name: &str, label: &str, default: &str, zone: Tz) -> TextField {
        let twice = self
            .complaint(name)
            .is_some_and(|error| error.code == "ambiguous");
        self.text(name, label, default)
            .kind(if twice { "text" } else { "datetime-local" })
            .hint(format!("In the facility's time, {zone}."))
    }

    pub fn area(&self, name: &str, label: &str) -> TextArea {
        TextArea::new(&id(self.form, name), name, label)
            .value(self.value(name, ""))
            .error(self.error(name))
    }

    pub fn select(
        &self,
        name: &str,
        label: &str,
        pairs: &[(&str, &str)],
        default: &str,
    ) -> SelectField {
        let value = self.value(name, default);
        SelectField::new(&id(self.form, name), name, label, choices(pairs, &value))
            .error(self.error(name))
    }

    pub fn radio(&self, name: &str, legend: &str, list: Vec<Choice>, default: &str) -> RadioField {
        let value = self.value(name, default);
        let list = list
            .into_iter()
            .map(|choice| Choice {
                chosen: choice.value == value,
                ..choice
            })
            .collect();
        RadioField::new(&id(self.form, name), name, legend, list).error(self.error(name))
    }

    pub fn check(&self, name: &str, label: &str, default: bool) -> CheckField {
        let checked = self
            .refused
            .map_or(default, |refused| refused.fields.flag(name));
        CheckField {
            error: self.error(name),
            ..CheckField::new(&id(self.form, name), name, label).checked(checked)
        }
    }
}
