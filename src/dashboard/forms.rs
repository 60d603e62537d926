//! Form fields that print themselves with label, hint, error and what was typed.

use askama::Template;
use askama::filters::HtmlSafe;

/// The two hidden fields of every form that changes something.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "pieces/tokens.html")]
pub struct Tokens {
    pub csrf: String,
    /// Made with the page: sending the same form twice does the thing once.
    pub idempotency_key: String,
}
impl HtmlSafe for Tokens {}

/// What was wrong, above the form, each line a link to its field.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "pieces/errors.html")]
pub struct ErrorSummary {
    /// Where "Not recorded. What you typed is still here." would not be true.
    pub heading: Option<String>,
    pub items: Vec<ErrorItem>,
}
impl HtmlSafe for ErrorSummary {}

#[derive(Clone, Debug)]
pub struct ErrorItem {
    /// The id of the field, or none when the whole act was refused.
    pub field: Option<String>,
    /// The field, the rule, the mend: "Served at is before the request was received (…). Enter …".
    pub text: String,
}

#[derive(Clone, Debug, Default, Template)]
#[template(path = "pieces/text_field.html")]
pub struct TextField {
    /// Unique on the page; the form's name in front where a page has several forms.
    pub id: String,
    pub name: String,
    pub label: String,
    pub hint: Option<String>,
    pub value: String,
    pub error: Option<String>,
    /// An HTML input type.
    pub kind: &'static str,
    pub required: bool,
    pub autocomplete: Option<&'static str>,
    /// Shown as part of the form but not to be changed.
    pub fixed: bool,
}
impl HtmlSafe for TextField {}

impl TextField {
    pub fn new(id: &str, name: &str, label: &str) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            label: label.into(),
            kind: "text",
            ..Self::default()
        }
    }
    pub fn kind(self, kind: &'static str) -> Self {
        Self { kind, ..self }
    }
    pub fn required(self) -> Self {
        Self {
            required: true,
            ..self
        }
    }
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }
    pub fn value(self, value: impl Into<String>) -> Self {
        Self {
            value: value.into(),
            ..self
        }
    }
    pub fn autocomplete(self, token: &'static str) -> Self {
        Self {
            autocomplete: Some(token),
            ..self
        }
    }
    pub fn error(self, error: Option<String>) -> Self {
        Self { error, ..self }
    }
}

#[derive(Clone, Debug, Default, Template)]
#[template(path = "pieces/text_area.html")]
pub struct TextArea {
    pub id: String,
    pub name: String,
    pub label: String,
    pub hint: Option<String>,
    pub value: String,
    pub error: Option<String>,
    pub required: bool,
}
impl HtmlSafe for TextArea {}

impl TextArea {
    pub fn new(id: &str, name: &str, label: &str) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            label: label.into(),
            ..Self::default()
        }
    }
    pub fn required(self) -> Self {
        Self {
            required: true,
            ..self
        }
    }
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }
    pub fn value(self, value: impl Into<String>) -> Self {
        Self {
            value: value.into(),
            ..self
        }
    }
    pub fn error(self, error: Option<String>) -> Self {
        Self { error, ..self }
    }
}

/// One of a list that is given.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    pub value: String,
    pub label: String,
    pub hint: Option<String>,
    pub chosen: bool,
}

impl Choice {
    pub fn new(value: &str, label: &str) -> Self {
        Self {
            value: value.into(),
            label: label.into(),
            ..Self::default()
        }
    }
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }
    pub fn chosen(self) -> Self {
        Self {
            chosen: true,
            ..self
        }
    }
}

/// Choices from `(value, label)` pairs, the one with this value chosen.
pub fn choices(pairs: &[(&str, &str)], value: &str) -> Vec<Choice> {
    let choice = |(v, label): &(&str, &str)| Choice {
        chosen: *v == value,
        ..Choice::new(v, label)
    };
    pairs.iter().map(choice).collect()
}

#[derive(Clone, Debug, Default, Template)]
#[template(path = "pieces/select_field.html")]
pub struct SelectField {
    pub id: String,
    pub name: String,
    pub label: String,
    pub hint: Option<String>,
    pub choices: Vec<Choice>,
    pub error: Option<String>,
    pub required: bool,
}
impl HtmlSafe for SelectField {}

impl SelectField {
    pub fn new(id: &str, name: &str, label: &str, choices: Vec<Choice>) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            label: label.into(),
            choices,
            ..Self::default()
        }
    }
    pub fn required(self) -> Self {
        Self {
            required: true,
            ..self
        }
    }
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }
    pub fn error(self, error: Option<String>) -> Self {
        Self { error, ..self }
    }
}

#[derive(Clone, Debug, Default, Template)]
#[template(path = "pieces/radio_field.html")]
pub struct RadioField {
    pub id: String,
    pub name: String,
    pub legend: String,
    pub hint: Option<String>,
    pub choices: Vec<Choice>,
    pub error: Option<String>,
    pub required: bool,
}
impl HtmlSafe for RadioField {}

impl RadioField {
    pub fn new(id: &str, name: &str, legend: &str, choices: Vec<Choice>) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            legend: legend.into(),
            choices,
            ..Self::default()
        }
    }
    pub fn required(self) -> Self {
        Self {
            required: true,
            ..self
        }
    }
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }
    pub fn error(self, error: Option<String>) -> Self {
        Self { error, ..self }
    }
}

/// A box that sends `true`, or nothing.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "pieces/check_field.html")]
pub struct CheckField {
    pub id: String,
    pub name: String,
    pub label: String,
    pub hint: Option<String>,
    pub checked: bool,
    pub error: Option<String>,
}
impl HtmlSafe for CheckField {}

impl CheckField {
    pub fn new(id: &str, name: &str, label: &str) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            label: label.into(),
            ..Self::default()
        }
    }
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }
    pub fn checked(self, checked: bool) -> Self {
        Self { checked, ..self }
    }
}
