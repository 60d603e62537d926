//! What is known of a case. Every fact may be unknown (absent or null), known to be none (`[]`,
//! `false`) or known; nothing is filled in.

use std::fmt;
use std::marker::PhantomData;

use chrono::NaiveDate;
use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::offense::Offense;
use super::tri::Tri;
use crate::types::actor::words;

words! {
    /// The form of a request; it must fit the day of issue.
    #[schema(as = PolicyForm)]
    Form {
        I247 = "I-247", I247A = "I-247A", I247D = "I-247D", I247G = "I-247G", I247N = "I-247N", I247X = "I-247X",
        NcicHit = "NCIC-hit", Other = "other",
    }
}

impl Form {
    /// Asks for notice alone, whatever else it is said to ask.
    pub fn is_notice_only(self) -> bool {
        matches!(self, Form::I247G | Form::I247N)
    }

    /// Was the form in use on that day? D, N and X ended on 2 April 2017.
    pub fn fits(self, issued_on: NaiveDate) -> bool {
        !matches!(self, Form::I247D | Form::I247N | Form::I247X)
            || Some(issued_on) <= NaiveDate::from_ymd_opt(2017, 4, 2)
    }
}

words! {
    /// What came with a request. Only a judge's warrant is a judicial one.
    WarrantKind {
        JudicialCriminal = "judicial_criminal", JudicialCivil = "judicial_civil",
        I200 = "administrative_i200", I203 = "administrative_i203",
        I205 = "administrative_i205", I286 = "administrative_i286",
    }
}
words! {
    JudicialKind { Criminal = "judicial_criminal", Civil = "judicial_civil" }
}
words! {
    Signer { Federal = "federal_judicial_officer", State = "state_judicial_officer" }
}
words! {
    /// The model of an agreement under 8 USC 1357(g).
    Agreement {
        JailEnforcement = "jail_enforcement", WarrantServiceOfficer = "warrant_service_officer", TaskForce = "task_force",
    }
}
words! {
    /// The facts that are true, false or unknown by themselves.
    FactName {
        JudicialProbableCause = "judicial_probable_cause",
        MagistrateFinding = "magistrate_finding_pc_872",
        StateJudicialOrder = "state_judicial_order",
        ReleaseInformationPublic = "release_information_public",
        TsdbMatch = "tsdb_match",
        FederalFelonyWarrant = "federal_felony_warrant",
        ReentryAfterRemoval = "reentry_after_removal",
        CostReimbursement = "cost_reimbursement_agreement",
        MouWithDhs = "mou_with_dhs",
        InterviewConsent = "interview_consent",
        Proof = "proof_of_citizenship_or_status",
        VictimOrWitness = "victim_or_witness",
        CaSexArson = "registrant.ca_sex_arson",
    }
}

/// A fact that is stated as `false` (known to be none) or as itself.
#[derive(Debug, Clone, PartialEq)]
pub enum Stated<T> {
    None,
    Is(T),
}

impl<T> Stated<T> {
    pub fn get(&self) -> Option<&T> {
        match self {
            Stated::None => None,
            Stated::Is(value) => Some(value),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Stated<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FalseOr<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for FalseOr<T> {
            type Value = Stated<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("false, null or the fact itself")
            }
            fn visit_bool<E: de::Error>(self, value: bool) -> Result<Self::Value, E> {
                if value {
                    return Err(E::invalid_value(de::Unexpected::Bool(true), &self));
                }
                Ok(Stated::None)
            }
            fn visit_str<E: de::Error>(self, value: &str) -> Result<Self::Value, E> {
                T::deserialize(StrDeserializer::new(value)).map(Stated::Is)
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Stated::Is)
            }
        }
        deserializer.deserialize_any(FalseOr(PhantomData))
    }
}

/// The facts of one case, as `POST /v1/policies/evaluate` takes them.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PolicyFacts)]
pub struct Facts {
    /// The request, or `false`: there is none.
    #[schema(value_type = Option<Detainer>)]
    pub detainer: Option<Stated<Detainer>>,
    /// A judge's warrant, or `false`: there is none.
    #[schema(value_type = Option<JudicialWarrant>)]
    pub judicial_warrant: Option<Stated<JudicialWarrant>>,
    pub judicial_probable_cause: Option<bool>,
    pub magistrate_finding_pc_872: Option<bool>,
    pub state_judicial_order: Option<bool>,
    pub release_information_public: Option<bool>,
    pub tsdb_match: Option<bool>,
    pub federal_felony_warrant: Option<bool>,
    pub reentry_after_removal: Option<bool>,
    pub cost_reimbursement_agreement: Option<bool>,
    pub mou_with_dhs: Option<bool>,
    /// False while nobody has supplied it.
    pub interview_consent: Option<bool>,
    /// False while nobody has supplied it.
    pub proof_of_citizenship_or_status: Option<bool>,
    /// `[]`: checked, none.
    pub convictions: Option<Vec<Offense>>,
    /// `[]`: checked, none.
    pub charges: Option<Vec<Offense>>,
    pub registrant: Option<Registrant>,
    /// Paragraph letters of INA 101(a)(43).
    #[schema(value_type = Option<Vec<String>>)]
    pub federal_aggravated_felony: Option<Vec<Paragraph>>,
    /// The agency's agreement, or `false`: it has none.
    #[schema(value_type = Option<Agreement>)]
    pub agreement_287g: Option<Stated<Agreement>>,
    #[schema(minimum = 0, maximum = 150)]
    pub age: Option<u8>,
    pub victim_or_witness: Option<bool>,
    /// Whoever asks knows of these convictions and of no check for others: what they do not
    /// settle is unknown.
    #[serde(skip)]
    pub more_convictions: bool,
}

impl Facts {
    /// How far the convictions are known.
    pub fn known_convictions(&self) -> KnownOffenses<'_> {
        KnownOffenses {
            listed: self.convictions.as_deref(),
            there_may_be_more: self.more_convictions,
        }
    }

    /// How far the charges are known.
    pub fn known_charges(&self) -> KnownOffenses<'_> {
        KnownOffenses {
            listed: self.charges.as_deref(),
            there_may_be_more: false,
        }
    }
}

/// Offenses of one kind, as far as they are known.
#[derive(Debug, Clone, Copy)]
pub struct KnownOffenses<'a> {
    pub listed: Option<&'a [Offense]>,
    pub there_may_be_more: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PolicyDetainer)]
pub struct Detainer {
    pub form: Option<Form>,
    pub issued_on: Option<NaiveDate>,
    /// Code of the office that issued it.
    pub issuing_office: Option<String>,
    pub asks: Option<Asked>,
    /// Has the person been served with a copy?
    pub served: Option<bool>,
    pub warrants: Option<Vec<Warrant>>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PolicyAsks)]
pub struct Asked {
    pub notify: Option<bool>,
    pub hold: Option<bool>,
    pub transfer: Option<bool>,
    pub interview: Option<bool>,
}

#[derive(Debug, Clone, PartialEq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PolicyWarrant)]
pub struct Warrant {
    pub kind: WarrantKind,
    #[serde(default)]
    pub signed_by: Option<Signer>,
    #[serde(default)]
    pub copy_present: Option<bool>,
}

#[derive(Debug, Clone, PartialEq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct JudicialWarrant {
    pub kind: JudicialKind,
    #[serde(default)]
    pub signed_by: Option<Signer>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Registrant {
    /// The California Sex and Arson Registry.
    pub ca_sex_arson: Option<bool>,
}

/// One letter of INA 101(a)(43), from A to U.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Paragraph(pub char);

impl TryFrom<String> for Paragraph {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.as_bytes() {
            [letter @ b'A'..=b'U'] => Ok(Self(char::from(*letter))),
            _ => Err("expected a paragraph letter of INA 101(a)(43), from A to U".to_owned()),
        }
    }
}

/// A fact that cannot stand beside the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contradiction {
    /// JSON Pointer below `facts`.
    pub pointer: String,
    pub detail: String,
}

/// The postal code of a state, or `US`.
pub fn is_state(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase())
}

impl Facts {
    /// What the types cannot say: the facts must fit one another.
    pub fn contradictions(&self) -> Vec<Contradiction> {
        let mut found = Vec::new();
        let mut say = |pointer: &str, detail: String| {
            found.push(Contradiction {
                pointer: pointer.to_owned(),
                detail,
            });
        };
        if let Some(detainer) = self.detainer() {
            if let (Some(form), Some(issued_on)) = (detainer.form, detainer.issued_on)
                && !form.fits(issued_on)
            {
                say(
                    "/detainer/form",
                    format!(
                        "{form} was not in use after 2017-04-02, and this one is of {issued_on}"
                    ),
                );
            }
            let judicial = detainer.judicial_warrants().next().is_some();
            if judicial && self.judicial_warrant == Some(Stated::None) {
                say(
                    "/judicial_warrant",
                    "false says that there is no judicial warrant, but one came with the request"
                        .to_owned(),
                );
            }
        }
        if self.age.is_some_and(|age| age > 150) {
            say("/age", "expected a number of years up to 150".to_owned());
        }
        for (name, offenses) in [
            ("convictions", &self.convictions),
            ("charges", &self.charges),
        ] {
            for (at, offense) in offenses.iter().flatten().enumerate() {
                if let Some(state) = &offense.state
                    && !is_state(state)
                {
                    say(
                        &format!("/{name}/{at}/state"),
                        "expected a two-letter postal code, or US".to_owned(),
                    );
                }
            }
        }
        found
    }

    pub fn detainer(&self) -> Option<&Detainer> {
        self.detainer.as_ref().and_then(Stated::get)
    }

    /// One of the facts that stand by themselves.
    pub fn fact(&self, name: FactName) -> Tri {
        match name {
            // These exist only when somebody supplies them.
            FactName::InterviewConsent => self.interview_consent.unwrap_or(false).into(),
            FactName::Proof => self.proof_of_citizenship_or_status.unwrap_or(false).into(),
            FactName::JudicialProbableCause => self.judicial_probable_cause.into(),
            FactName::MagistrateFinding => self.magistrate_finding_pc_872.into(),
            FactName::StateJudicialOrder => self.state_judicial_order.into(),
            FactName::ReleaseInformationPublic => self.release_information_public.into(),
            FactName::TsdbMatch => self.tsdb_match.into(),
            FactName::FederalFelonyWarrant => self.federal_felony_warrant.into(),
            FactName::ReentryAfterRemoval => self.reentry_after_removal.into(),
            FactName::CostReimbursement => self.cost_reimbursement_agreement.into(),
            FactName::MouWithDhs => self.mou_with_dhs.into(),
            FactName::VictimOrWitness => self.victim_or_witness.into(),
            FactName::CaSexArson => self
                .registrant
                .as_ref()
                .and_then(|registrant| registrant.ca_sex_arson)
                .into(),
        }
    }
}

impl Detainer {
    /// The judge's warrants among those that came with it.
    pub fn judicial_warrants(&self) -> impl Iterator<Item = JudicialWarrant> {
        self.warrants.iter().flatten().filter_map(|warrant| {
            let kind = match warrant.kind {
                WarrantKind::JudicialCriminal => JudicialKind::Criminal,
                WarrantKind::JudicialCivil => JudicialKind::Civil,
                _ => return None,
            };
            Some(JudicialWarrant {
                kind,
                signed_by: warrant.signed_by,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(value: Value) -> Result<Facts, String> {
        serde_json::from_value(value).map_err(|error| error.to_string())
    }

    #[test]
    fn absent_and_null_are_unknown_and_false_is_none() {
        let facts =
            read(json!({"detainer": false, "judicial_warrant": null, "convictions": []})).unwrap();
        assert_eq!(facts.detainer, Some(Stated::None));
        assert_eq!(facts.judicial_warrant, None);
        assert_eq!(facts.convictions, Some(vec![]));
        assert_eq!(facts.charges, None);
        assert_eq!(facts.fact(FactName::TsdbMatch), Tri::Unknown);
        assert_eq!(facts.fact(FactName::Proof), Tri::False);
    }

    #[test]
    fn a_wrong_type_or_word_is_refused() {
        for wrong in [
            json!({"detainer": true}),
            json!({"detainer": "I-247A"}),
            json!({"judicial_warrant": {"kind": "administrative_i200"}}),
            json!({"agreement_287g": "sheriff"}),
            json!({"federal_aggravated_felony": ["Z"]}),
            json!({"convictions": {}}),
            json!({"age": "34"}),
            json!({"tsdb_match": "no"}),
            json!({"registrant": {"ca_sex_arson": 1}}),
            json!({"unheard_of": true}),
        ] {
            assert!(read(wrong.clone()).is_err(), "{wrong}");
        }
        assert!(read(json!({"agreement_287g": "task_force"})).is_ok());
    }

    #[test]
    fn facts_that_contradict_one_another_are_named() {
        let late = json!({"detainer": {"form": "I-247D", "issued_on": "2017-04-03"}});
        assert_eq!(
            read(late).unwrap().contradictions()[0].pointer,
            "/detainer/form"
        );
        let in_time = json!({"detainer": {"form": "I-247D", "issued_on": "2017-04-02"}});
        assert!(read(in_time).unwrap().contradictions().is_empty());
        let both = json!({"detainer": {"warrants": [{"kind": "judicial_civil"}]}, "judicial_warrant": false});
        assert_eq!(
            read(both).unwrap().contradictions()[0].pointer,
            "/judicial_warrant"
        );
        let state = json!({"convictions": [{"state": "Cal"}]});
        assert_eq!(
            read(state).unwrap().contradictions()[0].pointer,
            "/convictions/0/state"
        );
    }
}
