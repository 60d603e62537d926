//! A file that waits to be looked at: its first rows under their headings, what each column is read
//! as, and what the rows would become. Showing it again and taking it in are two buttons of one form.

use std::collections::BTreeMap;

use askama::Template;
use axum::response::Response;
use uuid::Uuid;

use super::{choice, name, one};
use crate::app::App;
use crate::custodian::detainers::api::DESK;
use crate::custodian::imports::api::body;
use crate::custodian::imports::preview::{self, Beginning, HOURS};
use crate::custodian::imports::{Job, mappings, store, submit};
use crate::dashboard::forms::Choice;
use crate::dashboard::visitor::show;
use crate::dashboard::{
    ErrorSummary, Fields, Frame, Layout, Posted, SelectField, TextArea, TextField, Tokens, Typed,
    When, time,
};
use crate::db::ScopedTx;
use crate::http::problem::FieldError;
use crate::http::{Problem, Tagged};
use crate::imports::fields::{self, Kind, Reads};
use crate::imports::mapping::{MappingFile, Rows, Use, addressable};
use crate::imports::values::{DayOrder, RepeatedHour};

const FORM: &str = "columns";
/// Columns that a page shows; a mapping file can name the others.
const SHOWN: usize = 100;

#[derive(Template)]
#[template(path = "custodian/import_columns.html")]
pub struct ColumnsPage {
    pub layout: Layout,
    pub errors: ErrorSummary,
    pub tokens: Tokens,
    pub cancel: Tokens,
    pub href: String,
    pub about: String,
    pub by: String,
    pub handed_in: When,
    pub forgotten: String,
    pub warnings: Vec<String>,
    pub columns: Vec<ColumnHead>,
    pub rows: Vec<Vec<String>>,
    /// Columns that the page does not show.
    pub more_columns: usize,
    pub settings: Vec<SelectField>,
    pub missing: TextArea,
    /// What is the same in every row.
    pub constants: Vec<TextField>,
    /// Lines of JSON: without a mapping they are read as they stand.
    pub lines: bool,
    pub becomes: Vec<Becomes>,
    /// Why none of the rows can be read this way.
    pub unreadable: Option<String>,
    pub save_as: TextField,
}

pub struct ColumnHead {
    pub heading: String,
    pub id: String,
    pub name: String,
    pub choices: Vec<Choice>,
    /// Why it cannot be chosen.
    pub fixed: Option<&'static str>,
    /// Further fields that read this column.
    pub also: Option<String>,
}

pub struct Becomes {
    /// "Row 1", "Rows 2 to 4".
    pub rows: String,
    pub values: Vec<(String, String)>,
    /// Why it would not be taken.
    pub fault: Option<String>,
}

/// `POST /imports/{id}`: reads the columns as the form says; may save that, and take the file in.
pub async fn post(app: &App, posted: Posted, id: Uuid) -> Result<Response, Problem> {
    let fields = posted.fields.clone();
    let take_in = fields.get("step") == "take_in";
    let saves = !fields.get("save_as").is_empty();
    let answer = posted
        .once(Ok(fields))
        .run(app, &posted.visitor, async |tx, fields| {
            let job = store::get(tx, id).await?.ok_or_else(Problem::not_found)?;
            tx.require(DESK)?;
            let beginning = preview::waiting(tx, app, id)
                .await?
                .ok_or_else(preview::started)?;
            redraft(tx, app, &job, &beginning, &fields?).await?;
            let job = match take_in {
                true => preview::start(tx, app, id).await?,
                false => store::get(tx, id).await?.ok_or_else(Problem::not_found)?,
            };
            Ok(Tagged::ok(&body(tx, job)))
        })
        .await;
    match answer {
        Ok(_) => {
            let says = match (take_in, saves) {
                (true, _) => "import-started",
                (false, true) => "import-mapping-saved",
                (false, false) => "import-shown",
            };
            Ok(posted.done(app, &format!("/imports/{id}"), says))
        }
        Err(problem) => {
            let (mut tx, frame) = posted.visitor.enter(app).await?;
            let job = store::get(&mut tx, id)
                .await?
                .ok_or_else(Problem::not_found)?;
            // Somebody else has started it, or may not look at it.
            let Some(beginning) = preview::waiting(&mut tx, app, id).await? else {
                return Err(problem);
            };
            tx.require(DESK)?;
            let typed = Typed::refused(FORM, posted.fields.clone(), at_the_form(problem));
            page(app, tx, &frame, job, &beginning, &typed).await
        }
    }
}

/// Complaints about a mapping or its name, at the fields of this page.
fn at_the_form(mut problem: Problem) -> Problem {
    for error in &mut problem.errors {
        match error.pointer.as_str() {
            "/name" => error.pointer = "/save_as".to_owned(),
            pointer if pointer.starts_with("/column.") || pointer.starts_with("/constant.") => {}
            _ => error.pointer = "/table".to_owned(),
        }
    }
    problem
}

async fn redraft(
    tx: &mut ScopedTx<'_>,
    app: &App,
    job: &Job,
    beginning: &Beginning,
    fields: &Fields,
) -> Result<(), Problem> {
    let (draft, errors) = Draft::of(job, beginning).changed(job.kind, beginning, fields);
    if !errors.is_empty() {
        return Err(Problem::fields(errors));
    }
    let (mut name, text) = match &draft {
        Draft::Names => (None, None),
        // Untouched it keeps its words, comments and all.
        Draft::Mapping(file) if Some(file.as_ref()) == Draft::of(job, beginning).mapping() => {
            (job.mapping.clone(), job.mapping_text.clone())
        }
        Draft::Mapping(file) => (None, Some(file.text())),
    };
    let save_as = fields.get("save_as");
    if !save_as.is_empty() {
        let file = draft.file(job.kind, beginning);
        let text = text.clone().unwrap_or_else(|| file.text());
        mappings::save(tx, app, save_as, file, &text).await?;
        if draft.mapping().is_some() {
            name = Some(save_as.to_owned());
        }
    }
    if !preview::store::redraft(tx, job.id, name.as_deref(), text.as_deref()).await? {
        return Err(preview::started());
    }
    Ok(())
}

/// How a file is read, as far as it is decided.
enum Draft {
    /// The headings are the fields' names.
    Names,
    Mapping(Box<MappingFile>),
}

impl Draft {
    fn of(job: &Job, beginning: &Beginning) -> Self {
        match job.mapping_text.as_deref() {
            None => Self::Names,
            // What was kept was read once already.
            Some(text) => {
                let file = MappingFile::read(text);
                let file =
                    file.unwrap_or_else(|_| MappingFile::suggested(job.kind, &beginning.headings));
                Self::Mapping(Box::new(file))
            }
        }
    }

    fn mapping(&self) -> Option<&MappingFile> {
        match self {
            Self::Names => None,
            Self::Mapping(file) => Some(file.as_ref()),
        }
    }

    fn file(&self, kind: Kind, beginning: &Beginning) -> MappingFile {
        match self {
            Self::Names => MappingFile::of_names(kind, &beginning.headings),
            Self::Mapping(file) => file.as_ref().clone(),
        }
    }

    /// With what a form says of it, and what is wrong with that.
    fn changed(&self, kind: Kind, beginning: &Beginning, sent: &Fields) -> (Self, Vec<FieldError>) {
        let before = self.file(kind, beginning);
        let mut file = before.clone();
        let mut errors = columns(&mut file, kind, beginning, sent);
        match sent.get("order") {
            "month_first" => file.dates.order = DayOrder::MonthFirst,
            "day_first" => file.dates.order = DayOrder::DayFirst,
            _ => {}
        }
        match sent.get("repeated_hour") {
            "refuse" => file.dates.repeated_hour = RepeatedHour::Refuse,
            "earlier" => file.dates.repeated_hour = RepeatedHour::Earlier,
            "later" => file.dates.repeated_hour = RepeatedHour::Later,
            _ => {}
        }
        match sent.get("rows") {
            "record" => file.rows = Rows::Record,
            "charge" => file.rows = Rows::Charge,
            _ => {}
        }
        if sent.has("missing") {
            let texts = lines(sent.get("missing"));
            if texts != lines(&before.missing.join("\n")) {
                file.missing = texts;
            }
        }
        for (name, text) in sent.pairs() {
            if let Some(path) = name.strip_prefix("constant.")
                && fields::of(kind).any(|field| field.path == path)
            {
                file.set_constant(path, text.trim());
            }
        }
        if matches!(self, Self::Names) {
            if file == before {
                return (Self::Names, errors);
            }
            if beginning
                .headings
                .iter()
                .any(|heading| is_numbered(heading))
            {
                let says = "Columns such as charges.0.statute are read by their names only: leave every column as it is, \
                            or send a row for each charge.";
                errors.push(error("/table", says));
            }
        }
        (Self::Mapping(Box::new(file)), errors)
    }
}

/// A charge that is numbered in its heading.
fn is_numbered(heading: &str) -> bool {
    heading
        .strip_prefix("charges.")
        .is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
}

fn lines(text: &str) -> Vec<String> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect()
}

fn error(pointer: &str, detail: &str) -> FieldError {
    FieldError {
        pointer: pointer.to_owned(),
        code: "column".to_owned(),
        detail: detail.to_owned(),
    }
}

/// Reads the columns as a form says; only what it changes is touched.
fn columns(
    file: &mut MappingFile,
    kind: Kind,
    beginning: &Beginning,
    sent: &Fields,
) -> Vec<FieldError> {
    let headings = &beginning.headings;
    let uses = file.uses(headings);
    let (mut errors, mut changes) = (Vec::new(), Vec::new());
    let mut chosen: BTreeMap<Use, usize> = BTreeMap::new();
    for (at, named) in addressable(headings).into_iter().enumerate().take(SHOWN) {
        let field = format!("column.{at}");
        if !named || !sent.has(&field) {
            continue;
        }
        let text = sent.get(&field);
        let to = (!text.is_empty()).then(|| text.parse().unwrap_or(Use::Field(text.to_owned())));
        if let Some(to) = &to {
            if !is_known(kind, to) {
                let says = format!("“{}”: there is no field {to}.", headings[at]);
                errors.push(error(&format!("/{field}"), &says));
                continue;
            }
            if let Some(other) = chosen.insert(to.clone(), at) {
                let says = format!(
                    "“{}” and “{}” cannot both be {}.",
                    headings[other],
                    headings[at],
                    use_words(to)
                );
                errors.push(error(&format!("/{field}"), &says));
                continue;
            }
        }
        let from = uses[at].first().cloned();
        if from != to {
            changes.push((at, from, to));
        }
    }
    file.change(headings, &changes);
    errors
}

fn is_known(kind: Kind, used: &Use) -> bool {
    fields::of(kind).any(|field| {
        field.path == used.path()
            && (matches!(used, Use::Field(_)) || field.reads == Reads::Instant)
    })
}

fn use_words(used: &Use) -> String {
    match used {
        Use::Field(path) => path.clone(),
        Use::Time(path) => format!("the time of day of {path}"),
    }
}

/// The page, from what is kept and what was typed into a form that was refused.
pub(super) async fn page(
    app: &App,
    tx: ScopedTx<'static>,
    frame: &Frame,
    job: Job,
    beginning: &Beginning,
    typed: &Typed,
) -> Result<Response, Problem> {
    let kept = Draft::of(&job, beginning);
    let draft = match typed.fields(FORM) {
        Some(sent) => kept.changed(job.kind, beginning, sent).0,
        None => kept,
    };
    let text = draft.mapping().map(MappingFile::text);
    let reading = submit::reading(&tx, app, &preview::submission(&job), text.as_deref());
    tx.rollback().await?;
    let (becomes, unreadable) = match reading.map(|reading| reading.first(beginning)) {
        Ok(Ok(shown)) => (shown.into_iter().map(becomes).collect(), None),
        Ok(Err(error)) => (Vec::new(), Some(error.to_string())),
        Err(problem) => (Vec::new(), Some(problem.detail)),
    };
    let file = draft.file(job.kind, beginning);
    let form = typed.form(FORM);
    let until = job.started_at + chrono::Duration::hours(HOURS);
    let page = ColumnsPage {
        layout: frame.layout(name(&job)),
        errors: ErrorSummary {
            heading: Some("Not done. What you chose is still here.".to_owned()),
            ..typed.summary()
        },
        tokens: frame.tokens(),
        cancel: frame.tokens(),
        href: format!("/imports/{}", job.id),
        about: one::about(&job),
        by: job.started_by.clone(),
        handed_in: frame.when(job.started_at),
        forgotten: time::absolute(until, frame.zone),
        warnings: beginning.warnings.clone(),
        columns: heads(&draft, &file, job.kind, beginning),
        rows: beginning
            .rows
            .iter()
            .map(|row| row.iter().take(SHOWN).cloned().collect())
            .collect(),
        more_columns: beginning.headings.len().saturating_sub(SHOWN),
        settings: settings(&file, job.kind),
        missing: TextArea {
            value: file.missing.join("\n"),
            ..form.area("missing", "Texts that say nothing")
        }
        .hint("One a line, such as NA or UNKNOWN."),
        constants: constants(&file, job.kind, beginning),
        lines: beginning.is_lines() && draft.mapping().is_none(),
        becomes,
        unreadable,
        save_as: form
            .text("save_as", "Save this mapping as", "")
            .hint("A name such as jms-nightly: the next file is read the same way, on this page and with mapping= in the API."),
    };
    show(typed.status(), &page)
}

fn heads(draft: &Draft, file: &MappingFile, kind: Kind, beginning: &Beginning) -> Vec<ColumnHead> {
    let headings = &beginning.headings;
    let named = addressable(headings);
    let uses = file.uses(headings);
    headings
        .iter()
        .take(SHOWN)
        .enumerate()
        .map(|(at, heading)| {
            let fixed = match (named[at], draft) {
                (false, _) if heading.trim().is_empty() => Some("It has no heading: not used."),
                (false, _) => Some("A heading of this name stands further left: not used."),
                (true, Draft::Names) if is_numbered(heading) => Some("Read by its name."),
                (true, _) => None,
            };
            let also: Vec<String> = uses[at].iter().skip(1).map(use_words).collect();
            ColumnHead {
                heading: heading.clone(),
                id: format!("columns-column-{at}"),
                name: format!("column.{at}"),
                choices: choices(kind, uses[at].first()),
                fixed,
                also: (!also.is_empty()).then(|| also.join(", ")),
            }
        })
        .collect()
}

fn choices(kind: Kind, chosen: Option<&Use>) -> Vec<Choice> {
    let mut list = vec![choice(
        String::new(),
        "not used".to_owned(),
        chosen.is_none(),
    )];
    for field in fields::of(kind) {
        let needed = if field.required { " (required)" } else { "" };
        let used = Use::Field(field.path.to_owned());
        let is = chosen == Some(&used);
        list.push(choice(
            used.to_string(),
            format!("{}{needed}", field.path),
            is,
        ));
        if field.reads == Reads::Instant {
            let used = Use::Time(field.path.to_owned());
            let is = chosen == Some(&used);
            list.push(choice(
                used.to_string(),
                format!("{}: its time of day", field.path),
                is,
            ));
        }
    }
    list
}

fn settings(file: &MappingFile, kind: Kind) -> Vec<SelectField> {
    let select = |name: &str, label: &str, pairs: &[(&str, &str)], chosen: usize| {
        let choices = pairs
            .iter()
            .enumerate()
            .map(|(at, (value, label))| {
                choice((*value).to_owned(), (*label).to_owned(), at == chosen)
            })
            .collect();
        SelectField::new(&format!("columns-{name}"), name, label, choices)
    };
    let mut list = vec![
        select(
            "order",
            "Dates with slashes",
            &[
                ("month_first", "Month first: 11/25/2026"),
                ("day_first", "Day first: 25/11/2026"),
            ],
            usize::from(file.dates.order == DayOrder::DayFirst),
        ),
        select(
            "repeated_hour",
            "An hour that the clock shows twice",
            &[
                ("refuse", "Reject the row: only the jail knows which it was"),
                ("earlier", "The earlier of the two"),
                ("later", "The later of the two"),
            ],
            match file.dates.repeated_hour {
                RepeatedHour::Refuse => 0,
                RepeatedHour::Earlier => 1,
                RepeatedHour::Later => 2,
            },
        ),
    ];
    if kind == Kind::Bookings {
        list.push(select(
            "rows",
            "A row is",
            &[
                ("record", "A booking"),
                ("charge", "A charge; rows of one booking stand together"),
            ],
            usize::from(file.rows == Rows::Charge),
        ));
    }
    list
}

/// Required fields without a column in this file, and whatever is the same in every row already.
fn constants(file: &MappingFile, kind: Kind, beginning: &Beginning) -> Vec<TextField> {
    let read: Vec<Use> = file.uses(&beginning.headings).concat();
    fields::of(kind)
        .filter_map(|field| {
            let constant = file
                .fields
                .get(field.path)
                .and_then(|source| source.constant.as_deref());
            let lacking = field.required && !read.contains(&Use::Field(field.path.to_owned()));
            (lacking || constant.is_some()).then(|| {
                let name = format!("constant.{}", field.path);
                let id = format!("columns-{}", name.replace('.', "-"));
                TextField::new(&id, &name, &format!("{} in every row", field.path))
                    .value(constant.unwrap_or_default())
            })
        })
        .collect()
}

fn becomes(shown: preview::Shown) -> Becomes {
    let rows = match (shown.rows.first(), shown.rows.last()) {
        (Some(first), Some(last)) if first != last => {
            format!("Rows {} to {}", first + 1, last + 1)
        }
        (Some(one), _) => format!("Row {}", one + 1),
        (None, _) => "A row".to_owned(),
    };
    match shown.read {
        Ok(values) => Becomes {
            rows,
            values,
            fault: None,
        },
        Err(fault) => Becomes {
            rows,
            values: Vec::new(),
            fault: Some(match fault.column {
                Some(column) => format!("{column}: {}", fault.reason),
                None => fault.reason,
            }),
        },
    }
}
