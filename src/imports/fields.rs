//! What a file of a jail can say: the fields of the API's own bodies, and the spellings of their
//! headings that files are known to use.

use crate::types::actor::words;

words! {
    /// What the rows of a file are.
    Kind {
        Bookings = "bookings", ReleaseNotices = "release_notices", Detainers = "detainers",
        HistoricalDetainers = "historical_detainers",
    }
}

/// How the cell of a field is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reads {
    Text,
    Day,
    Instant,
    Truth,
    /// Values with semicolons between them.
    List,
}

/// A field by its path in the body of the API.
#[derive(Debug, Clone, Copy)]
pub struct FieldKind {
    pub path: &'static str,
    pub reads: Reads,
    pub required: bool,
    /// Spellings of headings, besides the path itself.
    pub spellings: &'static [&'static str],
}

const fn field(path: &'static str, reads: Reads, spellings: &'static [&'static str]) -> FieldKind {
    FieldKind {
        path,
        reads,
        required: false,
        spellings,
    }
}

const fn required(
    path: &'static str,
    reads: Reads,
    spellings: &'static [&'static str],
) -> FieldKind {
    FieldKind {
        path,
        reads,
        required: true,
        spellings,
    }
}

use Reads::{Day, Instant, List, Text, Truth};

const NUMBER: FieldKind = required(
    "booking_number",
    Text,
    &[
        "booking no",
        "booking num",
        "booking id",
        "booking #",
        "book number",
        "bkg no",
        "bkg number",
        "jail id",
        "booknum",
        "inmate booking number",
    ],
);
const AGENCY: FieldKind = field("agency", Text, &["ori", "agency ori"]);

macro_rules! subject {
    () => {
        [
            required(
                "subject.family_name",
                Text,
                &[
                    "last name",
                    "lname",
                    "surname",
                    "family name",
                    "last",
                    "inmate last name",
                    "name last",
                ],
            ),
            field(
                "subject.given_name",
                Text,
                &[
                    "first name",
                    "fname",
                    "given name",
                    "first",
                    "inmate first name",
                    "name first",
                ],
            ),
            field(
                "subject.additional_names",
                Text,
                &[
                    "middle name",
                    "mname",
                    "middle",
                    "additional names",
                    "name middle",
                ],
            ),
            field(
                "subject.date_of_birth",
                Day,
                &["dob", "date of birth", "birth date", "birthdate"],
            ),
            field("subject.sex", Text, &["sex", "gender", "gender desc"]),
            field("subject.citizenship", Text, &["citizenship", "citizen of"]),
            field(
                "subject.a_number",
                Text,
                &[
                    "a number",
                    "alien number",
                    "a#",
                    "anumber",
                    "alien registration number",
                ],
            ),
            field(
                "subject.fbi_number",
                Text,
                &["fbi number", "fbi no", "fbi#", "ucn"],
            ),
            field(
                "subject.state_id",
                Text,
                &["sid", "state id", "state identification number", "cii"],
            ),
        ]
    };
}

const BOOKINGS: &[&[FieldKind]] = &[
    &[
        NUMBER,
        AGENCY,
        required(
            "booked_at",
            Instant,
            &[
                "booking date",
                "booking dt",
                "booking datetime",
                "book date",
                "intake date",
                "date booked",
                "booked",
                "booked on",
                "commitment date",
            ],
        ),
        field(
            "otherwise_releasable_at",
            Instant,
            &["otherwise releasable at", "releasable at"],
        ),
        field("custody_basis", Text, &["custody basis"]),
    ],
    &subject!(),
    &[
        field(
            "charges.statute",
            Text,
            &["statute", "charge statute", "charge code", "offense code"],
        ),
        field("charges.state", Text, &["statute state", "charge state"]),
        field(
            "charges.description",
            Text,
            &[
                "charge",
                "charge description",
                "offense",
                "offense description",
                "booking charge desc",
            ],
        ),
        field(
            "charges.level",
            Text,
            &["charge level", "severity", "class", "charge class"],
        ),
        field("charges.charged_on", Day, &["charge date", "offense date"]),
        field(
            "charges.disposition",
            Text,
            &["disposition", "charge disposition"],
        ),
        field("charges.disposition_on", Day, &["disposition date"]),
        field(
            "release.effective_at",
            Instant,
            &[
                "release date",
                "release dt",
                "release datetime",
                "date released",
                "discharge date",
            ],
        ),
        field(
            "release.release_basis",
            Text,
            &["release reason", "release type", "release disposition"],
        ),
    ],
];

const NOTICES: &[&[FieldKind]] = &[
    &[
        NUMBER,
        AGENCY,
        required("kind", Text, &["notice kind", "notice type", "event type"]),
        required(
            "effective_at",
            Instant,
            &[
                "release date",
                "release datetime",
                "scheduled release",
                "projected release date",
                "effective date",
            ],
        ),
        field("release_basis", Text, &["release reason", "release type"]),
    ],
    &subject!(),
    &[
        field("release_information_public.url", Text, &["public url"]),
        field(
            "release_information_public.captured_at",
            Instant,
            &["captured at"],
        ),
        field("supersedes", Text, &[]),
        field(
            "source_message_id",
            Text,
            &["message id", "source id", "transaction id"],
        ),
        field("feed", Text, &[]),
        field("note", Text, &["notes", "comment", "remarks"]),
    ],
];

const DETAINERS: &[&[FieldKind]] = &[
    &[
        required(
            "form",
            Text,
            &["form type", "detainer type", "detainer form"],
        ),
        field("form_revision", Text, &["revision"]),
        required(
            "issued_on",
            Day,
            &["issue date", "date issued", "detainer date", "prepare date"],
        ),
        required(
            "office",
            Text,
            &["dhs office", "office code", "field office"],
        ),
        field("issuing_office", Text, &["issuing office"]),
        field("custodian", Text, &["ori", "agency ori"]),
        field(
            "subject.booking_number",
            Text,
            &["booking number", "booking no", "booking id"],
        ),
        field(
            "asks.notify",
            Truth,
            &["notify release", "notify", "notify release request yes no"],
        ),
        field(
            "asks.hold",
            Truth,
            &["maintain custody", "hold", "hold requested"],
        ),
        field("asks.transfer", Truth, &["transfer", "resume custody"]),
        field("asks.interview", Truth, &["interview"]),
        field("asks.relay", Truth, &["relay"]),
        field("asks.status_events", Truth, &["status events"]),
        field(
            "basis.final_order",
            Truth,
            &["final order", "final order yes no"],
        ),
        field(
            "basis.pending_proceedings",
            Truth,
            &["pending removal", "pending removal proceedings"],
        ),
        field(
            "basis.biometric_records",
            Truth,
            &["biometric", "biometric match yes no"],
        ),
        field(
            "basis.statements_or_evidence",
            Truth,
            &["statements", "statements made yes no"],
        ),
        field("basis.resume_custody", Truth, &["resume custody yes no"]),
        field(
            "warrants",
            List,
            &["warrant", "warrant kind", "warrant kinds"],
        ),
        field("cancels_issued_on", Day, &[]),
        field("victim_or_witness", Truth, &["victim or witness"]),
        field(
            "received_at",
            Instant,
            &["received", "received date", "date received"],
        ),
        field("channel", Text, &["how received", "received by"]),
        field("source_id", Text, &["source id"]),
    ],
    &subject!(),
];

/// The fields of a kind, in the order in which a form shows them.
pub fn of(kind: Kind) -> impl Iterator<Item = &'static FieldKind> + Clone {
    let groups = match kind {
        Kind::Bookings => BOOKINGS,
        Kind::ReleaseNotices => NOTICES,
        Kind::Detainers => DETAINERS,
        Kind::HistoricalDetainers => &[],
    };
    groups.iter().flat_map(|group| group.iter())
}
