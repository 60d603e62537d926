//! Names of persons: stored as written, searched folded.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The folded parts of a name, sorted and without repeats: case, accents, punctuation and the
/// order of parts make no difference to a search.
pub fn parts<'a>(names: impl IntoIterator<Item = Option<&'a str>>) -> Vec<String> {
    let mut parts: Vec<String> = names
        .into_iter()
        .flatten()
        .flat_map(|name| {
            name.nfkd()
                .filter(|c| !is_combining_mark(*c))
                .flat_map(char::to_lowercase)
                .map(|c| if c.is_alphanumeric() { c } else { ' ' })
                .collect::<String>()
                .split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .collect();
    parts.sort();
    parts.dedup();
    parts
}

/// `EXAMPLE, Ana`: family name first.
pub fn display(family: &str, given: Option<&str>, additional: Option<&str>) -> String {
    let rest: Vec<&str> = [given, additional].into_iter().flatten().collect();
    if rest.is_empty() {
        family.to_uppercase()
    } else {
        format!("{}, {}", family.to_uppercase(), rest.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_ignores_case_accents_and_order() {
        assert_eq!(
            parts([Some("Muñoz-Example"), Some("ANA")]),
            parts([Some("ana"), Some("example munoz")])
        );
    }
}
