//! What may differ between two worlds, replaced by its order of appearance; what may not is
//! looked into: an id must be random and made when something was told, a cursor must hold no more
//! than its place.

use std::collections::{HashMap, HashSet};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Ids that the tests themselves make up.
const OWN_ID: &str = "01935f00-0000-7000-8000-";

#[derive(Default)]
pub struct Names {
    known: HashMap<(&'static str, String), usize>,
    counts: HashMap<&'static str, usize>,
    /// In their order of appearance.
    ids: Vec<String>,
}

impl Names {
    pub fn name(&mut self, kind: &'static str, text: &str) -> String {
        if let Some(n) = self.known.get(&(kind, text.to_owned())) {
            return format!("<{kind} {n}>");
        }
        let next = self.counts.entry(kind).or_default();
        *next += 1;
        self.known.insert((kind, text.to_owned()), *next);
        if kind == "id" {
            self.ids.push(text.to_owned());
        }
        format!("<{kind} {next}>")
    }

    pub fn normalise(&mut self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(first) = rest.bytes().next() {
            // Most of a text is neither.
            if first.is_ascii_hexdigit() {
                if let Some(id) = rest.get(..36).filter(|head| is_uuid(head)) {
                    out += &self.name("id", id);
                    rest = &rest[36..];
                } else if let Some(instant) = recent(rest) {
                    out += &self.name("at", &same_instant(instant));
                    rest = &rest[instant.len()..];
                } else if let Some(after) = rest.strip_prefix("cursor=") {
                    out += "cursor=";
                    rest = self.cursor(after, &mut out);
                } else {
                    let length = rest
                        .find(|c: char| !c.is_ascii_hexdigit())
                        .unwrap_or(rest.len());
                    if length >= 32 {
                        out += &self.name("hash", &rest[..length]);
                    } else {
                        out += &rest[..length];
                    }
                    rest = &rest[length..];
                }
            } else if first == b'"'
                && let Some(after) = rest.strip_prefix("\"next\":\"")
            {
                out += "\"next\":\"";
                rest = self.cursor(after, &mut out);
            } else if first == b'"'
                && let Some(after) = rest.strip_prefix("\"lead_minutes\":")
            {
                // Counted in whole minutes from `sent_at`, which has been named.
                let length = after.find([',', '}']).unwrap_or(after.len());
                out += match &after[..length] {
                    "null" => "no lead",
                    _ => "a lead",
                };
                rest = &after[length..];
            } else {
                // On to the next place where something may begin.
                let skip = rest
                    .bytes()
                    .skip(1)
                    .position(|b| b.is_ascii_hexdigit() || b == b'"')
                    .map_or(rest.len(), |at| at + 1);
                out += &rest[..skip];
                rest = &rest[skip..];
            }
        }
        out
    }

    /// A cursor by what it holds: its signature goes with that and the key.
    fn cursor<'a>(&mut self, after: &'a str, out: &mut String) -> &'a str {
        let length = after.find(|c: char| !is_base64(c)).unwrap_or(after.len());
        let (cursor, rest) = after.split_at(length);
        let place = URL_SAFE_NO_PAD
            .decode(cursor)
            .ok()
            .and_then(|bytes| String::from_utf8(bytes.get(16..)?.to_vec()).ok());
        match place {
            Some(place) => {
                *out += "cursor ";
                *out += &self.normalise(&place);
            }
            None => *out += &self.name("cursor", cursor),
        }
        rest
    }

    /// Do the ids say anything but that they are there? Each has random bits of its own, and none
    /// was made in one of these spans of milliseconds, in which the jail worked unseen.
    pub fn ids_say_nothing(&self, unseen: &[(i64, i64)]) -> Result<(), String> {
        let mut random = HashSet::new();
        for id in self.ids.iter().filter(|id| !id.starts_with(OWN_ID)) {
            // Thirty-two of the last bits: two alike do not happen by chance.
            if !random.insert(&id[24..32]) {
                return Err(format!("the id {id} shares its random bits with another"));
            }
            if id.as_bytes()[14] != b'7' {
                continue;
            }
            let hex = [&id[..8], &id[9..13]].concat();
            let made = i64::from_str_radix(&hex, 16).unwrap_or_default();
            if unseen.iter().any(|(from, to)| *from < made && made < *to) {
                return Err(format!("the id {id} was made while the jail worked unseen"));
            }
        }
        Ok(())
    }
}

/// One text for one instant: a body drops the zeros at the end of a fraction, a cursor keeps them.
fn same_instant(text: &str) -> String {
    let Some((seconds, fraction)) = text.split_once('.') else {
        return text.to_owned();
    };
    let length = fraction
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(fraction.len());
    let (digits, zone) = fraction.split_at(length);
    match digits.trim_end_matches('0') {
        "" => format!("{seconds}{zone}"),
        digits => format!("{seconds}.{digits}{zone}"),
    }
}

fn is_base64(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-' || c == '_'
}

fn is_uuid(text: &str) -> bool {
    text.bytes().enumerate().all(|(at, b)| match at {
        8 | 13 | 18 | 23 => b == b'-',
        _ => b.is_ascii_hexdigit(),
    })
}

/// An instant of this run; those that a caller wrote lie elsewhere and are compared as they are.
fn recent(text: &str) -> Option<&str> {
    let bytes = text.as_bytes();
    if bytes.len() < 20 || bytes[4] != b'-' || bytes[10] != b'T' {
        return None;
    }
    let length = text.find(|c: char| !(c.is_ascii_digit() || "-:.TZ+".contains(c)))?;
    let at = chrono::DateTime::parse_from_rfc3339(&text[..length]).ok()?;
    let now = sallyport::types::Clock::default().now();
    ((now - at.to_utc()).num_minutes().abs() < 60).then(|| &text[..length])
}

#[test]
fn names_keep_what_may_not_differ() {
    let mut names = Names::default();
    let id = "01a211e6-e737-714f-8d8a-93e9e4d287e2";
    let text = format!("a {id} in deadbeef \"next\":null, again {id}");
    assert_eq!(
        names.normalise(&text),
        "a <id 1> in deadbeef \"next\":null, again <id 1>"
    );
    assert_eq!(
        same_instant("2026-11-25T10:00:00.120000Z"),
        same_instant("2026-11-25T10:00:00.12Z")
    );
    assert_eq!(
        same_instant("2026-11-25T10:00:10.000000Z"),
        "2026-11-25T10:00:10Z"
    );
    let cursor = |body: &str| {
        let bytes = [&[7u8; 16][..], body.as_bytes()].concat();
        format!("?cursor={}&limit=2", URL_SAFE_NO_PAD.encode(bytes))
    };
    let plain = cursor(&format!(r#"{{"after":"2026-11-20","id":"{id}"}}"#));
    assert_eq!(
        names.normalise(&plain),
        r#"?cursor=cursor {"after":"2026-11-20","id":"<id 1>"}&limit=2"#
    );
    assert!(names.ids_say_nothing(&[]).is_ok());
    assert!(names.ids_say_nothing(&[(0, i64::MAX)]).is_err());
}
