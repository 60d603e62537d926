//! Three persons who were here before, all fictional: twelve stays in San Francisco under rules
//! that changed, the same twelve in Houston, and a citizen for whom three requests came and were
//! lifted. Each act on its own day, so that the rules in force then decide.

use chrono::{Duration, NaiveDate};
use serde_json::{Value, json};

use super::{AGENCIES, Loader};
use crate::custodian::bookings::upsert::{BookingRequest, upsert};
use crate::custodian::detainers::{case_file, papers};
use crate::custodian::determinations::decide::{DeterminationRequest, decide};
use crate::custodian::facts::state::{Source, state};
use crate::custodian::release_notices::record::{NoticeRequest, record};
use crate::exchange::detainer::request::DetainerRequest;
use crate::http::{Problem, json};
use crate::log;
use crate::office::detainers::cancel::{CancellationRequest, cancel};
use crate::office::detainers::issue::issue;
use crate::policy::{Act, Disposition};
use crate::types::ids::DetainerId;

/// A stay: number, day, statute, level, the court's word, and the requests (form, days after).
struct Stay(
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static [(&'static str, i64)],
);

/// The release comes on the third day.
const RELEASED: i64 = 3;

#[rustfmt::skip]
const STAYS: &[Stay] = &[
    Stay("13-0101", "2013-02-14", "PC 243(e)(1)", "misdemeanor", "Dismissed", &[("I-247", 1)]),
    Stay("13-0202", "2013-06-10", "PC 273.5", "felony", "No charges filed", &[("I-247", 1)]),
    Stay("13-0303", "2013-11-12", "HS 11350", "misdemeanor", "Convicted by plea", &[("I-247", 1)]),
    Stay("14-0404", "2014-04-20", "PC 148", "misdemeanor", "Dismissed", &[]),
    Stay("14-0042", "2014-09-14", "PC 459", "felony", "Convicted", &[("I-247", 1)]),
    Stay("15-0606", "2015-02-05", "PC 245", "felony", "Charges not filed", &[("I-247", 1)]),
    Stay("15-0707", "2015-08-03", "PC 261", "felony", "Acquitted", &[("I-247N", 1)]),
    Stay("15-0808", "2015-12-01", "PC 148", "misdemeanor", "Convicted", &[("I-247D", 1), ("I-247N", 2)]),
    Stay("16-0909", "2016-05-09", "PC 245", "felony", "Dismissed", &[("I-247N", 1)]),
    Stay("16-1010", "2016-10-03", "HS 11350", "misdemeanor", "Convicted", &[("I-247D", 1)]),
    Stay("17-1111", "2017-06-06", "PC 243(e)(1)", "misdemeanor", "Charges not filed", &[("I-247A", 9)]),
    // The number of 2014, used again: another booking.
    Stay("14-0042", "2017-11-20", "PC 459", "felony", "Convicted by jury", &[("I-247A", 1)]),
];

impl Loader {
    /// `registered`: the places in `AGENCIES` of San Francisco, Harris and Orange.
    pub async fn lives(&self) -> Result<(), Problem> {
        let luis = json!({"family_name": "Ejemplo", "given_name": "Luis", "date_of_birth": "1985-05-05", "a_number": "A000777001"});
        let mut days: Vec<(&Stay, usize)> = STAYS
            .iter()
            .flat_map(|stay| [(stay, 2), (stay, 3)])
            .collect();
        days.sort_by_key(|(stay, _)| stay.1);
        let mut convictions: Vec<Value> = Vec::new();
        for (stay, place) in days {
            self.stay(stay, place, &luis, &convictions).await?;
            if place == 3 && stay.4.starts_with("Convicted") {
                convictions.push(json!({"state": "CA", "statute": stay.2, "level": stay.3, "degree": "second",
                                        "state_prison": false, "disposition_on": on(stay.1) + Duration::days(60)}));
            }
        }
        self.citizen().await
    }

    async fn stay(
        &self,
        stay: &Stay,
        place: usize,
        subject: &Value,
        convictions: &[Value],
    ) -> Result<(), Problem> {
        let Stay(number, booked, .., requests) = *stay;
        self.on_day(booked, 1).await?;
        self.book(stay, place, subject, None).await?;
        let mut released = false;
        for (form, days) in requests {
            if *days > RELEASED {
                self.release(stay, place, subject).await?;
                released = true;
            }
            self.on_day(booked, *days).await?;
            let id = self.lodge(form, place, subject, number).await?;
            self.catch_up_here().await?;
            if released {
                continue;
            }
            let mut tx = self.jail(place).await?;
            case_file::lock(&mut tx, id).await?;
            let paper = papers::get(&mut tx, &self.app.vault, id)
                .await?
                .ok_or_else(Problem::not_found)?;
            let facts = json!({"convictions": convictions, "judicial_warrant": false, "magistrate_finding_pc_872": false,
                               "registrant": {"ca_sex_arson": false}, "federal_aggravated_felony": [], "federal_felony_warrant": false,
                               "tsdb_match": false, "release_information_public": false, "judicial_probable_cause": false});
            let now = self.app.clock.now();
            let none = serde_json::Map::new();
            let events = state(
                &mut tx,
                &paper,
                facts.as_object().unwrap_or(&none),
                Source::Stated,
                now,
            )
            .await?;
            log::append(&mut tx, events).await?;
            tx.commit().await?;
            for act in [Act::HoldPastRelease, Act::NotifyRelease] {
                if act == Act::NotifyRelease || paper.asks.hold {
                    self.as_the_law_lets(place, id, act).await?;
                }
            }
        }
        if !released {
            self.release(stay, place, subject).await?;
        }
        self.on_day(booked, 60).await?;
        self.book(stay, place, subject, Some(stay.4)).await
    }

    /// San Francisco's reviewer declines what the law leaves open; Harris County's complies.
    async fn as_the_law_lets(&self, place: usize, id: DetainerId, act: Act) -> Result<(), Problem> {
        let app = &self.app;
        let mut tx = self.jail(place).await?;
        let case = case_file::lock(&mut tx, id)
            .await?
            .ok_or_else(Problem::not_found)?;
        let paper = papers::get(&mut tx, &app.vault, id)
            .await?
            .ok_or_else(Problem::not_found)?;
        let assessed =
            crate::custodian::assessments::of_case(&mut tx, app, &case, &paper, app.clock.now())
                .await?;
        let (decision, reason) = match assessed.of(act).disposition {
            Disposition::Prohibited => ("decline", "law_prohibits"),
            Disposition::Required => ("comply", "law_requires"),
            Disposition::Permitted if place == 3 => ("comply", "law_permits"),
            _ => ("decline", "agency_policy"),
        };
        let request: DeterminationRequest = json::read(
            json!({"act": act, "decision": decision, "reason_code": reason, "note": "Fictional."}),
        )?;
        decide(&mut tx, app, case, request).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Three requests for a citizen, each lifted.
    async fn citizen(&self) -> Result<(), Problem> {
        let place = 1;
        let amara = json!({"family_name": "Muster", "given_name": "Amara", "date_of_birth": "1992-09-09", "a_number": "A000777002"});
        for (number, day) in [
            ("19-0001", "2019-03-04"),
            ("21-0002", "2021-07-12"),
            ("24-0003", "2024-02-20"),
        ] {
            let stay = Stay(number, day, "VC 14601", "misdemeanor", "Dismissed", &[]);
            self.on_day(day, 1).await?;
            self.book(&stay, place, &amara, None).await?;
            let id = self.lodge("I-247A", place, &amara, number).await?;
            self.catch_up_here().await?;
            self.on_day(day, 2).await?;
            let request: CancellationRequest = json::read(
                json!({"reason": "Fictional.", "lift_reason": "usc_or_presumptive_claim", "cancelled_on": on(day) + Duration::days(2)}),
            )?;
            let mut tx = self.office(place).await?;
            cancel(&mut tx, &self.app, id, request).await?;
            tx.commit().await?;
            self.release(&stay, place, &amara).await?;
        }
        Ok(())
    }

    async fn book(
        &self,
        stay: &Stay,
        place: usize,
        subject: &Value,
        court: Option<&str>,
    ) -> Result<(), Problem> {
        let Stay(number, booked, statute, level, ..) = *stay;
        let request: BookingRequest = json::read(json!({
            "booked_at": format!("{booked}T18:00:00Z"), "subject": subject, "custody_basis": "local_charge",
            "charges": [{"statute": statute, "state": "CA", "description": "Fictional", "level": level, "charged_on": booked,
                         "disposition": court, "disposition_on": court.map(|_| on(booked) + Duration::days(60))}],
        }))?;
        let mut tx = self.jail(place).await?;
        upsert(&mut tx, &self.app, number, &request).await?;
        tx.commit().await?;
        self.catch_up_here().await
    }

    async fn lodge(
        &self,
        form: &str,
        place: usize,
        subject: &Value,
        number: &str,
    ) -> Result<DetainerId, Problem> {
        let (now, notice_only) = (self.app.clock.now(), form == "I-247N");
        let mut subject = subject.clone();
        subject["booking_number"] = json!(number);
        let request: DetainerRequest = json::read(json!({
            "form": form, "issued_on": now.date_naive(), "office": AGENCIES[place].office, "custodian": AGENCIES[place].ori,
            "subject": subject,
            "asks": {"notify": true, "hold": !notice_only, "transfer": false, "interview": false, "relay": false, "status_events": false},
        }))?;
        let mut tx = self.office(place).await?;
        let id = issue(&mut tx, &self.app, request).await?.paper().id;
        tx.commit().await?;
        Ok(id)
    }

    async fn release(&self, stay: &Stay, place: usize, subject: &Value) -> Result<(), Problem> {
        self.on_day(stay.1, RELEASED).await?;
        let request: NoticeRequest = json::read(json!({
            "booking_number": stay.0, "kind": "actual", "effective_at": format!("{}T20:00:00Z", on(stay.1) + Duration::days(RELEASED)),
            "release_basis": "own_recognizance", "subject": subject, "note": "Fictional.",
        }))?;
        let mut tx = self.jail(place).await?;
        record(&mut tx, &self.app, &request).await?;
        tx.commit().await?;
        self.catch_up_here().await
    }

    /// The evening of so many days after a date.
    async fn on_day(&self, day: &str, after: i64) -> Result<(), Problem> {
        let evening = (on(day) + Duration::days(after))
            .and_hms_opt(21, 0, 0)
            .unwrap_or_default();
        self.at(evening.and_utc());
        self.catch_up_here().await
    }

    async fn catch_up_here(&self) -> Result<(), Problem> {
        self.catch_up().await.map_err(Problem::internal)
    }
}

fn on(day: &str) -> NaiveDate {
    day.parse().unwrap_or_default()
}
