//! The acts of the stories, each by the command that a page or a client would use.

use chrono::Duration;
use serde_json::{Value, json};

use super::stories::{History, Step};
use super::{AGENCIES, Loader, Person};
use crate::custodian::assessments;
use crate::custodian::bookings::upsert::{BookingRequest, upsert};
use crate::custodian::claims::api as claims;
use crate::custodian::detainers::acknowledge::{Acknowledge, acknowledge};
use crate::custodian::detainers::case_file::{self, CaseFile};
use crate::custodian::detainers::papers;
use crate::custodian::detainers::serve::{Serve, serve};
use crate::custodian::detainers::typed::record::record as type_in;
use crate::custodian::determinations::decide::{DeterminationRequest, decide};
use crate::custodian::facts::state::{Source, state};
use crate::custodian::holds::api as holds;
use crate::custodian::release_notices::record::{NoticeRequest, record};
use crate::custodian::restrictions::set::{RestrictionRequest, on_case};
use crate::custodian::{handovers, outcomes};
use crate::db::ScopedTx;
use crate::exchange::detainer::model::{Service, ServiceMethod};
use crate::exchange::detainer::request::DetainerRequest;
use crate::exchange::notification;
use crate::exchange::outcome::OutcomeRequest;
use crate::http::{Problem, json};
use crate::log;
use crate::office;
use crate::office::detainers::cancel::{CancellationRequest, cancel};
use crate::office::detainers::issue::issue;
use crate::policy::Disposition;
use crate::types::ids::{DetainerId, NotificationId};
use crate::types::{Actor, Role, Side, Timestamp};

impl Loader {
    pub async fn jail(&self, agency: usize) -> Result<ScopedTx<'static>, Problem> {
        let actor = Actor {
            side: Side::Custodian,
            role: Role::Reviewer,
            agency: Some(self.agencies[agency].clone()),
            office: None,
            jurisdiction: None,
            credential: "demonstration".into(),
            name: "R. Reviewer".into(),
        };
        Ok(ScopedTx::for_party(&self.app.pools.custodian, actor).await?)
    }

    pub async fn office(&self, agency: usize) -> Result<ScopedTx<'static>, Problem> {
        let actor = Actor {
            side: Side::Office,
            role: Role::Liaison,
            agency: None,
            office: Some(self.offices[AGENCIES[agency].office].clone()),
            jurisdiction: None,
            credential: "demonstration".into(),
            name: "L. Liaison".into(),
        };
        Ok(ScopedTx::for_party(&self.app.pools.office, actor).await?)
    }

    pub async fn step(&self, person: &mut Person, step: Step) -> Result<(), Problem> {
        let now = self.app.clock.now();
        match step {
            Step::Lodge => {
                let request = request(person, now)?;
                let mut tx = self.office(person.agency).await?;
                let issued = issue(&mut tx, &self.app, request).await?;
                person.detainer = Some(issued.paper().id);
                tx.commit().await?;
                Ok(())
            }
            Step::TypeIn => {
                let mut request = request(person, now)?;
                request.channel = Some(json::read(json!("fax"))?);
                let mut tx = self.jail(person.agency).await?;
                type_in(&mut tx, &self.app, request).await?;
                tx.commit().await?;
                Ok(())
            }
            Step::Read => self.read(person).await,
            Step::OfficeTakes => {
                let request = handover(now - Duration::minutes(70))?;
                let mut tx = self.office(person.agency).await?;
                office::handovers::stated(&mut tx, &self.app, person.id()?, Ok(request)).await?;
                tx.commit().await?;
                Ok(())
            }
            Step::OfficeStates(notice, custody) => {
                let notice = if self.was_told(person).await? {
                    notice
                } else {
                    "unknown"
                };
                let request = outcome(notice, custody, now, None)?;
                let mut tx = self.office(person.agency).await?;
                let app = &self.app;
                let paper =
                    crate::exchange::detainer::store::get(&mut tx, &app.vault, person.id()?)
                        .await?
                        .ok_or_else(Problem::not_found)?;
                office::outcomes::state(&mut tx, app, &paper, &request).await?;
                tx.commit().await?;
                Ok(())
            }
            Step::Cancel(lift_reason) => {
                let request: CancellationRequest = json::read(json!({
                    "reason": "Fictional.", "lift_reason": lift_reason, "cancelled_on": now.date_naive(),
                }))?;
                let mut tx = self.office(person.agency).await?;
                cancel(&mut tx, &self.app, person.id()?, request).await?;
                tx.commit().await?;
                Ok(())
            }
            at_the_jail => {
                let told = self.was_told(person).await?;
                let mut tx = self.jail(person.agency).await?;
                self.at_the_jail(&mut tx, person, at_the_jail, told).await?;
                tx.commit().await?;
                Ok(())
            }
        }
    }

    async fn at_the_jail(
        &self,
        tx: &mut ScopedTx<'static>,
        person: &Person,
        step: Step,
        told: bool,
    ) -> Result<(), Problem> {
        let (app, now) = (&self.app, self.app.clock.now());
        match step {
            Step::Book | Step::BookNamesake => {
                let mut subject = person.subject();
                if matches!(step, Step::BookNamesake) {
                    subject["a_number"] = Value::Null;
                }
                let request: BookingRequest = json::read(json!({
                    "booked_at": text(now - Duration::hours(2)), "subject": subject, "custody_basis": "local_charge",
                    "charges": [{"statute": "PC 459", "state": "CA", "description": "Burglary (fictional)", "level": "misdemeanor", "charged_on": now.date_naive()}],
                }))?;
                upsert(tx, app, &person.booking_number, &request).await?;
                return Ok(());
            }
            Step::Notice(kind, in_hours) => {
                let request: NoticeRequest = json::read(json!({
                    "booking_number": person.booking_number, "kind": kind, "effective_at": text(now + Duration::hours(in_hours)),
                    "release_basis": "sentence_complete", "subject": person.subject(), "note": "Fictional.",
                }))?;
                record(tx, app, &request).await?;
                return Ok(());
            }
            _ => {}
        }
        let id = person.id()?;
        let case = case_file::lock(tx, id)
            .await?
            .ok_or_else(Problem::not_found)?;
        match step {
            Step::Acknowledge => {
                let by = "C. Clerk".into();
                acknowledge(tx, app, case, Acknowledge { id, by }).await?;
            }
            Step::Serve(tell_office) => {
                let service = Service {
                    served_at: now,
                    method: ServiceMethod::InPerson,
                    method_other: None,
                    language: Some("es".into()),
                    officer: Some("C. Clerk".into()),
                };
                let serving = Serve {
                    id,
                    service,
                    tell_office,
                };
                serve(tx, app, case, serving).await?;
            }
            Step::Check(history) => {
                let paper = papers::get(tx, &app.vault, id)
                    .await?
                    .ok_or_else(Problem::not_found)?;
                let known = known(history, now);
                let events = state(
                    tx,
                    &paper,
                    known.as_object().unwrap_or(&Default::default()),
                    Source::Stated,
                    now,
                )
                .await?;
                log::append(tx, events).await?;
            }
            Step::Decide | Step::Decline => self.decide(tx, case, step).await?,
            Step::Hold => {
                let request = json::read(
                    json!({"otherwise_releasable_at": text(now), "authority": {"kind": "state_statute", "reference": "Art. 2A.060"}}),
                )?;
                holds::started(tx, app, id, Ok(request)).await?;
            }
            Step::JailHandsOver => {
                handovers::stated(tx, app, id, handover(now)).await?;
            }
            Step::Claim => {
                let request = json::read(
                    json!({"kind": "us_citizen", "claimed_at": text(now), "proof": "Says that the birth certificate is at home. Fictional."}),
                )?;
                claims::made(tx, app, id, Ok(request)).await?;
            }
            Step::Restrict => {
                let request: RestrictionRequest = json::read(
                    json!({"kind": "victim_or_witness", "reason": "A witness in another case. Fictional."}),
                )?;
                on_case(tx, app, case, &request).await?;
            }
            Step::JailStates(notice, custody, disclose) => {
                let barred = self.disposition(tx, &case).await? == Disposition::Prohibited;
                let notice = match (told, barred) {
                    (true, _) => notice,
                    (false, true) => "not_notified_prohibited",
                    // Told nothing is not declined: that is a decision, and its story says so.
                    (false, false) if notice.starts_with("not_") => notice,
                    (false, false) => "unknown",
                };
                let disclose = disclose && !barred;
                let request = outcome(notice, custody, now, Some(disclose))?;
                outcomes::state(tx, app, case, &request).await?;
            }
            _ => {}
        }
        Ok(())
    }

    /// As the law of the place lets a reviewer.
    async fn decide(
        &self,
        tx: &mut ScopedTx<'static>,
        case: CaseFile,
        step: Step,
    ) -> Result<(), Problem> {
        let (decision, reason) = match (step, self.disposition(tx, &case).await?) {
            (_, Disposition::Prohibited) => ("decline", "law_prohibits"),
            (Step::Decline, _) => ("decline", "agency_policy"),
            (_, Disposition::Indeterminate) => return Ok(()),
            (_, Disposition::Required) => ("comply", "law_requires"),
            _ => ("comply", "law_permits"),
        };
        let request: DeterminationRequest = json::read(json!({
            "act": "notify_release", "decision": decision, "reason_code": reason, "note": "Fictional.",
        }))?;
        decide(tx, &self.app, case, request).await?;
        Ok(())
    }

    async fn disposition(
        &self,
        tx: &mut ScopedTx<'static>,
        case: &CaseFile,
    ) -> Result<Disposition, Problem> {
        let app = &self.app;
        let paper = papers::get(tx, &app.vault, case.id)
            .await?
            .ok_or_else(Problem::not_found)?;
        let assessed = assessments::of_case(tx, app, case, &paper, app.clock.now()).await?;
        Ok(assessed.notify_release.disposition)
    }

    /// The office confirms what it was told last.
    async fn read(&self, person: &Person) -> Result<(), Problem> {
        let mut tx = self.office(person.agency).await?;
        let told = notification::list(&mut tx, None, Some(person.id()?), None, 1).await?;
        if let Some(latest) = told.first() {
            let id = NotificationId::from(latest.id);
            office::notifications::acknowledge(&mut tx, &self.app, id, "L. Liaison").await?;
        }
        tx.commit().await?;
        Ok(())
    }

    async fn was_told(&self, person: &Person) -> Result<bool, Problem> {
        let Some(id) = person.detainer else {
            return Ok(false);
        };
        let mut tx = self.office(person.agency).await?;
        let told = notification::list(&mut tx, None, Some(id), None, 1).await?;
        tx.rollback().await?;
        Ok(!told.is_empty())
    }
}

impl Person {
    fn id(&self) -> Result<DetainerId, Problem> {
        self.detainer.ok_or_else(Problem::not_found)
    }

    fn subject(&self) -> Value {
        json!({"family_name": self.family, "given_name": self.given, "date_of_birth": self.born, "a_number": self.a_number})
    }
}

fn text(at: Timestamp) -> String {
    at.to_rfc3339()
}

fn request(person: &Person, now: Timestamp) -> Result<DetainerRequest, Problem> {
    let notice_only = person.form == "I-247G";
    let place = &AGENCIES[person.agency];
    let warrants = match notice_only {
        true => json!([]),
        false => {
            json!([{"kind": "administrative_i200", "signed_on": now.date_naive(), "signer": "S. Signer", "copy_present": true}])
        }
    };
    json::read(json!({
        "form": person.form, "form_revision": if notice_only { "02/17" } else { "03/17" },
        "issued_on": now.date_naive(), "office": place.office, "custodian": place.ori,
        "subject": person.subject(),
        "asks": {"notify": true, "hold": !notice_only, "transfer": !notice_only, "relay": true, "status_events": true},
        "basis": {"biometric_records": true, "final_order": person.born.to_string().ends_with('5')},
        "warrants": warrants,
    }))
}

/// Everything that California's rules could turn on, checked.
fn known(history: History, now: Timestamp) -> Value {
    let convictions = match history {
        History::Nothing => json!([]),
        History::Burglary => {
            json!([{"state": "CA", "statute": "PC 459", "degree": "second", "level": "felony", "state_prison": false,
                    "disposition_on": (now - Duration::days(9 * 365)).date_naive()}])
        }
    };
    json!({"convictions": convictions, "judicial_warrant": false, "magistrate_finding_pc_872": false,
           "registrant": {"ca_sex_arson": false}, "federal_aggravated_felony": [], "federal_felony_warrant": false,
           "tsdb_match": false, "release_information_public": false, "judicial_probable_cause": false})
}

fn handover(taken_at: Timestamp) -> Result<crate::exchange::handover::HandoverRequest, Problem> {
    json::read(
        json!({"taken_at": text(taken_at), "officer": "D. Officer (fictional)", "i203_reference": "I-203 (fictional)", "place": "Sally port"}),
    )
}

fn outcome(
    notice: &str,
    custody: &str,
    at: Timestamp,
    disclose: Option<bool>,
) -> Result<OutcomeRequest, Problem> {
    json::read(
        json!({"notice": notice, "custody": custody, "stated_at": text(at), "note": "Fictional.", "disclose": disclose}),
    )
}
