//! The law as the live service asks it: one question about one request, one answer that owns
//! what it says, so that it can be stored with the decision that rested on it.

use std::sync::Arc;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::answer::{ActAnswer, Answer, ClockAnswer, DecidedBy, DutyAnswer};
use super::evaluate::{Ask, Book, Positions};
use super::facts::Facts;
use super::load::{LoadError, Rules};
use super::place::Place;
use super::rule::Status;
use super::{Act, Disposition};
use crate::types::Timestamp;

/// The disposition of one act, with its reasons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ActAssessment {
    pub disposition: Disposition,
    /// The rule that decided, or null when no rule addresses the act.
    pub decided_by: Option<Deciding>,
    pub citations: Vec<String>,
    pub because: Vec<String>,
    pub unknown: Vec<String>,
}

/// The rule that decided, in the version that was in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Deciding {
    pub rule: String,
    pub version: String,
    /// `draft` until somebody has reviewed the rule.
    pub status: Status,
    pub cite: String,
    /// The agency's own reading, where that decided a contested rule: `permitted`, `prohibited`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adopted_position: Option<String>,
}

impl std::fmt::Display for Deciding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}, version {}", self.rule, self.version)
    }
}

/// The dispositions of every act at one instant, with what else the rules attach to the case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Assessment {
    pub notify_release: ActAssessment,
    pub hold_past_release: ActAssessment,
    pub transfer_custody: ActAssessment,
    pub allow_interview: ActAssessment,
    #[serde(skip)]
    pub duties: Vec<Duty>,
    #[serde(skip)]
    pub clock: Option<ClockAnswer>,
    #[serde(skip)]
    pub warnings: Vec<String>,
}

/// What is owed, to whom, on which occasion and by when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duty {
    pub duty: &'static str,
    pub to: Vec<String>,
    pub on: String,
    pub within: Option<String>,
    pub cite: String,
}

impl Assessment {
    pub fn of(&self, act: Act) -> &ActAssessment {
        match act {
            Act::NotifyRelease => &self.notify_release,
            Act::HoldPastRelease => &self.hold_past_release,
            Act::TransferCustody => &self.transfer_custody,
            Act::AllowInterview => &self.allow_interview,
        }
    }
}

/// What is asked of the law about one request.
pub struct Question<'a> {
    pub place: &'a Place,
    /// The day of the decision in the agency's zone.
    pub on: NaiveDate,
    pub at: Timestamp,
    /// The `facts` object of POLICY.md; what is absent or null is unknown.
    pub facts: Value,
    /// The convictions among the facts are some of the person's: nobody has checked the history.
    pub more_convictions: bool,
    pub positions: &'a Positions,
}

type Answering = dyn Fn(&Question<'_>) -> Assessment + Send + Sync;

/// The law in force for the live service. Cheap to clone.
#[derive(Clone)]
pub struct Law {
    rules: Rules,
    instead: Option<Arc<Answering>>,
}

impl Law {
    pub fn of(rules: Rules) -> Self {
        Self {
            rules,
            instead: None,
        }
    }

    /// Requests are judged as where no rule is loaded: for tests of what does not turn on rules.
    pub fn unaddressed() -> Self {
        Self::answering(|_| unaddressed())
    }

    /// A law that answers as it is told: for tests of what follows from a disposition.
    pub fn answering(answer: impl Fn(&Question<'_>) -> Assessment + Send + Sync + 'static) -> Self {
        Self {
            rules: Rules::built_in().expect("a test reads every rule in the binary"),
            instead: Some(Arc::new(answer)),
        }
    }

    /// Rules, lists and calendar as they stand now; whoever holds them goes on with them over a
    /// reload.
    pub fn book(&self) -> Arc<Book> {
        self.rules.book()
    }

    /// Reads the folder of rules again.
    ///
    /// # Errors
    /// The first file that cannot stand: then what was in force stays so.
    pub fn reload(&self) -> Result<(), LoadError> {
        self.rules.reload()
    }

    /// The rules with a draft among them.
    ///
    /// # Errors
    /// A draft that cannot stand.
    pub fn with_draft(&self, text: &str) -> Result<Book, LoadError> {
        self.rules.with_draft(text)
    }

    /// # Errors
    /// Facts that cannot be read.
    pub fn assess(&self, question: &Question<'_>) -> Result<Assessment, serde_json::Error> {
        match &self.instead {
            Some(answer) => Ok(answer(question)),
            None => {
                let facts = question.facts()?;
                Ok(self.book().answer(question.ask(&facts)).into())
            }
        }
    }

    /// Does a rule in force attach duties to one of these occasions?
    pub fn attaches(&self, place: &Place, on: NaiveDate, occasions: &[&str]) -> bool {
        self.instead.is_none()
            && self.book().in_force(place, on).iter().any(|rule| {
                let duties = rule.text.duties.iter();
                duties
                    .map(|duty| duty.on.as_str())
                    .any(|on| occasions.contains(&on))
            })
    }

    /// The whole answer with its working, as `POST /v1/policies/evaluate` writes it.
    ///
    /// # Errors
    /// Facts that cannot be read.
    pub fn explain(&self, question: &Question<'_>) -> Result<Value, serde_json::Error> {
        match &self.instead {
            Some(answer) => Ok(serde_json::json!({
                "acts": answer(question), "duties": [], "clock": null, "warnings": [],
            })),
            None => {
                let facts = question.facts()?;
                serde_json::to_value(self.book().answer(question.ask(&facts)))
            }
        }
    }
}

impl<'a> Question<'a> {
    /// The facts as the rules read them.
    ///
    /// # Errors
    /// Facts that cannot be read.
    pub fn facts(&self) -> Result<Facts, serde_json::Error> {
        let mut facts = Facts::deserialize(&self.facts)?;
        facts.more_convictions = self.more_convictions;
        Ok(facts)
    }

    pub fn ask(&self, facts: &'a Facts) -> Ask<'a> {
        Ask {
            place: self.place,
            on: self.on,
            facts,
            positions: self.positions,
        }
    }
}

impl From<Answer<'_>> for Assessment {
    fn from(answer: Answer<'_>) -> Self {
        let acts = answer.acts;
        Self {
            notify_release: acts.notify_release.into(),
            hold_past_release: acts.hold_past_release.into(),
            transfer_custody: acts.transfer_custody.into(),
            allow_interview: acts.allow_interview.into(),
            duties: answer.duties.into_iter().map(Duty::from).collect(),
            clock: answer.clock,
            warnings: answer.warnings,
        }
    }
}

impl From<ActAnswer<'_>> for ActAssessment {
    fn from(answer: ActAnswer<'_>) -> Self {
        let decided_by = answer.decided_by.map(Deciding::from);
        let mut citations: Vec<String> = decided_by.iter().map(|by| by.cite.clone()).collect();
        // Where readings differ, each has its citation.
        for by in answer.readings.iter().filter_map(|r| r.decided_by.as_ref()) {
            if !citations.iter().any(|cite| *cite == by.cite) {
                citations.push(by.cite.to_string());
            }
        }
        Self {
            disposition: answer.disposition,
            decided_by,
            citations,
            because: answer.because,
            unknown: answer.unknown.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<DecidedBy<'_>> for Deciding {
    fn from(by: DecidedBy<'_>) -> Self {
        Self {
            rule: by.rule.to_owned(),
            version: by.version.to_owned(),
            status: by.status,
            cite: by.cite.into_owned(),
            adopted_position: by
                .adopted_position
                .map(|adopted| adopted.reading.to_string()),
        }
    }
}

impl From<DutyAnswer<'_>> for Duty {
    fn from(answer: DutyAnswer<'_>) -> Self {
        Self {
            duty: answer.duty.as_str(),
            to: answer.to.to_vec(),
            on: answer.on.to_owned(),
            within: answer.within.map(str::to_owned),
            cite: answer.cite.to_owned(),
        }
    }
}

/// The answer where no rule is loaded.
pub fn unaddressed() -> Assessment {
    let silent = |disposition, because: &str| ActAssessment {
        disposition,
        decided_by: None,
        citations: Vec::new(),
        because: vec![because.to_owned()],
        unknown: Vec::new(),
    };
    let choice = || {
        silent(
            Disposition::Permitted,
            "No rule is loaded for this place: the agency's choice.",
        )
    };
    Assessment {
        notify_release: choice(),
        hold_past_release: silent(
            Disposition::Prohibited,
            "No rule is loaded for this place: nothing gives authority to hold a person past release.",
        ),
        transfer_custody: choice(),
        allow_interview: choice(),
        duties: Vec::new(),
        clock: None,
        warnings: vec!["no rule is loaded for this place".to_owned()],
    }
}
