//! What a page says once after an act. The cookie carries a code, never a text.

const TEXTS: &[(&str, &str)] = &[
    (
        "lodged",
        "The request is lodged. The custodian sees it now.",
    ),
    (
        "cancelled",
        "The request is cancelled. The custodian sees it now.",
    ),
    ("acknowledged", "Acknowledged. The office sees it now."),
    ("served", "Service is recorded."),
    (
        "told",
        "The decision is recorded, and the office has been told of the release.",
    ),
    ("decided", "The decision is recorded. Nothing was told."),
    (
        "noticed",
        "The release notice is recorded. What follows for each request is below.",
    ),
    (
        "noticed-none",
        "The release notice is recorded. No pending request is about this person.",
    ),
    (
        "read",
        "Acknowledged. The custodian sees that this office has read it.",
    ),
    ("stated", "The outcome is recorded."),
    (
        "recorded",
        "The paper is recorded. The office does not know of it until it is acknowledged.",
    ),
    (
        "recorded-cancelled",
        "The paper took back an earlier request, which is cancelled here now.",
    ),
    (
        "relayed",
        "The request is passed on. The next agency finds it in its list.",
    ),
    (
        "cancelled-many",
        "The requests that could be are cancelled. The custodians see it now.",
    ),
    (
        "account",
        "The account is changed, and its sessions with it.",
    ),
    (
        "restricted",
        "The restriction is in force. Oversight, exports and public counts no longer show this record.",
    ),
    (
        "restriction-lifted",
        "The restriction is lifted. Oversight, exports and public counts show this record again.",
    ),
    (
        "match-same",
        "Recorded as the same person. The request hangs on the booking now.",
    ),
    (
        "match-other",
        "Recorded as another person. Nothing was linked.",
    ),
    ("linked", "The request is linked to the booking."),
    ("unlinked", "The request is taken off the booking."),
    (
        "hold-started",
        "The hold is recorded. Its deadlines and their working are below.",
    ),
    ("hold-ended", "The end of the hold is recorded."),
    (
        "handed-over",
        "The hand-over is stated. Both sides see it now.",
    ),
    (
        "facts-stated",
        "The facts are stated. What the law says now is below.",
    ),
    (
        "claimed",
        "The claim is recorded. Cooperation on this request is paused until it is resolved.",
    ),
    ("claim-resolved", "The claim is resolved."),
    ("duty-stated", "What was said of the duty is recorded."),
    ("attempted", "The attempt is recorded. Both sides see it."),
    (
        "standing-decided",
        "The standing decision is in force from now on.",
    ),
    (
        "position-adopted",
        "The position is adopted and in force from now on.",
    ),
    ("agency-registered", "The agency is registered."),
    ("agency-changed", "The change is recorded."),
    (
        "import-handed-in",
        "The file is here. Nothing of it has been taken in yet: look at its columns first.",
    ),
    ("import-shown", "This is how the file is read now."),
    (
        "import-mapping-saved",
        "The mapping is saved. The next file can be read with it.",
    ),
    ("import-started", "The file is being taken in."),
    ("import-confirmed", "The import goes on."),
    (
        "import-cancelled",
        "The import is cancelled. What had been taken in stays.",
    ),
    (
        "release-handed-in",
        "The release is being taken in. Its counts are below.",
    ),
    ("signed-out", "You are signed out."),
];

pub fn text(code: &str) -> Option<&'static str> {
    TEXTS
        .iter()
        .find(|(known, _)| *known == code)
        .map(|(_, text)| *text)
}
