//! The next steps of a request in a browser: holds, hand-over, calls, duties, facts, claims,
//! settings; with script and without, every page judged.

use chrono::Duration;
use sallyport::policy::load::Rules;
use sallyport::policy::{Disposition, Law};
use serde_json::json;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::Desk;
use crate::support::custody::{lodge, notifying, served};
use crate::support::*;

const REVIEWER: &str = "reviewer@alder.example";
const LIAISON: &str = "liaison@snd.example";

impl Desk {
    /// Judged with every part open that is folded away.
    async fn judge_unfolded(&self, name: &str) {
        if self.script {
            self.browser.unfold().await;
        }
        self.judge(name).await;
    }

    /// Served, with a booking whose local basis ended an hour ago.
    async fn releasable(&self) -> String {
        let mut body = booking("A012345678");
        let ended = self.app.app.clock.now() - Duration::hours(1);
        body["otherwise_releasable_at"] = json!(ended.to_rfc3339());
        let system = self.app.submitter(ALDER).await;
        let put = system.put("/v1/bookings/26-001234", body).await;
        put.expect(201);
        let (liaison, jailer) = (self.app.liaison(SND).await, self.app.reviewer(ALDER).await);
        let id = served(&liaison, &jailer).await;
        self.app.settle().await;
        id
    }

    async fn custody(&mut self) {
        let id = self.releasable().await;
        let record = format!("/detainers/{id}");
        let contacts = json!([{"label": "Duty desk", "phone": "+1 619 555 0100", "order": 1}]);
        sqlx::query("update registry.office set contacts = $1 where code = 'SND'")
            .bind(contacts)
            .execute(&mut self.app.owner().await)
            .await
            .unwrap();
        sqlx::query(
            "insert into custodian.duty (agency_id, id, detainer_id, duty, recipient, due_at, citation, created_at)
             select agency_id, '01900000-0000-7000-8000-000000000001', id, 'copy_and_intent', 'person', $2,
                    'Gov. Code 7283.1(b)', $2 from custodian.case_file where id = $1::uuid",
        )
        .bind(&id)
        .bind(self.app.app.clock.now() - Duration::hours(3))
        .execute(&mut self.app.owner().await)
        .await
        .unwrap();

        self.become_one(REVIEWER).await;
        self.open(&record).await;
        self.judge_unfolded("steps-detainer-served").await;
        self.browser.press("Start a hold").await;
        self.browser.sees("Before you do this").await;
        self.judge("steps-hold").await;
        self.browser
            .choose("authority.kind", "judicial_warrant")
            .await;
        self.browser.fill("authority.reference", "26-MJ-0042").await;
        self.browser.press("Start the hold").await;
        self.browser.sees("A hold runs").await;
        self.browser.sees("ends by itself").await;
        self.judge_unfolded("steps-detainer-hold").await;
        self.open(&format!("{record}/hold")).await;
        self.browser.sees("Not offered now.").await;
        self.judge("steps-hold-barred").await;
        self.open(&format!("{record}/hold/end")).await;
        self.judge("steps-hold-end").await;
        self.browser.press("End the hold").await;
        self.browser.sees("The end of the hold is recorded.").await;

        // The office is told of a decision, and called.
        let decision = json!({"act": "notify_release", "decision": "decline", "reason_code": "agency_policy",
                              "note": "x", "tell_office": true});
        let jailer = self.app.reviewer(ALDER).await;
        jailer
            .post(&format!("/v1{record}/determinations"), decision)
            .await
            .expect(201);
        self.app.settle().await;
        self.open("/").await;
        self.browser.sees("Call list").await;
        self.judge("steps-overview").await;
        self.browser.press("Call list").await;
        self.browser.sees("619 555 0100").await;
        self.browser.fill("to", "Duty desk").await;
        self.browser.choose("result", "reached").await;
        self.browser.press("Record the attempt").await;
        self.browser.sees("The attempt is recorded.").await;
        self.browser.press("Call list; record").await;
        self.browser.sees("Attempts so far").await;
        self.judge("steps-attempt").await;

        self.open("/duties").await;
        self.browser.sees("Overdue").await;
        self.judge("steps-duties").await;
        self.browser.press("Record as done").await;
        self.browser.sees("How it can be shown").await;
        self.judge("steps-duty").await;
        self.browser
            .fill("evidence", "Handed over in Spanish")
            .await;
        self.browser.press("Record").await;
        self.browser
            .sees("What was said of the duty is recorded.")
            .await;
        self.open("/duties").await;
        self.browser.sees("Nothing is owed to anybody now.").await;
        self.judge("steps-duties-none").await;

        self.become_one(LIAISON).await;
        self.open(&record).await;
        self.browser.press("State the hand-over").await;
        self.browser.sees("Before you do this").await;
        self.judge("steps-office-handover").await;
        self.browser
            .fill("place", "Alder County Jail, sally port")
            .await;
        self.browser.press("State the hand-over").await;
        self.browser.sees("Waits for the other side").await;
        self.become_one(REVIEWER).await;
        self.open(&record).await;
        self.browser.press("State the hand-over").await;
        self.browser.sees("The office SND states: taken").await;
        self.judge("steps-handover").await;
        self.browser.fill("officer", "C. Officer").await;
        self.browser.fill("place", "County court").await;
        self.browser.press("State the hand-over").await;
        self.browser.sees("Disputed").await;
        self.judge_unfolded("steps-detainer-handed-over").await;
        self.become_one(LIAISON).await;
        self.open(&record).await;
        self.browser.sees("County court").await;
        self.judge_unfolded("steps-office-handed-over").await;
    }

    /// A request that has a name and a birth date in common with a booking, and no number.
    async fn candidate(&mut self) {
        let mut request = detainer(SND, ALDER, "A000000001");
        request["issued_on"] = json!("2026-11-19");
        request["subject"]["a_number"] = json!(null);
        request["subject"]["booking_number"] = json!(null);
        let id = lodge(&self.app.liaison(SND).await, request).await;
        self.app.settle().await;
        self.become_one(REVIEWER).await;
        self.open(&format!("/detainers/{id}")).await;
        self.browser.sees("A booking here may be this person").await;
        self.open("/matches").await;
        self.judge("steps-matches").await;
        self.browser.press("Decide").await;
        self.browser.sees("Before you do this").await;
        self.judge("steps-match").await;
        self.browser.press("The same person").await;
        self.browser.press("Record the decision").await;
        self.browser.sees("Recorded as the same person.").await;
        self.open(&format!("/detainers/{id}/booking")).await;
        self.judge("steps-booking-off").await;
        self.browser.press("No booking that is known here").await;
        self.browser.press("Take it off the booking").await;
        self.browser
            .sees("The request is taken off the booking.")
            .await;
        self.open(&format!("/detainers/{id}/booking")).await;
        self.judge("steps-booking").await;
        self.open("/matches").await;
        self.browser
            .sees("No candidate waits for a decision.")
            .await;
        self.judge("steps-matches-none").await;
    }

    async fn law(&mut self) {
        let id = self.releasable().await;
        let record = format!("/detainers/{id}");
        self.become_one(REVIEWER).await;
        self.open(&record).await;
        self.browser.sees("Indeterminate").await;
        self.judge_unfolded("steps-detainer-working").await;
        self.browser.press("State facts").await;
        self.browser.sees("Unknown is a good answer").await;
        self.judge("steps-facts").await;
        self.browser.choose("interview_consent", "true").await;
        self.browser.fill("age", "old").await;
        self.browser.press("State these facts").await;
        self.browser.sees("What you typed is still here").await;
        self.judge("steps-facts-refused").await;
        self.browser.fill("age", "36").await;
        self.browser.press("State these facts").await;
        self.browser.sees("The facts are stated.").await;
        self.open(&format!("{record}/facts/convictions")).await;
        self.browser.press("These").await;
        self.browser.fill("0.statute", "burglary").await;
        self.browser.press("State this list").await;
        self.browser.sees("What you typed is still here").await;
        self.judge("steps-convictions-refused").await;
        self.browser.fill("0.statute", "PC 459").await;
        self.browser.fill("0.state", "CA").await;
        self.browser.choose("0.level", "felony").await;
        self.browser.press("State this list").await;
        self.browser.sees("The facts are stated.").await;
        self.open(&format!("{record}/facts/charges")).await;
        self.browser.sees("From the booking").await;
        self.judge("steps-charges").await;

        self.open(&record).await;
        self.browser.press("Record a claim of citizenship").await;
        self.browser.sees("Before you do this").await;
        self.judge("steps-claim").await;
        self.browser.choose("kind", "us_citizen").await;
        self.browser.press("Record the claim").await;
        self.browser.sees("Cooperation is paused").await;
        self.judge_unfolded("steps-detainer-claim").await;
        self.browser.press("Resolve it").await;
        self.browser.sees("Claims to be a U.S. citizen").await;
        self.judge("steps-claim-resolve").await;
        self.browser.choose("result", "not_confirmed").await;
        self.browser.fill("source", "Letter of the registry").await;
        self.browser.press("Resolve the claim").await;
        self.browser.sees("The claim is resolved.").await;

        self.open("/settings").await;
        self.judge("steps-settings").await;
        self.browser.press("Write the next version").await;
        self.browser.sees("Before you do this").await;
        self.judge("steps-standing").await;
        self.browser
            .press("The office is told at once where the law requires it")
            .await;
        self.browser.fill("signed_by", "Sheriff Example").await;
        self.browser.fill("reason", "The law requires it").await;
        self.browser.press("Put it in force").await;
        self.browser.sees("The standing decision is in force").await;
        self.open("/settings/adopted-positions/hold_past_release")
            .await;
        self.judge("steps-position").await;
        self.browser.fill("rule", "us-ca/values-act").await;
        self.browser.press("The act is prohibited").await;
        self.browser.fill("signed_by", "Sheriff Example").await;
        self.browser.fill("reason", "As counsel advised").await;
        self.browser.press("Adopt the position").await;
        self.browser.sees("The position is adopted").await;
        self.judge("steps-settings-versions").await;

        let lifted = json!({"reason": "Is a citizen", "lift_reason": "usc_or_presumptive_claim",
                            "cancelled_on": "2026-11-24"});
        self.app
            .liaison(SND)
            .await
            .post(&format!("/v1{record}/cancellation"), lifted)
            .await
            .expect(200);
        self.become_one(LIAISON).await;
        self.open(&record).await;
        self.browser.sees("Lifted: U.S. citizen").await;
        self.judge("steps-office-lifted").await;
    }
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn the_steps_of_custody_run_in_a_browser(options: PgPoolOptions, owner: PgConnectOptions) {
    let law = notifying(|_| Disposition::Permitted);
    let mut desk = Desk::start_under(options, owner, true, law).await;
    desk.custody().await;
    desk.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn the_steps_of_custody_run_without_script(options: PgPoolOptions, owner: PgConnectOptions) {
    let law = notifying(|_| Disposition::Permitted);
    let mut desk = Desk::start_under(options, owner, false, law).await;
    desk.custody().await;
    assert_eq!(desk.browser.complaints().await, Vec::<String>::new());
    desk.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn the_steps_of_the_law_run_in_a_browser(options: PgPoolOptions, owner: PgConnectOptions) {
    let law = Law::of(Rules::built_in().unwrap());
    let mut desk = Desk::start_under(options, owner, true, law).await;
    desk.law().await;
    desk.candidate().await;
    desk.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn the_steps_of_the_law_run_without_script(options: PgPoolOptions, owner: PgConnectOptions) {
    let law = Law::of(Rules::built_in().unwrap());
    let mut desk = Desk::start_under(options, owner, false, law).await;
    desk.law().await;
    desk.candidate().await;
    assert_eq!(desk.browser.complaints().await, Vec::<String>::new());
    desk.stop().await;
}
