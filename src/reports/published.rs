//! Real published counts by county (config/demo/README.md names the source): what the
//! demonstration's fictional people stand over. Counts only; no row of a person.

use crate::db::StoreError;

const COUNTS: &str = include_str!("../../config/demo/published-counts.csv");

/// Requests prepared from 1 October 2014 to 19 July 2015 in one place.
#[derive(Debug, Clone, serde::Deserialize)]
pub struct PublishedCount {
    /// FIPS; absent where no rule could name the county.
    pub county: Option<String>,
    pub state: Option<String>,
    pub detainers: u32,
    /// Recorded by the office as declined: whether anybody was held is not known.
    pub declined: u32,
    pub booked: u32,
    /// No lift reason filled in: neither open nor honoured.
    pub unknown: u32,
}

/// Every place of the published set, the largest first.
pub fn by_county() -> Result<Vec<PublishedCount>, StoreError> {
    let mut reader = csv::ReaderBuilder::new()
        .comment(Some(b'#'))
        .from_reader(COUNTS.as_bytes());
    let mut counts = reader
        .deserialize()
        .collect::<Result<Vec<PublishedCount>, _>>()
        .map_err(|error| StoreError::Unreadable(format!("published counts: {error}")))?;
    counts.sort_by_key(|count| std::cmp::Reverse(count.detainers));
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_counts_add_up_to_the_release() {
        let counts = by_county().unwrap();
        assert_eq!(
            counts.iter().map(|count| count.detainers).sum::<u32>(),
            79_053
        );
        assert_eq!(
            counts.iter().map(|count| count.declined).sum::<u32>(),
            5_501
        );
        let san_diego = counts
            .iter()
            .find(|count| count.county.as_deref() == Some("06073"))
            .unwrap();
        assert_eq!(san_diego.detainers, 1_203);
    }
}
